"""`/oxbow`: the words after it, the gate in front of it, and answers for the caller alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from bot.brain.remembering import Remembering
from bot.slack.gate import Gate
from bot.slack.listener import refusal
from bot.slack.rendered import Rendered, escape, plain
from bot.slack.search_results import Results, search_results
from bot.slack.settings_command import SettingsCommand, Told
from bot.slack.stats_command import StatsCommand
from bot.slack.text import plain_text
from memory.errors import EmbedderUnavailable
from memory.log import SessionLog, SessionRow
from memory.query import QueryProblem
from memory.secrets import SecretMask

COMMAND_AGE = 5.0
"""Seconds for which a channel's verdict is good enough to answer a command."""

HELP = (
    "*Oxbow* works on engineering problems in public threads and remembers what was solved.\n"
    "• Mention me in a public channel to start; reply in the thread to steer; say *stop* to stop.\n"
    "• `/oxbow search KeyError in the import` finds finished threads, for you alone.\n"
    "• Narrow a search with `in:#channel`, `from:@person`, `repo:`, `path:`, `before:2026-05-01`, "
    '`after:30d`, `outcome:confirmed`, `"a phrase"`, `-without`.\n'
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
        if (refused := self._refused(asked.channel)) is not None:
            return Told(rendered=refused)
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
                return self._search(asked.channel, plain_text(rest, str), page=0, shared=False)
            case _:
                return plain(f"I do not know `/oxbow {word}`.\n{HELP}")

    def search(self, channel: str, query: str, *, page: int, shared: bool) -> Rendered:
        """A page of finished threads that resemble the query, after the same gate as a mention."""
        refused = self._refused(channel)
        return self._search(channel, query, page=page, shared=shared) if refused is None else refused

    def _search(self, channel: str, query: str, *, page: int, shared: bool) -> Rendered:
        if not query:
            return plain("Say what to look for: `/oxbow search KeyError tz import`.")
        query = self._secrets.text(query)
        try:
            found = self._remembering.find(query, team=self._team, channel=channel)
        except QueryProblem as problem:
            return plain(escape(str(problem)))
        except EmbedderUnavailable:
            return plain("Memory cannot be searched right now. Please try again in a minute.")
        results = Results(asked=query, found=found, page=page, now=datetime.now(UTC))
        return search_results(results, shared=shared)

    def _refused(self, channel: str) -> Rendered | None:
        verdict = self._gate.check(channel, max_age=COMMAND_AGE)
        return plain(refusal(verdict)) if verdict.visibility != "public" else None

    def _status(self, asked: Asked) -> Rendered:
        rows = self._log.sessions_of(self._team, asked.channel, limit=10)
        if not rows:
            return plain("No session in this channel yet. Mention me to start one.")
        return plain("\n".join(map(_line, rows)))


def _line(row: SessionRow) -> str:
    last = f"{row.updated_at:%Y-%m-%d %H:%M} UTC"
    return f"• `{str(row.session)[:8]}` {row.status}, {row.head} events, last {last}"
