"""The menu under the question for a repository: whose choice counts, and what the chooser sees of it."""

from __future__ import annotations

from bot.slack.answering.decisions import PRESS_AGE, Answer
from bot.slack.gate import Gate
from bot.slack.people import People
from bot.slack.showing.rendered import plain
from bot.slack.showing.repository_question import not_yours, repository_question
from memory.log.fold import fold
from memory.log.repository_events import RepositoryAsked, RepositoryPicked
from memory.log.session import Session
from memory.log.session_log import SessionLog, ThreadAddress


class Picking:
    """Takes in choices: the first of somebody who may choose counts, once."""

    def __init__(self, *, log: SessionLog, gate: Gate, people: People) -> None:
        self._log = log
        self._gate = gate
        self._people = people

    def pick(self, address: ThreadAddress, by: str, value: str) -> Answer:
        """Somebody chose; `value` is the option's: the question's number, and a name or nothing.

        When this returns, what counts of it is in the log.
        """
        number, _, name = value.partition(":")
        session = self._session(address)
        asked = _open(session, int(number), name)
        if asked is None:
            return Answer(rendered=repository_question(session, int(number)), replaces=True)
        if by not in asked.choosers:
            return Answer(rendered=plain(not_yours(asked)), replaces=False)
        if self._gate.check(address.channel, max_age=PRESS_AGE).visibility == "public":
            picked = RepositoryPicked(
                number=asked.number, by=by, by_name=self._people.name(by), repository=name or None
            )
            self._log.receive(address, [picked], delivery_key=f"repository:{number}")
        return Answer(rendered=repository_question(self._session(address), asked.number), replaces=True)

    def _session(self, address: ThreadAddress) -> Session:
        state = self._log.thread_state(address)
        return Session() if state is None else fold(self._log.read(state.session))


def _open(session: Session, number: int, name: str) -> RepositoryAsked | None:
    """The question, if it waits for a choice and offers this one."""
    asked = session.choice.open_in(session.turn) if session.turn_open else None
    if asked is None or asked.number != number or session.choice.answer(number) is not None:
        return None
    return asked if not name or name in (*asked.likely, *asked.others) else None
