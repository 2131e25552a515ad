"""The post that puts a call before people, in each of its states. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from bot.brain.approving import shown_whole
from bot.brain.changes.publication import push_call, waiting_push
from bot.brain.policy import PULL_REQUEST
from bot.slack.showing.rendered import Rendered, actions, button, code, context, cut, escape, section
from memory.log.events import ApprovalGiven, Json
from memory.log.session import Approval, Session, ToolCall

APPROVE, APPROVE_THREAD, DENY = "oxbow_approve", "oxbow_approve_thread", "oxbow_deny"
"""Action ids. The value of each button is the call's id."""


def approval_post(session: Session, call_id: str) -> Rendered:
    """The question with its buttons while it is open, else what became of it, without any."""
    known = (*(call for call, _ in session.tool_log), *_push(session))
    call = next((call for call in known if call.call == call_id), None)
    approval = session.approval(call_id)
    if call is None or approval is None:
        return settled("This question is no longer open.", None)
    if approval.given is not None:
        return settled(_decided(approval.given, call.tool), call)
    gone = call.tool == PULL_REQUEST and waiting_push(session) is None
    if call.finished is not None or not session.turn_open or gone:
        return settled(":heavy_multiplication_x: Not decided: the work was stopped.", call)
    return _asking(call, approval)


def settled(what: str, call: ToolCall | None) -> Rendered:
    """What became of the question, and what it was about."""
    about = [code(cut(_shown(call), 600))] if call is not None else []
    return Rendered(text=what, blocks=(section(what), *about))


def bystander(approval: Approval) -> str:
    """What somebody is told who may not decide."""
    who = " or ".join(f"<@{person}>" for person in approval.approvers) or "a member of this workspace"
    return f"This is for {who} to decide. Say it in the thread, and they will read it."


def _asking(call: ToolCall, approval: Approval) -> Rendered:
    who = ", ".join(f"<@{person}>" for person in approval.approvers)
    return Rendered(
        text=f"{_question(call)} I wait for a decision.",
        blocks=(
            section(f"*{_question(call)}*"),
            code(_shown(call)),
            actions(*_buttons(call)),
            context(
                f"{who} may decide. What you write now reaches me with the decision; *stop* ends the work."
            ),
        ),
    )


def _question(call: ToolCall) -> str:
    if call.tool == PULL_REQUEST:
        return "May I push this and open a draft pull request?"
    return f"May I use {escape(call.tool)} for this?"


def _buttons(call: ToolCall) -> Iterator[Json]:
    yield button("Approve", action=APPROVE, value=call.call, style="primary")
    if call.tool != PULL_REQUEST:
        # The word about a push is about its commit, and about no other.
        yield button(f"Approve {call.tool} in this thread", action=APPROVE_THREAD, value=call.call)
    yield button("Deny", action=DENY, value=call.call, style="danger")


def _push(session: Session) -> tuple[ToolCall, ...]:
    return (push_call(session),) if session.change.exported is not None else ()


def _decided(given: ApprovalGiven, tool: str) -> str:
    by = escape(given.by_name)
    if not given.approved:
        return f":no_entry: Denied by {by}."
    if given.scope == "thread":
        return f":white_check_mark: {by} approved {escape(tool)} for this thread."
    return f":white_check_mark: Approved by {by}."


def _shown(call: ToolCall) -> str:
    # A call that cannot be shown whole is never put before people.
    return shown_whole(call) or ""
