"""The buttons under earlier threads that were found: whoever presses one sees that it was heard."""

from __future__ import annotations

from bot.slack.hearing.listener import Listener
from bot.slack.showing.rendered import Rendered
from bot.slack.showing.rendering import recalled
from memory.log.fold import fold
from memory.log.session_log import SessionLog, ThreadAddress


class Dismissing:
    """Hears that an earlier thread is not relevant."""

    def __init__(self, log: SessionLog, listener: Listener) -> None:
        self._log = log
        self._listener = listener

    def press(self, address: ThreadAddress, by: str, solution: str, delivery: str) -> Rendered | None:
        """Somebody pressed the button; the post as it is now. When this returns, the press is in the log.

        None when the thread has no such post.
        """
        self._listener.feedback(address, by, "not_relevant", delivery, solution=solution)
        state = self._log.thread_state(address)
        session = None if state is None else fold(self._log.read(state.session))
        if session is None or session.recalled is None:
            return None
        return recalled(session.recalled.hits, session.dismissed)
