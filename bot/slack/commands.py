"""`/oxbow`: the words after it, the gate in front of it, and answers for the caller alone."""

from __future__ import annotations

from dataclasses import dataclass

from bot.brain.remembering import Remembering
from bot.slack.gate import Gate
from bot.slack.listener import refusal
from bot.slack.rendered import Rendered, plain
from bot.slack.search_results import search_results
from bot.slack.settings_command import SettingsCommand, Told
from bot.slack.stats_command import StatsCommand
from bot.slack.text import plain_text
from memory.errors import EmbedderUnavailable
from memory.log import SessionLog, SessionRow
from memory.secrets import SecretMask

RESULTS = 5
"""Threads in one answer: what is read without scrolling."""

COMMAND_AGE = 5.0
"""Seconds for which a channel's verdict is good enough to answer a command."""

HELP = (
    "*Oxbow* works on engineering problems in public threads and remembers what was solved.\n"
    "• Mention me in a public channel to start; reply in the thread to steer; say *stop* to stop.\n"
    "• `/oxbow search KeyError in the import` finds finished threads, for you alone.\n"
    "• `/oxbow status` shows what I am doing in this channel.\n"
    "• `/oxbow stats` shows this month's figures of this channel and of the workspace.\n"
    "• `/oxbow settings` shows which tools I may use in this channel and who approves; it changes them too.\n"
    "• `/oxbow help` shows this.\n"
    "Slash commands do not exist inside threads: mention me there, or write `!stop`."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A command as it was typed."""

    channel: str
    text: str
    by: str


class Commands:
    """Answers slash commands. An answer is seen by the caller alone, unless it changed something for all."""

    def __init__(
        self,
        *,
        team: str,
        gate: Gate,
        log: SessionLog,
        remembering: Remembering,
        settings: SettingsCommand,
        stats: StatsCommand,
        secrets: SecretMask,
    ) -> None:
        self._team = team
        self._gate = gate
        self._log = log
        self._settings = settings
        self._stats = stats
        self._remembering = remembering
        self._secrets = secrets

    def answer(self, asked: Asked) -> Told:
        """The answer to a command, after the same gate as a mention."""
        verdict = self._gate.check(asked.channel, max_age=COMMAND_AGE)
        if verdict.visibility != "public":
            return Told(rendered=plain(refusal(verdict)))
        word, _, rest = asked.text.strip().partition(" ")
        if word.lower() == "settings":
            return self._settings.answer(asked.channel, rest, by=asked.by)
        return Told(rendered=self._shown(asked, word, rest))

    def _shown(self, asked: Asked, word: str, rest: str) -> Rendered:
        match word.lower():
            case "" | "help":
                return plain(HELP)
            case "status":
                return self._status(asked)
            case "stats":
                return self._stats.answer(asked.channel)
            case "search":
                # Slack names who and what is mentioned beside the identifier.
                query = plain_text(rest, str)
                return self.search(asked.channel, query, shared=False)
            case _:
                return plain(f"I do not know `/oxbow {word}`.\n{HELP}")

    def search(self, channel: str, query: str, *, shared: bool) -> Rendered:
        """Finished threads that resemble the query."""
        if not query:
            return plain("Say what to look for: `/oxbow search KeyError tz import`.")
        query = self._secrets.text(query)
        try:
            hits = self._remembering.find(query, team=self._team, channel=channel, limit=RESULTS)
        except EmbedderUnavailable:
            return plain("Memory cannot be searched right now. Please try again in a minute.")
        return search_results(query, hits, shared=shared)

    def _status(self, asked: Asked) -> Rendered:
        rows = self._log.sessions_of(self._team, asked.channel, limit=10)
        if not rows:
            return plain("No session in this channel yet. Mention me to start one.")
        return plain("\n".join(map(_line, rows)))


def _line(row: SessionRow) -> str:
    last = f"{row.updated_at:%Y-%m-%d %H:%M} UTC"
    return f"• `{str(row.session)[:8]}` {row.status}, {row.head} events, last {last}"
