"""`/oxbow stats`: this month's figures of a channel and of the whole workspace."""

from __future__ import annotations

from threading import Lock

from bot.model.prices import thresholds
from bot.operator.stats import short
from bot.slack.showing.rendered import Rendered, escape, plain
from memory.database import Engine
from memory.errors import DatabaseLost
from memory.statistics.statistics import Window, month_of, now, statistics

NOT_COUNTED = "This could not be counted in time; `oxbow stats` in the terminal takes longer."


class StatsCommand:
    """Counts, on connections that nobody at work waits for."""

    def __init__(self, *, team: str, background: Engine) -> None:
        self._team = team
        self._background = background
        self._counting = Lock()
        """One at a time: these connections are few, and indexing needs them too."""

    def answer(self, channel: str, *, everywhere: bool) -> Rendered:
        """The current month in the channel, and in the whole workspace if `everywhere`."""
        try:
            since, until = month_of(now(self._background))
        except DatabaseLost:
            return plain(NOT_COUNTED)
        here = Window(since=since, until=until, team=self._team, channel=channel)
        told = f"*{since:%B %Y} so far, in this channel*\n{self._figures(here)}"
        if everywhere:
            whole = Window(since=since, until=until, team=self._team)
            told += f"\n*In the whole workspace*\n{self._figures(whole)}"
        return plain(told)

    def _figures(self, window: Window) -> str:
        try:
            with self._counting:
                found = statistics(self._background, window, thresholds=thresholds())
        except DatabaseLost:
            return NOT_COUNTED
        return "\n".join(f"• {label}: {escape(words)}" for label, words in short(found))
