"""An App Home can always be published."""

from __future__ import annotations

from bot.slack.answering.home import CHANNELS, LISTED, SCHEDULES
from bot.slack.showing.home_view import Listed, Shown, home_view
from bot.workspace.limits import checked_blocks


def test_a_home_of_somebody_busy_is_within_slacks_limits() -> None:
    listed = Listed(channel="C0GENERAL1", problem="p" * 80, state="s" * 300, permalink="https://a.example/p1")
    shown = Shown(
        personal="z" * 9_000,
        sessions=[listed] * LISTED,
        decisions=[listed] * LISTED,
        settings=[("C0GENERAL1", "x" * 9_000)] * CHANNELS,
        schedules=[("C0GENERAL1", "y" * 2_000)] * SCHEDULES,
    )
    assert len(checked_blocks(home_view(shown)["blocks"], view=True)) <= 12
