"""No isolation at all, for hosts where none can be had and somebody decided that this is all right.

Commands run as the user who runs the bot: they can read what it can read, reach what it can reach, and forge
the results of calls. Never chosen unless named in the settings. Limits, joining, killing and the fence work
as with isolation.
"""

from __future__ import annotations

from sandbox.enclosure import Launch, Place
from sandbox.port import Limits

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Unisolated:
    """Runs commands as they are, in a folder of their own and with an environment of their own."""

    name = "unisolated"
    isolated = False
    own_users = False

    def describe(self) -> str:
        return "NOT isolated: commands run as the bot's own user with its files and its network"

    def launch(self, place: Place, command: str, limits: Limits) -> Launch:  # noqa: ARG002
        """Bash in the workspace folder."""
        return Launch(
            program="/bin/bash",
            argv=("bash", "-c", command),
            environment={
                "HOME": str(place.home),
                "PATH": _PATH,
                "LANG": "C.UTF-8",
                "TERM": "dumb",
                "PAGER": "cat",
                "GIT_TERMINAL_PROMPT": "0",
            },
            directory=str(place.workspace),
            limit_user=True,
            watched=(str(place.workspace), str(place.home)),
        )
