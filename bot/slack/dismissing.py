"""The buttons under earlier threads that were found: whoever presses one sees that it was heard."""

from __future__ import annotations

from bot.slack.listener import Listener
from bot.slack.rendered import Rendered
from bot.slack.rendering import recalled
from memory.fold import fold
from memory.log import SessionLog, ThreadAddress


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
