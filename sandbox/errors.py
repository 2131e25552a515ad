"""What the hands may raise.

SandboxError
├── SandboxUnavailable      no workspace can be had on this host, and why
├── SandboxLost             the workspace is gone with all that was in it
├── SandboxUnreachable      the backend does not answer; the workspace may well be there: wait, never replace
├── StaleEpoch              a later worker holds the session; nothing was done
├── CallConflict            the same call id was asked with another request
├── SnapshotFailed          no snapshot could be taken or put back, and why
└── FileProblem             a file operation that the caller can correct, and how
"""


class SandboxError(Exception):
    """The sandbox could not do what was asked."""


class SandboxUnavailable(SandboxError):
    """No workspace can be had on this host."""


class SandboxLost(SandboxError):
    """The workspace is gone with all that was in it."""


class SandboxUnreachable(SandboxError):
    """The backend does not answer; the workspace may well be there."""


class StaleEpoch(SandboxError):
    """A later worker holds the session; nothing was done."""


class CallConflict(SandboxError):
    """The same call id was asked with another request."""


class SnapshotFailed(SandboxError):
    """No snapshot could be taken or put back."""


class FileProblem(SandboxError):
    """The file operation cannot be done as asked."""
