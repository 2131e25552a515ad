"""What holds in each channel: what the operator demands everywhere, tightened by the channel, and wishes."""

from __future__ import annotations

import logging
from decimal import Decimal

from bot.brain.policy import GOVERNED, PolicyProblem, ToolPolicy, read_rules
from bot.brain.preferences import Preferences, preferences, with_own
from bot.model.prices import cost_together, thresholds
from memory.log.events import LimitReached
from memory.log.session import Session
from memory.log.sessions import ThreadAddress
from memory.statistics.spending import Spending
from memory.workspaces.channel_settings import ChannelSettings
from memory.workspaces.personal_settings import PersonalSettings

TOOLS, APPROVERS = "tools", "approvers"
"""Names of the channel's settings: rules as `bot.brain.policy` writes them, and users between blanks."""


logger = logging.getLogger(__name__)


class Policies:
    """Looks up what holds where it is needed; a change holds from the next step of every session on."""

    def __init__(
        self,
        floor: ToolPolicy,
        settings: ChannelSettings,
        personal: PersonalSettings,
        spending: Spending,
    ) -> None:
        self.floor = floor
        self._settings = settings
        self._personal = personal
        self._spending = spending

    def of(self, address: ThreadAddress) -> ToolPolicy:
        """What holds in the thread's channel now. May raise `DatabaseLost`."""
        return self.floor.tightened(self.set_in(address.team, address.channel))

    def preferences(self, address: ThreadAddress) -> Preferences:
        """What the thread's channel prefers now. May raise `DatabaseLost`."""
        found = self._settings.of(address.team, address.channel)
        return preferences({name: setting.value for name, setting in found.items()})

    def wishes(self, address: ThreadAddress, session: Session) -> Preferences:
        """What holds now for the person who began the thread. May raise `DatabaseLost`."""
        person = session.messages[0].author
        return with_own(self.preferences(address), self._personal.of(address.team, person))

    def spent_out(self, address: ThreadAddress) -> LimitReached | None:
        """The channel's limit of this month, when it is reached. May raise `DatabaseLost`."""
        most = self.preferences(address).spend
        if most is None:
            return None
        spent = self.spent(address.team, address.channel)
        return LimitReached(limit="month", detail=f"${spent:.2f} of ${most:.2f}") if spent >= most else None

    def spent(self, team: str, channel: str) -> Decimal:
        """Dollars that the channel cost this month, where the prices of its models are known."""
        used = self._spending.of_month(team, channel, thresholds=thresholds())
        costs = (cost_together(it.usage, it.model, prompt_above=it.prompt_above) for it in used)
        return sum((cost for cost in costs if cost is not None), Decimal())

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
