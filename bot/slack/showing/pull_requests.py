"""What the thread is told about its pull request after the answer. Pure."""

from __future__ import annotations

from bot.brain.changes.publication import Stage, due_stage, waiting_push
from bot.slack.showing.rendered import Rendered, cut, escape, first_line, link, plain
from memory.log.session import Session

_ENDS = {
    "merged": ":tada: {} is merged. Its solution counts as confirmed.",
    "closed": ":no_entry_sign: {} was closed without a merge. Its solution counts for less from now on.",
    "reverted": ":leftwards_arrow_with_hook: {} was reverted. Its solution counts for less from now on.",
    "taken": ":raised_hand: Somebody else committed to the branch of {}. I leave it alone from here.",
}


_STAGES: dict[Stage, str] = {
    "check": "Running the repository's checks",
    "export": "Looking through the change",
    "authorise": "Asking whether this may be pushed",
    "push": "Pushing the branch",
    "open": "Opening the pull request",
}


def publishing(session: Session) -> str | None:
    """What is done with the change of the answer now, for the progress message; None when nothing is."""
    stage = due_stage(session)
    waiting = waiting_push(session)
    approval = session.approval(waiting.call) if waiting else None
    if approval is not None and approval.given is None:
        return "Waiting for approval"
    if stage is not None and session.change.awaited is not None:
        cause = first_line(session.change.awaited.detail.partition(": ")[0], 140)
        return f"Waiting: {escape(cause)}. I ask again by myself"
    return _STAGES.get(stage) if stage is not None else None


def pull_request_notice(session: Session, key: str) -> Rendered:
    """The post with this key: how it ended, or what whoever goes on has to know."""
    _, number, what, *_ = key.split(":")
    opened = session.change.opened
    name = f"Pull request #{number}"
    address = opened.address if opened and opened.number == int(number) else ""
    shown = link(address, name) if address.startswith("http") else f"*{name}*"
    if what == "handoff":
        return plain(_handoff(session, shown))
    told = _ENDS[what].format(shown)
    return plain(told if what != "merged" or _approved(session) else f"{told} {_ALONE}")


_ALONE = "Nobody but who asked for it has approved it."


def _approved(session: Session) -> bool:
    """Whether somebody approved it whose approval counts."""
    standing = session.change.standing
    return standing is not None and any(review.verdict == "approved" for review in standing.reviews)


def _handoff(session: Session, shown: str) -> str:
    """Always the same four: head, tried, evidence, one question."""
    change = session.change
    failures = change.standing.failures if change.standing else ()
    evidence = "; ".join(f"{check.name}: {first_line(check.summary, 120)}" for check in failures)
    reviews = change.standing.reviews if change.standing else ()
    said = f"{reviews[-1].author}: {first_line(reviews[-1].text, 120)}" if reviews else "nothing else"
    answer = session.finished_turns[-1].answer if session.finished_turns else ""
    return "\n".join(
        [
            f":handshake: I hand {shown} over to you.",
            f"*Head* `{(change.handed_over or '')[:12]}`",
            f"*Tried* {change.repairs} rounds of repair, the last: {escape(first_line(answer, 160))}",
            f"*Evidence* {escape(cut(evidence or said, 600))}",
            "*Question* Which way should this go: tell me here, or take the branch over?",
        ]
    )
