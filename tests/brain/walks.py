"""Random legal logs: a brain that performs what `decide` says with any outcome, and people who interfere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar, assert_never

from hypothesis import strategies as st

from bot.brain.budget import Budget
from bot.brain.changes.publication import Stage, waiting_push
from bot.brain.decide import decide
from bot.brain.policy import ToolPolicy
from bot.brain.repository_choice import last_said
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
from bot.forge.repository import Undecided
from memory.log.events import (
    ApprovalGiven,
    ApprovalRequested,
    Event,
    FeedbackGiven,
    InterruptHandled,
    InterruptRequested,
    MessageReceived,
    RecordedEvent,
    ReplyPosted,
    SandboxLost,
    SessionClosed,
    SolutionIndexed,
    TurnFinished,
)
from memory.log.file_events import FilesStaged
from memory.log.fold import fold
from memory.log.session import Session
from memory.log.thread_events import ThreadRead
from tests.brain import change_logs as changes
from tests.brain import logs

T = TypeVar("T")
Draw = Callable[[st.SearchStrategy[T]], T]

LONGEST = 60
"""Rounds of one walk: enough for three turns with steps."""


@dataclass(slots=True)
class Walk:
    """A log as it grows, with the session after each event."""

    draw: Draw[object]
    log: list[RecordedEvent] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=lambda: [Session()])
    steps: list[Step] = field(default_factory=list)
    spoken: int = 0
    heard: int = 0

    @property
    def session(self) -> Session:
        return self.sessions[-1]

    def add(self, *events: Event) -> None:
        for entry in logs.recorded(events, after=self.session.head):
            self.log.append(entry)
            self.sessions.append(fold([entry], self.session))

    def one_of(self, options: Sequence[T]) -> T:
        return options[self.draw(st.integers(0, len(options) - 1))]  # type: ignore[call-overload, no-any-return]

    def interfere(self) -> None:
        """Somebody writes, corrects, withdraws, stops or judges."""
        known = [entry.event.ts for entry in self.log if isinstance(entry.event, MessageReceived)]
        self.heard += 1
        said = logs.said(f"word {self.heard}", ts=f"{self.heard}.0", by=self.one_of(["Ada", "Bruno"]))
        ts = self.one_of(known)
        disturbances: list[Event] = [
            said,
            said,
            logs.shared(f"F{self.heard}", ts=ts),
            logs.edited(f"changed {self.heard}", ts=ts),
            logs.deleted(ts),
            InterruptRequested(by="U1", source="word"),
            FeedbackGiven(by="U1", verdict="solved", turn=1),
            *self._decisions(),
            *(logs.picked(asked.number) for asked in self.session.choice.asked),
            changes.changed(self.one_of([changes.COMMIT, *self.session.change.commits]), state="merged"),
            changes.changed("f" * 40),
        ]
        self.add(self.one_of(disturbances))

    def _decisions(self) -> list[Event]:
        """Words about the call that waits for one."""
        call = self.session.pending_call
        call = call or waiting_push(self.session)
        if call is None or self.session.approval(call.call) is None:
            return []
        yes = ApprovalGiven(call=call.call, by="UADA", by_name="Ada", approved=True)
        return [yes, replace(yes, approved=False), replace(yes, scope="thread")]

    def perform(self, step: Step) -> None:  # noqa: C901, PLR0912, PLR0915 - a branch per kind of step
        match step:
            case Close(reason=reason):
                self.add(SessionClosed(reason=reason))
            case HandleInterrupt(through=through):
                self.add(InterruptHandled(through=through))
                if self.session.turn_open:
                    self.add(TurnFinished(turn=self.session.turn, outcome="interrupted"))
            case Settle(reply=reply):
                self.add(ReplyPosted(key=reply.key, kind=reply.kind, ts="9.0"))
            case Post(key=key, kind=kind):
                self.add(*logs.posted(key, kind)[: self.one_of([1, 2, 2])])
            case Choose(chosen=chosen):
                self.add(chosen)
            case Classify():
                name = self.one_of([None, "cart"])
                self.add(logs.classified(name, through=last_said(self.session)))
            case AskRepository():
                self.add(logs.repository_asked(len(self.session.choice.asked) + 1, turn=self.session.turn))
            case Attach():
                made = logs.attached(repository="cart", base_commit=changes.BASE)
                found: list[Event] = [made, logs.unavailable(), logs.unavailable(5.0)]
                self.add(self.one_of(found))
            case FetchFile(file=file):
                self.add(logs.fetched(file.id, problem=self.one_of(["", "it is empty"])))
            case StageFiles():
                self.add(FilesStaged(files=tuple(file.file for file in self.session.unstaged)))
            case ShareCode(snippet=code):
                self.add(*logs.shown(code.key, problem=self.one_of(["", "it is too large"])))
            case Execute(call=call):
                self._execute(call.call, call.tool, started=call.started)
            case RequestApproval(call=call):
                self.add(ApprovalRequested(call=call.call, tool=call.tool, approvers=("UADA",)))
            case Refuse(call=call):
                self.add(logs.finished(call.call, call.tool, output="refused", is_error=True))
            case Pause(reached=reached):
                self.add(reached)
            case ReadThread():
                self.add(ThreadRead(messages=(), left_out=0))
            case Recall():
                self.add(self.one_of([logs.recalled(), logs.recalled(logs.hit())]))
            case Compact():
                summary = logs.compacted(through=self.session.head)
                ends: list[Event] = [summary, logs.overloaded()]
                self.add(self.one_of(ends))
            case AskModel():
                self._ask()
            case Publish(stage=stage):
                self._publish(stage)
            case FinishTurn(outcome=outcome):
                self.add(TurnFinished(turn=self.session.turn, outcome=outcome))
            case Index(turn=turn):
                self.add(SolutionIndexed(turn=turn, kept=True))
            case Rest():
                self.interfere()
            case _:
                assert_never(step)

    def _publish(self, stage: Stage) -> None:
        turn = self.session.turn
        commit = f"{self.session.head:040}"
        exported = self.session.change.exported
        done: dict[Stage, list[Event]] = {
            "check": [changes.checked(changes.ran(self.one_of([0, 0, 1])), turn=turn)],
            "export": [changes.exported(commit, turn=turn)],
            "authorise": [changes.authorised(exported.commit if exported else commit, turn=turn)],
            "deny": [changes.withheld("denied", turn=turn)],
            "push": [
                changes.push_started(exported.commit if exported else commit, turn=turn),
                changes.pushed(exported.commit if exported else commit, turn=turn),
            ],
            "open": [changes.opening(turn=turn), changes.opened(turn=turn)],
            "give_up": [changes.withheld("refused", turn=turn)],
        }
        ends = done[stage]
        other: list[list[Event]] = [ends[:1], [changes.withheld(turn=turn)], [changes.awaited()]]
        self.add(*self.one_of([ends, ends, ends, *other]))

    def _execute(self, call: str, tool: str, *, started: bool) -> None:
        if not started:
            self.add(logs.started(call, tool))
        if self.one_of([True, True, False]):
            self.add(logs.finished(call, tool, output=self.one_of(["ok", "", "\n"])))
            if self.session.sandbox is not None and self.one_of([False, False, True]):
                self.add(SandboxLost(reference="w1"))

    def _ask(self) -> None:
        through = self.session.head
        if self.one_of([False, False, True]):
            self.interfere()
        self.add(logs.asked(through))
        self.spoken += 1
        call = f"c{self.spoken}"
        answers: list[Event] = [
            logs.answered(logs.words("done"), tokens=self.one_of([10, 200_000])),
            logs.answered(logs.words("look"), logs.use(call), logs.use(f"{call}b", "view", path="a.py")),
            logs.answered(logs.use(call, "ask", question="Which one?")),
            logs.answered(logs.use(call, "ask", wrong="input")),
            logs.answered(logs.words("  "), stop="end_turn"),
            logs.answered(logs.words("half of"), stop="max_tokens"),
            logs.answered(logs.use(call), stop="max_tokens"),
            logs.answered(logs.words("no"), stop="refusal"),
            logs.overloaded(),
            logs.too_long(),
            logs.rejected(),
        ]
        if self.one_of([True, True, True, False]) and _to_be_asked(self.session):
            self.add(self.one_of(answers))


def _to_be_asked(session: Session) -> bool:
    """Whether the model has anything to answer; everything may be withdrawn while it is asked."""
    return bool(session.conversation) and session.last_spoken is None


def surroundings(now: datetime) -> Facts:
    """A channel that wants to be asked about commands, and an allowance that a long walk uses up."""
    return Facts(
        now=now,
        visibility="public",
        barren_claims=0,
        policy=ToolPolicy(rules={"bash": "ask", "pull_request": "ask"}),
        budget=Budget(steps=4, setbacks=3),
        meant=Undecided(likely=()),
    )


@st.composite
def walks(draw: st.DrawFn) -> Walk:
    """A walk from an empty log, each round a step of the brain or the interference of somebody."""
    walk = Walk(draw=draw)
    walk.add(logs.opened(), logs.said("word 0", ts="0.0"))
    for _ in range(draw(st.integers(1, LONGEST))):
        if draw(st.integers(0, 5)) == 0:
            walk.interfere()
            continue
        # Far ahead of every delay: what was waited for is due.
        now = logs.at(walk.session.head) + timedelta(hours=1)
        step = decide(walk.session, surroundings(now))
        walk.steps.append(step)
        walk.perform(step)
    return walk
