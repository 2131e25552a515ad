"""Hearing Slack: what counts as said to Oxbow, and its way into the log before Slack is answered.

Every method returns only when what it heard is durably in the log or was refused; then the caller
acknowledges. An exception means no acknowledgement, and Slack delivers again.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from bot.slack.errors import SlackUnavailable, ThreadRefused
from bot.slack.gate import Gate, Verdict, refusal
from bot.slack.hearing.attention import follows
from bot.slack.hearing.correcting import Correcting, Said
from bot.slack.hearing.courtesies import Courtesies
from bot.slack.hearing.files import shared_files
from bot.slack.hearing.forwarded import with_forwarded
from bot.slack.hearing.hiding import hiding
from bot.slack.hearing.text import (
    asks_for_quiet,
    is_stop,
    mentions,
    plain_text,
    read_correction,
    without_mention,
)
from bot.slack.people import People
from bot.slack.replies import Replies
from bot.slack.showing.rendered import count, escape, plain
from bot.slack.web import SlackWeb
from memory.database import Connection
from memory.log.events import (
    FeedbackGiven,
    InterruptRequested,
    InterruptSource,
    Json,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    Received,
    ReplyPosted,
    SessionOpened,
)
from memory.log.events import Verdict as Judgement
from memory.log.file_events import FilesShared, SharedFile
from memory.log.session import moment
from memory.log.session_log import Receipt, SessionLog, ThreadAddress, ThreadState
from memory.log.thread_events import AttentionChanged
from memory.secrets.mask import Masked, SecretMask
from memory.solutions.index import storable
from memory.solutions.uses import record_feedback

HEAR_AGE = 10.0
"""Seconds for which a channel's verdict is good enough to take a message in: a burst asks Slack once."""

UNKNOWN_DELAY = 5.0
"""Seconds until a channel is asked about again that Slack did not tell of."""

SAID = (None, "file_share", "thread_broadcast", "me_message")
"""Subtypes of messages in which a person speaks."""

LATE = 3.0
"""Seconds after which a mention may have been overtaken by replies to it; nobody reads and answers sooner."""

REPLIES = 200
"""Replies that a late mention is heard with."""

_NO_SESSION = UUID(int=0)
"""Of posts that belong to no session's log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the bot is in its workspace."""

    team: str
    user: str


class Listener:
    """Takes in messages, edits, deletions, stops and feedback of one workspace."""

    def __init__(  # noqa: PLR0913 - a bundle of these would only hide what is needed
        self,
        *,
        identity: Identity,
        log: SessionLog,
        gate: Gate,
        web: SlackWeb,
        replies: Replies,
        correcting: Correcting,
        secrets: SecretMask,
        later: Executor,
    ) -> None:
        self._me = identity
        self._log = log
        self._gate = gate
        self._web = web
        self._people = People(web, identity.team)
        self._replies = replies
        self._correcting = correcting
        self._secrets = secrets
        self._courtesies = Courtesies(later)

    def message(self, event: Json) -> None:
        """A post, an edit or a deletion in a channel, as `message` or `app_mention` tell it."""
        match event.get("subtype"):
            case subtype if subtype in SAID:
                self._said(event)
            case "message_changed":
                self._edited(event)
            case "message_deleted":
                self._deleted(event)
            case _:
                # Joins, topics, bot posts, canvases: nobody speaks to the bot there.
                return

    def stop(
        self, address: ThreadAddress, by: str, source: InterruptSource, delivery: str, *, at: str
    ) -> None:
        """Somebody wants the thread's session to stop; that holds no text and is heard in every channel.

        `at` is Slack's time stamp of the moment: what was said before it is stopped too.
        """
        if self._people.may_stop(by):
            stop = InterruptRequested(by=by, source=source, at=at)
            self._log.receive(address, [stop], delivery_key=delivery)

    def native_stop(self, event: Json) -> None:
        """Slack's own stop button of an agent session."""
        thread, at = event.get("thread_ts"), str(event["event_ts"])
        if thread is not None:
            address = ThreadAddress(team=self._me.team, channel=str(event["channel"]), thread=str(thread))
            self.stop(address, str(event["user"]), "native", f"native:{at}", at=at)

    def feedback(
        self,
        address: ThreadAddress,
        by: str,
        verdict: Judgement,
        delivery: str,
        *,
        turn: int | None = None,
        solution: str | None = None,
    ) -> None:
        """Somebody judged the answer of a turn, or a solution that was recalled."""
        public = self._verdict(address.channel).visibility == "public"
        if public and self._people.refusal(by, address.channel) is None:
            given = FeedbackGiven(by=by, verdict=verdict, turn=turn, solution=solution)
            self._log.receive(address, [given], delivery_key=delivery, within=partial(_keep, given))

    def reaction(self, event: Json) -> None:
        """A cross stops or says *not solved*, a check mark says *solved*; on posts of the bot alone."""
        item, name = event.get("item") or {}, event.get("reaction")
        if event.get("item_user") != self._me.user or item.get("type") != "message":
            return
        if name not in ("x", "white_check_mark"):
            return
        address = self._thread_of(str(item["channel"]), str(item["ts"]))
        state = self._log.thread_state(address) if address else None
        if address is None or state is None:
            return
        by, delivery = (
            str(event["user"]),
            f"reaction:{item['ts']}:{event['user']}:{name}:{event.get('event_ts')}",
        )
        if name == "x":
            self.stop(address, by, "reaction", f"{delivery}:stop", at=str(event["event_ts"]))
        turn = self._answered_turn(state, str(item["ts"]))
        if turn is not None:
            judgement: Judgement = "not_solved" if name == "x" else "solved"
            self.feedback(address, by, judgement, delivery, turn=turn)

    def _answered_turn(self, state: ThreadState, ts: str) -> int | None:
        """The turn that a post answers; None when it is no answer."""
        posts = (recorded.event for recorded in self._log.read(state.session))
        keys = (post.key for post in posts if isinstance(post, ReplyPosted) and post.ts == ts)
        return next((int(key.split(":")[1]) for key in keys if key.startswith("answer:")), None)

    def asked_about(self, channel: str, message: Json, *, by: str) -> Receipt | None:
        """Somebody who is welcome asks about a message: as if they had mentioned Oxbow and quoted it there.

        A message is asked about once: it is kept under its own time stamp, so that its author's edits and
        deletion reach the session. None when the message cannot be seen. Raises `SlackUnavailable`.
        """
        ts = str(message["ts"])
        address = self._thread_of(channel, ts)
        if address is None:
            return None
        author = str(message.get("user") or message.get("username") or "a bot")
        quoted = "\n".join(f"> {line}" for line in str(message["text"]).splitlines())
        words = f"{quoted}\n(written by {self._people.name(author)}; I ask you to look into it)"
        return self._receive(address, by, ts, words, mentioned=True)

    def channel_changed(self, channel: str) -> None:
        """Something about a channel changed: what was known of it no longer counts."""
        self._gate.forget(channel)

    def _said(self, event: Json, *, alone: bool = False) -> None:
        author, text = event.get("user"), str(event.get("text") or "")
        if not author or event.get("bot_id") or author == self._me.user:
            # Bots never start and never steer.
            return
        channel, ts = str(event["channel"]), str(event["ts"])
        address = ThreadAddress(team=self._me.team, channel=channel, thread=str(event.get("thread_ts") or ts))
        mentioned = mentions(text, self._me.user)
        if address.thread != ts and (mentioned or text.startswith("!")) and self._corrected(address, event):
            return
        state = self._log.thread_state(address)
        if not mentioned and not (state and follows(state, str(author), text)):
            return
        words = without_mention(text, self._me.user)
        if is_stop(words):
            self.stop(address, str(author), "word", f"message:{ts}", at=ts)
            return
        verdict = self._verdict(channel)
        if verdict.visibility != "public":
            self._refuse(address, refusal(verdict), told=mentioned)
            return
        unwelcome = self._people.refusal(str(author), channel)
        if unwelcome is not None:
            # A bot is told nothing: it might answer.
            told = mentioned and self._people.standing(str(author)) != "bot"
            self._refuse(address, unwelcome, told=told)
            return
        if (quiet := asks_for_quiet(words)) is not None:
            self._switch(address, str(author), ts, quiet=quiet)
            return
        words = with_forwarded(words, event, is_public=self._is_public)
        receipt = self._receive(address, str(author), ts, words, mentioned=mentioned)
        self._receive_files(address, str(author), ts, shared_files(event))
        if mentioned and not alone and receipt and receipt.now.timestamp() - float(ts) > LATE:
            self._hear_replies(address, ts)

    def _switch(self, address: ThreadAddress, author: str, ts: str, *, quiet: bool) -> None:
        """Anybody may say whether the thread is followed; a reaction says that it was heard."""
        changed = AttentionChanged(by=author, quiet=quiet)
        receipt = self._log.receive(address, [changed], delivery_key=f"message:{ts}")
        if receipt is not None and not receipt.duplicate:
            sign = "no_bell" if quiet else "ear"
            self._courtesies.soon(lambda: self._replies.react(address.channel, ts, sign))

    def _is_public(self, channel: str) -> bool:
        return bool(channel) and self._gate.check(channel, max_age=HEAR_AGE).visibility == "public"

    def _hear_replies(self, address: ThreadAddress, ts: str) -> None:
        """Replies that were delivered before the mention to which they belong were said to nobody then.

        Each is heard again without looking further, since this looks at all of them.
        """
        try:
            page = self._web.call(
                "conversations.replies",
                channel=address.channel,
                ts=address.thread,
                oldest=ts,
                limit=REPLIES,
            )
        except ThreadRefused:
            return
        for message in page.get("messages", []):
            if moment(str(message["ts"])) > moment(ts) and message.get("subtype") in SAID:
                self._said({**message, "channel": address.channel}, alone=True)

    def _corrected(self, address: ThreadAddress, event: Json) -> bool:
        """Whether the message corrects what its thread taught; then it is done."""
        correction = read_correction(without_mention(str(event["text"]), self._me.user))
        if correction is None:
            return False
        word, successor = correction
        said = Said(
            correction=word, by=str(event["user"]), delivery=f"message:{event['ts']}", successor=successor
        )
        told = self._correcting.correct(address, said)
        key = f"correction:{event['ts']}"
        if told is not None and self._courtesies.first_time((address.channel, key)):
            self._courtesies.soon(lambda: self._replies.post(address, _NO_SESSION, key, plain(told)))
        return True

    def _receive(
        self, address: ThreadAddress, author: str, ts: str, words: str, *, mentioned: bool
    ) -> Receipt | None:
        masked = self._masked(words)
        received = MessageReceived(
            ts=ts,
            author=author,
            author_name=self._people.name(author),
            text=masked.text,
            mentioned=mentioned,
        )
        opening = SessionOpened(
            team=address.team, channel=address.channel, thread=address.thread, opened_by=author
        )
        receipt = self._log.receive(
            address, [received], delivery_key=f"message:{ts}", opening=opening if mentioned else None
        )
        if receipt is not None and not receipt.duplicate:
            self._courtesies.soon(lambda: self._replies.react(address.channel, ts, "eyes"))
            if masked.kinds:
                self._courtesies.soon(lambda: self._warn(address, author, masked.kinds))
        return receipt

    def _receive_files(
        self, address: ThreadAddress, author: str, ts: str, files: Sequence[SharedFile]
    ) -> None:
        """Under a key of their own: `app_mention` tells of the same message without its files."""
        if files:
            named = tuple(replace(file, name=self._secrets.text(storable(file.name))) for file in files)
            shared = FilesShared(ts=ts, author=author, author_name=self._people.name(author), files=named)
            self._log.receive(address, [shared], delivery_key=f"files:{ts}")

    def _warn(self, address: ThreadAddress, author: str, kinds: Sequence[str]) -> None:
        """Tell whoever wrote secrets, and nobody else, that Slack still shows them."""
        what = ", ".join(dict.fromkeys(kinds))
        self._web.call(
            "chat.postEphemeral",
            channel=address.channel,
            thread_ts=address.thread,
            user=author,
            text=f"I masked {count(len(kinds), 'secret')} in your message before I kept it ({escape(what)}). "
            "Slack still shows what you wrote: delete the message, and change the secret.",
        )

    def _masked(self, words: str) -> Masked:
        """What was written, as it may be kept: plain, and without its secrets."""
        return self._secrets.mask(storable(plain_text(words, self._people.name, self._gate.name)))

    def _edited(self, event: Json) -> None:
        new, old = event.get("message") or {}, event.get("previous_message") or {}
        if new.get("subtype") == "tombstone":
            # So Slack tells the deletion of a message that has replies.
            self._deleted({**event, "deleted_ts": new.get("ts")})
            return
        if new.get("bot_id") or new.get("text") == old.get("text"):
            # Unfurls, replies and translations change a message without changing what it says.
            return
        ts, text = str(new.get("ts")), str(new.get("text") or "")
        words = with_forwarded(without_mention(text, self._me.user), new, is_public=self._is_public)
        changed = MessageEdited(ts=ts, text=self._masked(words).text)
        edited = (new.get("edited") or {}).get("ts") or event.get("event_ts")
        self._amend(event, new, changed, f"edit:{ts}:{edited}")

    def _deleted(self, event: Json) -> None:
        old, ts = event.get("previous_message") or {}, str(event.get("deleted_ts"))
        if not old.get("bot_id"):
            self._amend(event, old, MessageDeleted(ts=ts), f"delete:{ts}")

    def _amend(self, event: Json, message: Json, change: Received, delivery: str) -> None:
        """A change of a message concerns a session only if the message was said to it.

        A deletion holds no text and is always heard.
        """
        ts = str(message.get("ts") or event.get("deleted_ts"))
        address = ThreadAddress(
            team=self._me.team, channel=str(event["channel"]), thread=str(message.get("thread_ts") or ts)
        )
        state = self._log.thread_state(address)
        if state is None or not self._log.delivered(state.session, f"message:{ts}"):
            return
        if isinstance(change, MessageDeleted) or self._verdict(address.channel).visibility == "public":
            # What the old words taught is gone from the memory with the same commit.
            hide = hiding(self._log, state.session, address, ts)
            self._log.receive(address, [change], delivery_key=delivery, within=hide)

    def _verdict(self, channel: str) -> Verdict:
        """What the channel is. Raises `SlackUnavailable` when Slack does not say: it will deliver again."""
        verdict = self._gate.check(channel, max_age=HEAR_AGE)
        if verdict.visibility == "unknown":
            raise SlackUnavailable(verdict.reason, delay=UNKNOWN_DELAY)
        return verdict

    def _refuse(self, address: ThreadAddress, words: str, *, told: bool) -> None:
        """Say once in the thread why nothing was done; nothing of what was said is kept."""
        if told and self._courtesies.first_time((address.channel, address.thread)):
            self._courtesies.soon(lambda: self._say_refusal(address, words))

    def _say_refusal(self, address: ThreadAddress, words: str) -> None:
        self._web.call("chat.postMessage", channel=address.channel, thread_ts=address.thread, text=words)

    def _thread_of(self, channel: str, ts: str) -> ThreadAddress | None:
        """The thread that a message belongs to; None when Slack does not tell of it any more."""
        try:
            page = self._web.call("conversations.replies", channel=channel, ts=ts, limit=1)
        except ThreadRefused:
            return None
        found = page.get("messages") or []
        if not found:
            return None
        thread = str(found[0].get("thread_ts") or found[0]["ts"])
        return ThreadAddress(team=self._me.team, channel=channel, thread=thread)


def _keep(given: FeedbackGiven, connection: Connection, session: UUID) -> None:
    """What was said of a recalled solution weighs on it from the commit on."""
    if given.solution is not None:
        record_feedback(connection, UUID(given.solution), session=session, by=given.by, verdict=given.verdict)
