"""`oxbow forget LINK`: the operator withdraws what a thread taught."""

from __future__ import annotations

from uuid import uuid4

from rich.console import Console

from bot.compose import open_database
from bot.operator.commands import NothingFound, team_of
from bot.settings import read_settings
from bot.slack.hearing.correcting import thread_of
from bot.slack.showing.rendered import count
from memory.solutions.corrections import Corrections

OPERATOR = "operator"
"""Who said so in the history of corrections; no person of Slack is called that."""


def forget(link: str) -> int:
    """Withdraw everything that the thread of this link taught, with its text, for good."""
    settings = read_settings()
    with open_database(settings) as engine:
        corrections, team = Corrections(engine), team_of(settings, engine)
        address = thread_of(corrections, team, link)
        if address is None:
            raise NothingFound(f"{link!r} is no link of a thread: copy the link of its first message")
        number = corrections.correct(
            team=team,
            channel=address.channel,
            thread=address.thread,
            correction="forget",
            by=OPERATOR,
            delivery=f"operator:{uuid4()}",
        )
    if not number:
        raise NothingFound(f"the memory holds nothing that the thread of {link} taught")
    Console().print(f"{count(number, 'solution')} forgotten.", markup=False)
    return 0
