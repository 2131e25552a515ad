"""What the forge may raise.

ForgeError
├── RepositoryUnavailable   a repository cannot be read now; the text names it and says why
│   └── RepositoryUnreachable  its host or disk does not answer: try again later
├── ForgeUnavailable        the forge does not answer or asks for patience: try again later
├── ForgeRefused            the forge understood and said no: trying again changes nothing
├── BranchMoved             the branch is not where it was expected; nothing was pushed
└── ChangeRefused           what came out of a workspace is not published, and why
"""


class ForgeError(Exception):
    """The forge could not do what was asked."""


class RepositoryUnavailable(ForgeError):
    """A repository cannot be read now."""


class RepositoryUnreachable(RepositoryUnavailable):
    """The repository's host or disk does not answer."""


class ForgeUnavailable(ForgeError):
    """The forge does not answer or asks for patience: for `delay` seconds, where it says how long."""

    def __init__(self, message: str, *, delay: float | None = None) -> None:
        super().__init__(message)
        self.delay = delay


class ForgeRefused(ForgeError):
    """The forge said no."""


class BranchMoved(ForgeError):
    """The branch is not where it was expected."""


class ChangeRefused(ForgeError):
    """The change is not published."""
