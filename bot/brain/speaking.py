"""What the brain says in the thread, each thing once: the intent is recorded before, the outcome after."""

from __future__ import annotations

import logging
import time

from bot.brain.claimed import Claimed
from bot.brain.steps import (
    Visibility,
)
from bot.slack.board import ProgressBoard
from bot.slack.errors import ContentRefused, SlackProblem, SlackUnavailable, ThreadRefused
from bot.slack.gate import Gate
from bot.slack.replies import Replies
from bot.slack.showing.rendered import Rendered, cut, escape, plain
from bot.slack.showing.rendering import Surroundings, finished_progress, progress, render
from memory.errors import DatabaseLost, LeaseLost
from memory.log.events import Recorded, ReplyKind, ReplyPosted, ReplyStarted, TurnOutcome
from memory.log.session import Reply

RESUME_AGE = 15.0
"""Seconds for which a channel's verdict is good enough between two posts; each post asks anew."""

TAKE_OVER = 30
"""Seconds in which whoever took a session over has posted what was begun: three leases."""

PLAIN_CHARACTERS = 2_000
"""Of a post whose own form Slack refused: far below every limit, also after escaping."""

logger = logging.getLogger(__name__)


class Speaking:
    """Posts, progress and the gate in front of them."""

    def __init__(self, replies: Replies, board: ProgressBoard, gate: Gate, notices: tuple[str, ...]) -> None:
        self._replies = replies
        self._board = board
        self._gate = gate
        self._notices = notices

    def visibility(self, channel: str) -> Visibility:
        """Whether the channel is public now."""
        return self._gate.check(channel, max_age=RESUME_AGE).visibility

    def post(self, claimed: Claimed, key: str, kind: ReplyKind) -> None:
        """Record the intent, post, record the outcome."""
        claimed.append(ReplyStarted(key=key, kind=kind))
        rendered = render(claimed.session, key=key, kind=kind, around=self._around(claimed))
        self._record(claimed, key, kind, self._posted(claimed, key, rendered))

    def settle(self, claimed: Claimed, reply: Reply) -> None:
        """Adopt the post if it is in the thread, else make it now."""
        ts = self._replies.find(claimed.address, claimed.id, reply.key)
        if ts is None:
            rendered = render(claimed.session, key=reply.key, kind=reply.kind, around=self._around(claimed))
            ts = self._posted(claimed, reply.key, rendered)
        self._record(claimed, reply.key, reply.kind, ts)

    def _record(self, claimed: Claimed, key: str, kind: ReplyKind, ts: str) -> None:
        try:
            claimed.append(ReplyPosted(key=key, kind=kind, ts=ts))
        except LeaseLost:
            self._take_back(claimed, key, ts)
            raise

    def _take_back(self, claimed: Claimed, key: str, ts: str) -> None:
        """Whoever took the session over may have looked before this post was there, and made another.

        Then the log names the other, soon, and this one goes. What is taken back is nobody else's.
        """
        for _ in range(TAKE_OVER):
            try:
                reply = claimed.catch_up().reply(key)
                if reply is not None and reply.ts is not None:
                    if reply.ts != ts:
                        self._replies.take_back(claimed.address.channel, ts)
                    return
            except (SlackProblem, DatabaseLost) as problem:
                logger.info("a post of session %s may be there twice: %s", claimed.id, problem)
            time.sleep(1.0)

    def _posted(self, claimed: Claimed, key: str, rendered: Rendered) -> str:
        """Post it; what Slack does not take as it is goes as plain text: the thread is told something."""
        # Slack knows no epoch: whoever was frozen since the intent must notice before the post, not after.
        look = claimed.require_lease
        try:
            return self._replies.post(claimed.address, claimed.id, key, rendered, last_look=look)
        except ContentRefused as refusal:
            logger.warning("session %s posts %s as plain text: %s", claimed.id, key, refusal)
            words = cut(rendered.text, PLAIN_CHARACTERS).strip() or "(nothing that can be shown)"
            shown = plain(escape(words))
            return self._replies.post(claimed.address, claimed.id, key, shown, last_look=look)

    def say_once(self, claimed: Claimed, key: str, text: str | None) -> tuple[Recorded, ...]:
        """Post a last word unless it is in the thread already; the events that record it, to be appended."""
        if text is None:
            return ()
        ts = self._replies.find(claimed.address, claimed.id, key)
        if ts is None:
            look = claimed.require_lease
            ts = self._replies.post(claimed.address, claimed.id, key, plain(text), last_look=look)
        return ReplyStarted(key=key, kind="notice"), ReplyPosted(key=key, kind="notice", ts=ts)

    def rewrite(self, claimed: Claimed, key: str, rendered: Rendered) -> None:
        """Replace an earlier post in place, if it is there. Doing it again changes nothing.

        That Slack does not take it holds nothing up: whoever presses one of its buttons is told.
        """
        reply = claimed.session.reply(key)
        if reply is None:
            return
        try:
            ts = reply.ts or self._replies.find(claimed.address, claimed.id, reply.key)
            if ts is not None:
                self._replies.update(claimed.address.channel, ts, rendered)
        except SlackProblem as problem:
            logger.info("the post %s was not rewritten: %s", key, problem)

    def show_progress(self, claimed: Claimed) -> None:
        """Let the progress message say what is true now, soon."""
        reply = self._progress(claimed)
        if reply is not None and reply.ts is not None and claimed.session.turn_open:
            rendered = progress(claimed.session, self._around(claimed))
            self._board.show(claimed.address.channel, reply.ts, rendered)

    def fold_progress(self, claimed: Claimed, outcome: TurnOutcome) -> None:
        """The turn is about to end: its progress message becomes one line. Doing it again changes nothing.

        That Slack does not take it is no reason to keep the turn from ending.
        """
        reply = self._progress(claimed)
        if reply is None:
            return
        rendered = finished_progress(claimed.session, outcome, self._around(claimed))
        try:
            ts = reply.ts or self._replies.find(claimed.address, claimed.id, reply.key)
            if ts is not None:
                self._board.leave(ts)
                self._replies.update(claimed.address.channel, ts, rendered)
        except SlackUnavailable:
            if reply.ts is not None:
                self._board.finish(claimed.address.channel, reply.ts, rendered)
        except SlackProblem as problem:
            logger.info("a progress message was not folded: %s", problem)

    def permalink(self, claimed: Claimed) -> str:
        """The address of the thread, also when Slack no longer gives one because its root is gone."""
        channel, thread = claimed.address.channel, claimed.address.thread
        try:
            return self._replies.permalink(channel, thread)
        except ThreadRefused:
            return f"https://slack.com/archives/{channel}/p{thread.replace('.', '')}"

    def _progress(self, claimed: Claimed) -> Reply | None:
        return claimed.session.reply(f"progress:{claimed.session.turn}")

    def _around(self, claimed: Claimed) -> Surroundings:
        return Surroundings(now=claimed.now, notices=self._notices)
