"""Whether a call may be made: by the channel's policy, or by the word of somebody who may decide. Pure."""

from __future__ import annotations

from bot.brain.approving import shown_whole
from bot.brain.steps import Facts, Post, Refuse, RequestApproval, Rest, Step
from memory.log.session import Session, ToolCall


def permission(session: Session, call: ToolCall, facts: Facts) -> Step | None:
    """None once the call may be made; else what has to happen first, or that it is refused."""
    approval = session.approval(call.call)
    if call.started:
        return None
    if approval is None:
        return _ask_or_refuse(session, call, facts)
    key = f"approval:{call.call}"
    if session.reply(key) is None:
        return Post(key=key, kind="approval")
    if approval.given is None:
        return Rest()
    return None if approval.given.approved else Refuse(call=call)


def _ask_or_refuse(session: Session, call: ToolCall, facts: Facts) -> Step | None:
    match facts.policy.of(call.tool):
        case "allow":
            return None
        case "deny":
            return Refuse(call=call)
        case "ask" if session.approved_for_thread(call.tool):
            return None
        case "ask":
            # Nobody can approve what they cannot read.
            return RequestApproval(call=call) if shown_whole(call) is not None else Refuse(call=call)
