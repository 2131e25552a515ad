"""`/oxbow`: the words after it, the gate in front of it, and answers for the caller alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.brain.remembering import Remembering
from bot.slack.answering.admission import Admission
from bot.slack.answering.decisions import Answer
from bot.slack.answering.linking import Linking
from bot.slack.answering.personal_command import PersonalCommand
from bot.slack.answering.schedule_command import ScheduleCommand
from bot.slack.answering.settings_command import SettingsCommand, Told
from bot.slack.answering.stats_command import StatsCommand
from bot.slack.hearing.correcting import Correcting, Said
from bot.slack.hearing.text import plain_text
from bot.slack.showing.rendered import Rendered, escape, plain
from bot.slack.showing.search_results import Results, search_results
from memory.errors import EmbedderUnavailable
from memory.log.session_log import SessionLog, SessionRow
from memory.recall.query import QueryProblem
from memory.secrets.mask import SecretMask
from memory.solutions.solution import Correction

_LINKS = re.compile(r"https?://[^\s|<>]+")
_CORRECTIONS: dict[str, Correction] = {
    "forget": "forget",
    "wrong": "wrong",
    "outdated": "outdated",
    "superseded": "superseded",
}

HELP = (
    "*Oxbow* works on engineering problems in public threads and remembers what was solved.\n"
    "• Mention me in a public channel to start; reply in the thread to steer; say *stop* to stop.\n"
    "• `/oxbow search KeyError in the import` finds finished threads, for you alone.\n"
    "• Narrow a search with `in:#channel`, `from:@person`, `repo:`, `path:`, `before:2026-05-01`, "
    '`after:30d`, `outcome:confirmed`, `"a phrase"`, `-without`.\n'
    "• Who wrote in a thread can correct what I learned there: `@Oxbow forget`, `wrong`, `outdated` or "
    "`superseded by LINK` in it, or `/oxbow forget LINK`.\n"
    "• `/oxbow status` shows what I am doing in this channel.\n"
    "• `/oxbow stats` shows this month's figures of this channel and of the workspace.\n"
    "• `/oxbow link` links your GitHub account, so that I push for you where you may push yourself; "
    "`/oxbow unlink` takes it back.\n"
    "• `/oxbow settings` shows how I work in this channel (repository, tools, model, memory, money), and "
    "changes it; `/oxbow settings mine` is about your own threads.\n"
    "• `/oxbow schedule every weekday at 9 which checks failed?` asks that in this channel; "
    "`/oxbow schedule` lists and cancels.\n"
    "• `/oxbow help` shows this.\n"
    "Slash commands do not exist inside threads: mention me there, or write `!stop`.\n"
    "In a thread, `!quiet` lets me answer mentions alone and `!listen` undoes that."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A command as it was typed, or a search that a button repeats."""

    channel: str
    text: str
    by: str
    trigger: str
    """Slack's identifier of this very command or press."""


class Commands:
    """Answers slash commands. An answer is seen by the caller alone, unless it changed something for all."""

    def __init__(  # noqa: PLR0913 - each is what one kind of command needs
        self,
        *,
        team: str,
        admission: Admission,
        log: SessionLog,
        remembering: Remembering,
        settings: SettingsCommand,
        personal: PersonalCommand,
        schedules: ScheduleCommand,
        stats: StatsCommand,
        correcting: Correcting,
        linking: Linking,
        secrets: SecretMask,
    ) -> None:
        self._team = team
        self._admission = admission
        self._log = log
        self._settings = settings
        self._personal = personal
        self._schedules = schedules
        self._stats = stats
        self._remembering = remembering
        self._correcting = correcting
        self._linking = linking
        self._secrets = secrets

    def answer(self, asked: Asked) -> Told:
        """The answer to a command, after the same gate as a mention."""
        if (refused := self._refused(asked.channel, asked.by)) is not None:
            return Told(rendered=refused)
        word, _, rest = asked.text.strip().partition(" ")
        if word.lower() == "settings":
            if rest.strip() and self._admission.confined(asked.by):
                return Told(rendered=plain("Guests do not change how I work here; ask a member."))
            return self._set(asked, self._secrets.text(rest).strip())
        if word.lower() == "schedule":
            confined = self._admission.confined(asked.by)
            return self._schedules.answer(
                asked.channel, self._secrets.text(rest), by=asked.by, confined=confined
            )
        return Told(rendered=self._shown(asked, word, rest))

    def _set(self, asked: Asked, words: str) -> Told:
        first, _, rest = words.partition(" ")
        if first.lower() == "mine":
            return Told(rendered=self._personal.answer(asked.channel, rest, by=asked.by))
        return self._settings.answer(asked.channel, words, by=asked.by)

    def _shown(self, asked: Asked, word: str, rest: str) -> Rendered:
        match word.lower():
            case "" | "help":
                return plain(HELP)
            case "status":
                return self._status(asked)
            case "stats":
                return self._stats.answer(asked.channel, everywhere=not self._admission.confined(asked.by))
            case "search":
                # Slack names who and what is mentioned beside the identifier.
                return self._search(replace(asked, text=plain_text(rest, str, str)), page=0, shared=False)
            case "link":
                return self._linking.begin(asked.by)
            case "unlink":
                return self._linking.unlink(asked.by)
            case "forget" | "wrong" | "outdated" | "superseded":
                return plain(self._corrected(asked, rest))
            case _:
                return plain(f"I do not know `/oxbow {word}`.\n{HELP}")

    def entered(self, channel: str, by: str) -> Answer:
        """Somebody pressed the button under a code that GitHub gave; after the same gate as a mention."""
        refused = self._refused(channel, by)
        return self._linking.finish(by) if refused is None else Answer(rendered=refused, replaces=True)

    def search(self, asked: Asked, *, page: int, shared: bool) -> Rendered:
        """A page of finished threads that resemble the text, after the same gate as a mention."""
        refused = self._refused(asked.channel, asked.by)
        return self._search(asked, page=page, shared=shared) if refused is None else refused

    def cancel(self, asked: Asked) -> Told:
        """End the schedule whose id is the text, after the same gate as a mention."""
        refused = self._refused(asked.channel, asked.by)
        if refused is not None:
            return Told(rendered=refused)
        return self._schedules.cancel(asked.channel, int(asked.text), by=asked.by)

    def _search(self, asked: Asked, *, page: int, shared: bool) -> Rendered:
        if not asked.text:
            return plain("Say what to look for: `/oxbow search KeyError tz import`.")
        query, channel = self._secrets.text(asked.text), asked.channel
        only = channel if self._admission.confined(asked.by) else None
        try:
            found = self._remembering.find(query, team=self._team, channel=channel, only=only)
        except QueryProblem as problem:
            return plain(escape(str(problem)))
        except EmbedderUnavailable:
            return plain("Memory cannot be searched right now. Please try again in a minute.")
        results = Results(asked=query, found=found, page=page, now=datetime.now(UTC))
        return search_results(results, shared=shared)

    def _corrected(self, asked: Asked, rest: str) -> str:
        """`/oxbow forget LINK`, `/oxbow superseded LINK by LINK`."""
        word, links = asked.text.split()[0].lower(), _LINKS.findall(rest)
        wanted = 2 if word == "superseded" else 1
        address = self._correcting.thread_of(links[0]) if len(links) == wanted else None
        if address is None:
            how = "LINK by LINK" if wanted == 2 else "LINK"
            return f"Give the link of the thread's first message: `/oxbow {word} {how}`."
        said = Said(
            correction=_CORRECTIONS[word],
            by=asked.by,
            delivery=f"command:{asked.trigger}",
            successor=links[1] if wanted == 2 else None,
        )
        return self._correcting.correct(address, said) or "That was done already."

    def _refused(self, channel: str, by: str) -> Rendered | None:
        unwelcome = self._admission.refusal(channel, by)
        return None if unwelcome is None else plain(unwelcome)

    def _status(self, asked: Asked) -> Rendered:
        rows = self._log.sessions_of(self._team, asked.channel, limit=10)
        if not rows:
            return plain("No session in this channel yet. Mention me to start one.")
        return plain("\n".join(map(_line, rows)))


def _line(row: SessionRow) -> str:
    last = f"{row.updated_at:%Y-%m-%d %H:%M} UTC"
    return f"• `{str(row.session)[:8]}` {row.status}, {row.head} events, last {last}"
