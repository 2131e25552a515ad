"""The post that offers an earlier solution as the answer, before the model is asked. Pure."""

from __future__ import annotations

from bot.slack.showing.rendered import (
    Rendered,
    actions,
    button,
    context,
    cut,
    escape,
    first_line,
    harmless,
    link,
    markdown,
    section,
)
from memory.log.events import Json, RecalledSolution
from memory.log.session import Session

OFFER = "offer:1"
"""Key of the post: a session offers once."""

ACCEPT, DECLINE = "oxbow_offer_solved", "oxbow_offer_go_on"
"""Action ids. The value of each button is the solution's identifier."""

FIX_CHARACTERS = 3_000
"""Of the earlier answer; the link leads to the whole."""


def offer_post(session: Session, *, over: bool = False) -> Rendered:
    """The offer with its buttons, or without them once it is `over` or somebody pressed one."""
    hit = session.offer
    if hit is None:
        return Rendered(text="An earlier thread", blocks=(section("An earlier thread"),))
    title = link(hit.permalink, first_line(hit.problem, 160))
    return Rendered(
        text=f"This was solved before: {first_line(hit.problem, 120)}",
        blocks=(
            section(f"*This was solved before:* {title}"),
            markdown(harmless(cut(hit.fix, FIX_CHARACTERS))),
            context(f"#{escape(hit.channel)}  ·  confirmed  ·  {hit.finished_at[:10]}  ·  {escape(hit.why)}"),
            _end(session, hit, over=over),
        ),
    )


def _end(session: Session, hit: RecalledSolution, *, over: bool) -> Json:
    if session.offer_accepted:
        return context(":white_check_mark: That solved it.")
    if over or session.offer_accepted is False:
        return context("I went on from there.")
    return actions(
        button("That solved it", action=ACCEPT, value=hit.solution, style="primary"),
        button("Keep working", action=DECLINE, value=hit.solution),
    )
