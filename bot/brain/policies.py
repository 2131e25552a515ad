"""The policy of each channel: what the operator demands everywhere, tightened by the channel itself."""

from __future__ import annotations

import logging

from bot.brain.policy import GOVERNED, PolicyProblem, ToolPolicy, read_rules
from memory.channel_settings import ChannelSettings
from memory.sessions import ThreadAddress

TOOLS, APPROVERS = "tools", "approvers"
"""Names of the channel's settings: rules as `bot.brain.policy` writes them, and users between blanks."""


logger = logging.getLogger(__name__)


class Policies:
    """Looks the policy up where it is needed; a change holds from the next step of every session on."""

    def __init__(self, floor: ToolPolicy, settings: ChannelSettings) -> None:
        self.floor = floor
        self._settings = settings

    def of(self, address: ThreadAddress) -> ToolPolicy:
        """What holds in the thread's channel now. May raise `DatabaseLost`."""
        return self.floor.tightened(self.set_in(address.team, address.channel))

    def set_in(self, team: str, channel: str) -> ToolPolicy:
        """What the channel itself has set."""
        found = self._settings.of(team, channel)
        rules = found[TOOLS].value if TOOLS in found else ""
        approvers = found[APPROVERS].value if APPROVERS in found else ""
        try:
            return ToolPolicy(rules=read_rules(rules), approvers=tuple(approvers.split()))
        except PolicyProblem as problem:
            # A newer program may know more rules: what cannot be read is no permission.
            logger.warning(
                "the policy of channel %s cannot be read, everything is asked: %s", channel, problem
            )
            return ToolPolicy(rules=dict.fromkeys(GOVERNED, "ask"), approvers=tuple(approvers.split()))
