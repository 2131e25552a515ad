"""Commands inside a session's own machine: the machine isolates, this gives them a user and a place."""

from __future__ import annotations

import os
from pathlib import Path

from sandbox.enclosure import Launch, Place
from sandbox.port import Limits


class Contained:
    """Runs commands as an unprivileged user of the machine, who sees the workspace as `/workspace`."""

    name = "contained"
    isolated = True
    own_users = True

    def describe(self) -> str:
        return "inside a machine of its own"

    def launch(self, place: Place, command: str, limits: Limits) -> Launch:  # noqa: ARG002
        """Bash in the workspace folder, with the environment that the image was made with."""
        workspace = _linked("/workspace", str(place.workspace))
        environment = dict(os.environ) | {
            "HOME": str(place.home),
            "PWD": workspace,
            "USER": "oxbow",
            "LANG": "C.UTF-8",
            "TMPDIR": "/tmp",  # noqa: S108 - the machine's own
            "TERM": "dumb",
            "PAGER": "cat",
            "GIT_TERMINAL_PROMPT": "0",
        }
        return Launch(
            program="/bin/bash",
            argv=("bash", "-c", command),
            environment=environment,
            directory=workspace,
            uid=place.uid,
            watched=(str(place.workspace), str(place.home)),
        )


def _linked(name: str, target: str) -> str:
    """The name under which `target` is seen: a link, unless the image has something else there."""
    link = Path(name)
    if link.is_symlink() and str(link.readlink()) == target:
        return name
    if link.exists() and not link.is_symlink():
        return target
    link.unlink(missing_ok=True)
    link.symlink_to(target)
    return name
