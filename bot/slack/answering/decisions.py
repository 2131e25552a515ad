"""The buttons under a call that waits for approval: whose word counts, and what the presser sees of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from bot.brain.approving import standing
from bot.slack.gate import Gate
from bot.slack.people import People
from bot.slack.showing.approval import approval_post, bystander, settled
from bot.slack.showing.rendered import Rendered, plain
from memory.log.events import ApprovalGiven, ApprovalScope
from memory.log.fold import fold
from memory.log.session import Approval, Session
from memory.log.session_log import SessionLog, ThreadAddress

PRESS_AGE = 10.0
"""Seconds for which a channel's verdict is good enough to hear a decision."""

CLOSED = "This question is no longer open."


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the presser sees: the post rewritten, or a word for them alone."""

    rendered: Rendered
    replaces: bool


class Decisions:
    """Takes in decisions about calls: the first word of somebody who may decide counts, once."""

    def __init__(self, *, log: SessionLog, gate: Gate, people: People) -> None:
        self._log = log
        self._gate = gate
        self._people = people

    def press(
        self, address: ThreadAddress, by: str, call: str, *, approved: bool, scope: ApprovalScope = "call"
    ) -> Answer:
        """Somebody pressed a button of the call. When this returns, what counts of it is in the log."""
        session = self._session(address)
        approval = session.approval(call) if session else None
        if session is None or approval is None:
            return Answer(rendered=settled(CLOSED, None), replaces=True)
        approval = self._without_guests(approval, by)
        match standing(session, approval, by):
            case "too late":
                return Answer(rendered=approval_post(session, call), replaces=True)
            case "bystander":
                return Answer(rendered=plain(bystander(approval)), replaces=False)
            case "decides":
                given = ApprovalGiven(
                    call=call, by=by, by_name=self._people.name(by), approved=approved, scope=scope
                )
                return self._decide(address, given)
            case other:
                assert_never(other)

    def _decide(self, address: ThreadAddress, given: ApprovalGiven) -> Answer:
        """Only the first word about a call is kept: its delivery key is the call's, whoever brings it."""
        if self._gate.check(address.channel, max_age=PRESS_AGE).visibility == "public":
            self._log.receive(address, [given], delivery_key=f"approval:{given.call}")
        session = self._session(address)
        if session is None:
            return Answer(rendered=settled(CLOSED, None), replaces=True)
        return Answer(rendered=approval_post(session, given.call), replaces=True)

    def _without_guests(self, approval: Approval, by: str) -> Approval:
        """Guests do not decide; where nobody but guests may, any member of the workspace does."""
        members = tuple(who for who in (*approval.approvers, by) if self._people.standing(who) == "member")
        named = tuple(who for who in approval.approvers if who in members)
        return replace(approval, approvers=named or members)

    def _session(self, address: ThreadAddress) -> Session | None:
        state = self._log.thread_state(address)
        return None if state is None else fold(self._log.read(state.session))
