"""The loop that carries everything: fold, decide, perform, again, until the decision is to rest.

Entering it with a log that another process left behind is the whole of recovery.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from bot.brain.approving import approvers, refusal
from bot.brain.budget import Budget
from bot.brain.changes.publication import waiting_push
from bot.brain.changes.publishing import Publishing
from bot.brain.choosing import Choosing
from bot.brain.claimed import Claimed
from bot.brain.decide import decide
from bot.brain.hands import Hands
from bot.brain.policies import Policies
from bot.brain.policy import ToolPolicy
from bot.brain.remembering import Remembering
from bot.brain.repository_choice import question_key
from bot.brain.sharing import Sharing
from bot.brain.speaking import Speaking
from bot.brain.steps import (
    AskModel,
    AskRepository,
    Attach,
    Choose,
    Classify,
    Close,
    Compact,
    Execute,
    Facts,
    FetchFile,
    FinishTurn,
    HandleInterrupt,
    Index,
    Pause,
    Post,
    Publish,
    ReadThread,
    Recall,
    Refuse,
    RequestApproval,
    Rest,
    Settle,
    ShareCode,
    StageFiles,
    Step,
)
from bot.brain.thinking import Thinking
from bot.brain.tools import problem_with
from bot.brain.uploads import Uploads
from bot.slack.errors import SlackUnavailable, ThreadRefused
from bot.slack.hearing.threads import Threads
from bot.slack.showing.approval import approval_post, settled
from bot.slack.showing.offer import OFFER, offer_post
from bot.slack.showing.repository_question import repository_question
from memory.errors import EmbedderUnavailable, LeaseLost
from memory.log.events import (
    ApprovalRequested,
    InterruptHandled,
    Recorded,
    SessionClosed,
    ToolFinished,
    ToolStarted,
    TurnFinished,
)
from memory.log.session import ToolCall

INDEX_DELAY = 30.0
"""Seconds until a turn is indexed again when the embedder was not there."""


class Brain:
    """Decides and performs, one session at a time and one step after another; keeps nothing."""

    def __init__(  # noqa: PLR0913 - each is one part of what a brain does
        self,
        *,
        thinking: Thinking,
        choosing: Choosing,
        threads: Threads,
        uploads: Uploads,
        sharing: Sharing,
        hands: Hands,
        remembering: Remembering,
        speaking: Speaking,
        policies: Policies,
        budget: Budget,
        publishing: Publishing,
    ) -> None:
        self._thinking = thinking
        self._choosing = choosing
        self._threads = threads
        self._uploads = uploads
        self._sharing = sharing
        self._hands = hands
        self._remembering = remembering
        self._speaking = speaking
        self._policies = policies
        self._budget = budget
        self._publishing = publishing

    def run(self, claimed: Claimed, draining: Callable[[], bool]) -> None:
        """Work on the session until it rests or is closed; when `draining`, hand it over between steps."""
        while not draining():
            if claimed.stop.lost:
                raise LeaseLost(f"the lease of session {claimed.id} was not renewed in time")
            step = self._decide(claimed)
            if not isinstance(step, Rest):
                if isinstance(step, Index) != claimed.lease.background:
                    # Indexing is done under background leases, and nothing else is.
                    return claimed.hand_over(background=isinstance(step, Index))
                try:
                    self._perform(claimed, step)
                except SlackUnavailable as problem:
                    return claimed.hand_over(problem.delay)
                except EmbedderUnavailable:
                    return claimed.hand_over(INDEX_DELAY, background=True)
                except ThreadRefused as refusal:
                    claimed.append(SessionClosed(reason=str(refusal)))
                self._speaking.show_progress(claimed)
            elif claimed.rest(step.delay):
                return None
        return claimed.hand_over()

    def _decide(self, claimed: Claimed) -> Step:
        session = claimed.session
        calls = session.pending_call is not None
        # What a workspace was made from is what it is made from again.
        chooses = calls and session.last_sandbox is None
        default = self._policies.preferences(claimed.address).repository if chooses else None
        governed = calls or waiting_push(session) is not None
        asks_model = session.turn_open and session.pending_call is None
        facts = Facts(
            now=claimed.now,
            visibility=self._speaking.visibility(claimed.address.channel),
            barren_claims=claimed.lease.barren_claims,
            policy=self._policies.of(claimed.address) if governed else ToolPolicy(),
            budget=self._budget,
            meant=self._choosing.meant(session, default) if chooses else None,
            spent_out=self._policies.spent_out(claimed.address) if asks_model else None,
        )
        return decide(claimed.session, facts)

    def _perform(self, claimed: Claimed, step: Step) -> None:  # noqa: C901, PLR0912, PLR0915 - a branch per kind of step
        match step:
            case Close(reason=reason, notice=notice):
                if notice is not None:
                    self._withdraw_question(claimed)
                    self._speaking.fold_progress(claimed, "failed")
                said = self._speaking.say_once(claimed, f"closed:{claimed.session.turn}", notice)
                claimed.append(*said, SessionClosed(reason=reason))
            case HandleInterrupt(through=through):
                self._interrupt(claimed, through)
            case Settle(reply=reply):
                self._speaking.settle(claimed, reply)
            case Post(key=key, kind=kind):
                self._speaking.post(claimed, key, kind)
            case Choose(chosen=chosen):
                claimed.append(chosen)
                self._settle_repository(claimed)
            case Classify():
                self._choosing.classify(claimed, self._policies.wishes(claimed.address, claimed.session))
            case AskRepository(undecided=undecided):
                self._choosing.ask(claimed, undecided)
            case Attach():
                self._hands.attach(claimed)
            case FetchFile(message=message, file=file):
                self._uploads.fetch(claimed, message, file)
            case StageFiles():
                self._hands.stage(claimed)
            case ShareCode(snippet=code):
                self._sharing.share_code(claimed, code)
            case Execute(call=call):
                self._execute(claimed, call)
            case RequestApproval(call=call):
                self._request_approval(claimed, call)
            case Refuse(call=call):
                self._refuse(claimed, call)
            case Pause(reached=reached):
                claimed.append(reached)
            case ReadThread():
                before = claimed.session.messages[0].ts
                claimed.append(self._threads.read(claimed.address, before))
            case Recall():
                self._remembering.recall(claimed)
            case Compact():
                self._thinking.compact(claimed, self._policies.wishes(claimed.address, claimed.session))
            case AskModel():
                # What is exported now is no longer the answer.
                self._withdraw_push(claimed, ":heavy_multiplication_x: Not decided: the work goes on.")
                wishes = self._policies.wishes(claimed.address, claimed.session)
                self._thinking.ask(claimed, lambda _: None, wishes)
            case Publish(stage=stage):
                push = waiting_push(claimed.session)
                if push is not None:
                    self._settle_question(claimed, push)
                self._publishing.advance(claimed, stage, self._speaking.permalink(claimed))
            case FinishTurn(outcome=outcome):
                self._speaking.fold_progress(claimed, outcome)
                self._settle_offer(claimed)
                claimed.append(TurnFinished(turn=claimed.session.turn, outcome=outcome))
            case Index(turn=turn):
                self._remembering.indexing.index(
                    claimed,
                    turn,
                    self._speaking.permalink(claimed),
                    keep=self._policies.preferences(claimed.address).memory,
                    may_ask=self._policies.spent_out(claimed.address) is None,
                )
            case Rest():
                raise AssertionError("resting is the loop's own step")
            case _:
                assert_never(step)

    def _interrupt(self, claimed: Claimed, through: int) -> None:
        """Kill what runs, then record that the stop was obeyed and the turn is over."""
        self._hands.stop(claimed)
        self._withdraw_question(claimed)
        session = claimed.session
        events: list[Recorded] = [InterruptHandled(through=through)]
        if session.turn_open:
            self._speaking.fold_progress(claimed, "interrupted")
            events.append(TurnFinished(turn=session.turn, outcome="interrupted"))
        claimed.append(*events)

    def _request_approval(self, claimed: Claimed, call: ToolCall) -> None:
        named = self._policies.of(claimed.address).approvers
        who = named or approvers(claimed.session)
        claimed.append(ApprovalRequested(call=call.call, tool=call.tool, approvers=who))

    def _refuse(self, claimed: Claimed, call: ToolCall) -> None:
        """The model is told why; the buttons, if there were any, go."""
        approval = claimed.session.approval(call.call)
        self._settle_question(claimed, call)
        told = refusal(call, approval)
        claimed.append(
            ToolFinished(call=call.call, tool=call.tool, status="refused", output=told, is_error=True)
        )

    def _settle_question(self, claimed: Claimed, call: ToolCall) -> None:
        if claimed.session.approval(call.call) is not None:
            post = approval_post(claimed.session, call.call)
            self._speaking.rewrite(claimed, f"approval:{call.call}", post)

    def _settle_repository(self, claimed: Claimed, *, over: bool = False) -> None:
        """The last question for a repository loses its menu, however it was answered."""
        asked = claimed.session.choice.asked
        if asked:
            post = repository_question(claimed.session, asked[-1].number, over=over)
            self._speaking.rewrite(claimed, question_key(asked[-1]), post)

    def _settle_offer(self, claimed: Claimed) -> None:
        """What was offered in this turn loses its buttons."""
        offered = claimed.session.reply(OFFER)
        if offered is not None and offered.turn == claimed.session.turn:
            self._speaking.rewrite(claimed, OFFER, offer_post(claimed.session, over=True))

    def _withdraw_question(self, claimed: Claimed) -> None:
        """A question that nobody answered loses its buttons before its call is ended."""
        call = claimed.session.pending_call
        approval = claimed.session.approval(call.call) if call else None
        if call is not None and approval is not None and approval.given is None:
            post = settled(":heavy_multiplication_x: Not decided: the work was stopped.", call)
            self._speaking.rewrite(claimed, f"approval:{call.call}", post)
        self._withdraw_push(claimed, ":heavy_multiplication_x: Not decided: the work was stopped.")
        if claimed.session.choice.open_in(claimed.session.turn) is not None:
            self._settle_repository(claimed, over=True)

    def _withdraw_push(self, claimed: Claimed, why: str) -> None:
        """The same for a push that waits for somebody's word."""
        push = waiting_push(claimed.session)
        approval = claimed.session.approval(push.call) if push else None
        if push is not None and approval is not None and approval.given is None:
            self._speaking.rewrite(claimed, f"approval:{push.call}", settled(why, push))

    def _execute(self, claimed: Claimed, call: ToolCall) -> None:
        wrong = problem_with(call.tool, call.input)
        if call.cut or wrong:
            told = wrong or "Your answer was cut at its length limit inside this call; make it smaller."
            claimed.append(_said(call, told, is_error=True))
            return
        if not call.started:
            self._settle_question(claimed, call)
            claimed.append(ToolStarted(call=call.call, tool=call.tool))
        match call.tool:
            case "ask":
                claimed.append(_said(call, "The thread answered; what they said follows."))
            case "search_memory":
                found = self._remembering.search(claimed, str(call.input["query"]))
                claimed.append(_said(call, found))
            case _:
                self._speaking.show_progress(claimed)
                wishes = self._policies.preferences(claimed.address)
                self._hands.run(claimed, call, hosts=wishes.network)


def _said(call: ToolCall, output: str, *, is_error: bool = False) -> ToolFinished:
    return ToolFinished(call=call.call, tool=call.tool, status="finished", output=output, is_error=is_error)
