"""The epoch in the sandbox: a worker that lost its session can do nothing more, however late it wakes.

The epoch is the *name* of a folder. Each session has exactly one folder `epoch.<n>` (its *gate*),
everything that has an effect goes through a path that contains it, and a takeover is one atomic rename to
the higher number. A stale worker finds its path gone, whatever it had already checked, and since no lock is
held, a frozen worker blocks nobody.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from pathlib import Path

from sandbox.errors import SandboxUnreachable, StaleEpoch

_PREFIX = "epoch."


def session_folder(root: Path, session: str) -> Path:
    """Where everything of the session lives; its name is safe whatever the session is called."""
    return root / "sessions" / session_key(session)


def session_key(session: str) -> str:
    """A name of 32 hexadecimal digits, safe wherever names are limited."""
    return hashlib.sha256(session.encode()).hexdigest()[:32]


def establish(folder: Path, epoch: int) -> Path:
    """The gate of the session for `epoch`, made when the session is new here. Raises `StaleEpoch`."""
    if not folder.exists():
        draft = folder.with_name(f"draft.{secrets.token_hex(8)}")
        (draft / f"{_PREFIX}{epoch}").mkdir(parents=True, mode=0o700)
        # Passed through by commands whose machine has no other root for them; never listed.
        (draft / "files").mkdir(mode=0o711)
        try:
            draft.rename(folder)
        except OSError:
            # Somebody else made it first: a rename onto a folder that is not empty fails.
            for part in (draft / f"{_PREFIX}{epoch}", draft / "files", draft):
                part.rmdir()
            if not folder.exists():
                raise
    return enter(folder, epoch)


def enter(folder: Path, epoch: int) -> Path:
    """The gate of the session, raised to `epoch`.

    Raises `StaleEpoch`, or FileNotFoundError when the session is not known here.
    """
    while True:
        current = held(folder)
        if current > epoch:
            raise StaleEpoch(f"epoch {epoch} is over: a worker with epoch {current} holds the session")
        gate = folder / f"{_PREFIX}{epoch}"
        if current == epoch:
            return gate
        try:
            (folder / f"{_PREFIX}{current}").rename(gate)
        except FileNotFoundError:
            continue  # another worker moved it at this moment; look again


def held(folder: Path) -> int:
    """The highest epoch seen by the session."""
    for _ in range(100):
        epochs = [int(path.name.removeprefix(_PREFIX)) for path in folder.glob(f"{_PREFIX}*")]
        if epochs:
            return max(epochs)
        # A listing taken during a rename may show neither name.
        time.sleep(0.001)
    raise SandboxUnreachable(f"{folder} has no epoch: it was damaged; remove it to start the session afresh")
