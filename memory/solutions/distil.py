"""A finished turn read into a solution, by rules alone. Pure.

Nothing here guesses: the problem is what people asked, the fix is what the answer says, the evidence is what
commands returned. A field that the log does not hold stays empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from uuid import UUID

from memory.log.change import Publication
from memory.log.session import FinishedTurn, Judgement, Session, ToolCall
from memory.solutions.solution import Evidence, Outcome, Solution, Utterance

RULES_VERSION = 1
"""Raised when other fields are read out of the same log."""

SYMPTOMS = 8
"""Error lines kept of one turn: the first ones name the problem, later ones repeat it."""

ENVIRONMENT = 8
"""Programs with their versions kept of one turn: a longer list is the output of an installer."""

EVIDENCE = 20
"""Commands kept of one turn, the last ones: they show that the fix holds."""

_ERROR = re.compile(
    r"^.{0,200}\b(?:\w*(?:Error|Exception|Failure)\b|error:|fatal:|panic:).{0,200}$", re.MULTILINE
)
_COMMIT = re.compile(r"^\[\S+(?: \(root-commit\))? ([0-9a-f]{7,40})\] ", re.MULTILINE)


_VERSION = re.compile(
    r"\b(?:[A-Z][\w+#-]*|(?:python|node|npm|pip|go|java|ruby|gcc|psql|postgres\w*)) v?\d+(?:\.\d+)+\b"
    r"|\b[\w-]+==\d[\w.]*\b"
)
"""A program with its version: `Python 3.11.4`, `node v20.1`, `requests==2.31`."""

_NOTHING_FOUND = re.compile(
    r"\W*(?:I (?:have no (?:recording|idea|answer)|have nothing|(?:could|did|do|can) ?n[o']t (?:find|know)"
    r"|found nothing|am a scripted model)|nothing (?:similar|like it|relevant)|the recording\b)",
    re.IGNORECASE,
)
"""How an answer begins that says nothing was found."""


def distil(session: Session, turn: int, *, session_id: UUID, permalink: str) -> Solution | None:
    """What the turn taught; None when its question was withdrawn or its answer says that nothing was found.

    Nothing of it is kept then.
    """
    opened = session.opened
    finished = next((done for done in session.finished_turns if done.turn == turn), None)
    said = tuple(m for m in session.messages if m.turn == turn and not m.withdrawn)
    if opened is None or finished is None or not said:
        return None
    calls = tuple(call for call, at in session.tool_log if at == turn)
    problem, fix, outcome = said[0].text, finished.answer, _outcome(session, finished)
    if outcome != "confirmed" and _says_nothing(fix, calls):
        return None
    attached = session.last_sandbox
    return Solution(
        team=opened.team,
        channel=opened.channel,
        thread=opened.thread,
        turn=turn,
        session=session_id,
        problem=problem,
        fix=fix,
        outcome=outcome,
        finished_at=finished.finished_at,
        permalink=permalink,
        symptoms=_symptoms([problem, *_outputs(calls)]),
        environment=_environment([*(m.text for m in said), *_outputs(calls), fix]),
        evidence=_evidence(calls),
        files=tuple(
            dict.fromkeys(str(c.input["path"]) for c in calls if c.tool in ("edit", "write") and _went(c))
        ),
        repository=attached.repository if attached else None,
        commit=session.change.commit_of(turn) or _commit(calls),
        pull_request=_pull_request(session.change, turn),
        people=tuple(dict.fromkeys(message.author_name for message in said)),
        conversation=(
            *(Utterance(author=m.author_name, text=m.text) for m in said),
            *([Utterance(author="Oxbow", text=fix)] if fix else []),
        ),
    )


def _says_nothing(answer: str, calls: Iterable[ToolCall]) -> bool:
    """The answer begins by saying that nothing was found, without a *but*, and nothing was changed."""
    first = re.split(r"(?<=[.!?])\s", answer.strip(), maxsplit=1)[0]
    changed = any(call.tool in ("edit", "write") and _went(call) for call in calls)
    return bool(_NOTHING_FOUND.match(first)) and " but " not in first and not changed


def _outcome(session: Session, finished: FinishedTurn) -> Outcome:
    if finished.outcome == "failed":
        return "failed"
    match _verdict(session.feedback, finished.turn):
        case "solved":
            return "confirmed"
        case "not_solved":
            return "unsolved"
        case _:
            return _merged(session, finished.turn)


def _merged(session: Session, turn: int) -> Outcome:
    """Without a word of people, what became of the pull request is one."""
    match session.change.end_of(turn):
        case "merged":
            return "confirmed"
        case "closed" | "reverted":
            return "unsolved"
        case _:
            return "answered"


def _verdict(feedback: Iterable[Judgement], turn: int) -> str | None:
    """The last word on the turn's own answer."""
    own = [word.given.verdict for word in feedback if word.turn == turn and word.given.solution is None]
    return own[-1] if own else None


def _outputs(calls: Iterable[ToolCall]) -> Iterable[str]:
    return (call.finished.output for call in calls if call.tool == "bash" and call.finished)


def _pull_request(change: Publication, turn: int) -> str | None:
    """The link of the one that the turn's commit is part of."""
    opened = change.opened
    return opened.address if opened and opened.turn <= turn and change.commit_of(turn) else None


def _symptoms(texts: Iterable[str]) -> tuple[str, ...]:
    lines = (line.strip() for text in texts for line in _ERROR.findall(text))
    return tuple(dict.fromkeys(lines))[:SYMPTOMS]


def _environment(texts: Iterable[str]) -> tuple[str, ...]:
    found = (match.group() for text in texts for match in _VERSION.finditer(text))
    return tuple(dict.fromkeys(found))[:ENVIRONMENT]


def _evidence(calls: Iterable[ToolCall]) -> tuple[Evidence, ...]:
    commands = [
        Evidence(command=str(call.input["command"]), exit_code=call.finished.exit_code)
        for call in calls
        if call.tool == "bash" and call.finished and "command" in call.input
    ]
    return tuple(commands[-EVIDENCE:])


def _went(call: ToolCall) -> bool:
    return call.finished is not None and not call.finished.is_error


def _commit(calls: Iterable[ToolCall]) -> str | None:
    found = [commit for output in _outputs(calls) for commit in _COMMIT.findall(output)]
    return found[-1] if found else None
