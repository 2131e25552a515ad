"""Running git: the one place, with everything switched off that could run code or leak a secret.

GitFailed           git ended with an error; the message is git's own
└── GitUnreachable  the other side does not answer
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

SECONDS = 300.0
"""Limit of one git command: a large first clone takes minutes, a stuck one must not hold its caller."""

_SETTINGS = (
    "core.hooksPath=/dev/null",  # a repository must not bring code that runs here
    "core.fsmonitor=false",  # the same, by another door
    "credential.helper=",  # never a stored credential
    "protocol.allow=never",  # ext::, ssh and the rest; the two below are the exceptions
    "protocol.file.allow=always",
    "protocol.https.allow=always",
    "init.defaultBranch=main",
    "gc.auto=0",  # a mirror keeps what sessions were made from, whatever its origin forgets
    "core.bigFileThreshold=1m",  # larger files pass through in pieces instead of being held in memory
)

_LIMITS = 'ulimit -v 2097152; ulimit -f 1048576; ulimit -t 60; exec "$@"'
"""For what comes out of a sandbox: 2 GiB of memory, files of 1 GiB (in blocks of 1 KiB), a minute of CPU. A
small bundle can be made to unpack into far more."""

_MODEST = ("core.packedGitLimit=512m", "core.packedGitWindowSize=32m", "pack.threads=1")
"""So that a large mirror can be read within those limits."""


class GitFailed(Exception):
    """A git command ended with an error; the text is what git said."""


class GitUnreachable(GitFailed):
    """The other side does not answer."""


_AWAY = re.compile(
    r"unable to access (?!.*returned error: 4\d\d)|Could not read from remote repository|early EOF|RPC failed"
)
"""What git says of a host or a disk that is away. A host that refuses answers with a status from 400 on."""


def git(*args: str, cwd: Path) -> str:
    """Run `git args` in `cwd` and give its standard output.

    Neither the user's nor the system's configuration, no hook, no credential and no prompt take part; remotes
    are files or https. Raises `GitFailed` with git's words, and when the command takes longer than `SECONDS`.
    """
    return run_git(args, cwd=cwd, environment={})


def run_git(
    args: tuple[str, ...],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    content: bytes = b"",
    limited: bool = False,
) -> str:
    """As `git`, with more variables in the environment, such as the dates of a commit, and `content` to read.

    `limited` bounds memory, time and files: for what a sandbox gave.
    """
    chosen = (*_SETTINGS, *_MODEST) if limited else _SETTINGS
    settings = [part for setting in chosen for part in ("-c", setting)]
    within = ["bash", "-c", _LIMITS, "limited"] if limited else []
    command = [*within, "git", *settings, *args]
    try:
        done = subprocess.run(  # noqa: S603 - an argument list, no shell
            command,
            cwd=cwd,
            env={**_environment(), **environment},
            input=content,
            capture_output=True,
            check=False,
            timeout=SECONDS,
        )
    except FileNotFoundError as error:
        raise GitFailed(f"git {args[0]} cannot run in {cwd}: git or that folder is missing.") from error
    except subprocess.TimeoutExpired as error:
        raise GitUnreachable(f"git {args[0]} in {cwd} took longer than {SECONDS:.0f} seconds.") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        failed = GitUnreachable if _AWAY.search(said) else GitFailed
        raise failed(f"git {args[0]} in {cwd} failed: {said or f'exit code {done.returncode}'}")
    return done.stdout.decode(errors="replace")


def _environment() -> dict[str, str]:
    """Only what git needs to be found; HOME is nowhere, so that no user configuration is read."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(Path(__file__).with_name("gitconfig")),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "/bin/false",
        "GIT_NO_REPLACE_OBJECTS": "1",
    }
