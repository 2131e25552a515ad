"""The post that asks which repository is meant, in each of its states. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.slack.showing.rendered import Rendered, actions, button, context, cut, escape, section
from memory.log.events import Json
from memory.log.repository_events import HowChosen, RepositoryAsked
from memory.log.session import Session

PICK, NONE = "oxbow_repository", "oxbow_no_repository"
"""Action ids of the menu and of the button beside it. Their values begin with the number of the question."""

GROUP = 100
"""Options in one group of a menu, and groups in one menu: Slack's limits."""

OPTION_CHARACTERS = 75
"""Slack's limit of an option's text."""

HOW: dict[HowChosen, str] = {
    "named": "as the thread says",
    "channel": "the channel's default",
    "routed": "which the thread describes",
    "described": "which the thread describes",
    "only": "the only one here",
    "classified": "which the thread seems to mean",
    "picked": "as picked in the thread",
}


def chosen_words(session: Session, commit: str = "") -> str:
    """The repository and why it is that one, in Slack's markup; empty while none is chosen.

    With `commit`, where the work began is named too.
    """
    chosen = session.choice.chosen
    if chosen is None:
        return ""
    if chosen.repository is None:
        return "without a repository"
    where = f"`{escape(chosen.repository)}` at {commit}" if commit else f"`{escape(chosen.repository)}`"
    return f"in {where}, {HOW[chosen.how]}"


def repository_question(session: Session, number: int, *, over: bool = False) -> Rendered:
    """The question with its menu while it is open, else what became of it, without any."""
    asked = session.choice.question(number)
    if asked is None:
        return _settled("This question is no longer open.")
    picked = session.choice.answer(number)
    if picked is not None:
        what = f"`{escape(picked.repository)}`" if picked.repository else "no repository"
        return _settled(f":white_check_mark: {escape(picked.by_name)} chose {what}.")
    if session.choice.chosen is not None:
        return _settled(f":white_check_mark: I work {chosen_words(session)}.")
    if over or session.choice.open_in(session.turn) != asked or not session.turn_open:
        return _settled(":heavy_multiplication_x: Not decided: the work was stopped.")
    return _asking(asked)


def not_yours(asked: RepositoryAsked) -> str:
    """What somebody is told who may not choose."""
    who = " or ".join(f"<@{person}>" for person in asked.choosers)
    return f"This is for {who} to choose. Say it in the thread, and they will read it."


def _asking(asked: RepositoryAsked) -> Rendered:
    who = ", ".join(f"<@{person}>" for person in asked.choosers)
    refused = ", ".join(f"`{escape(name)}`" for name in asked.refused)
    unknown = f"\n{refused} is not among those that I may work on." if refused else ""
    menu: Json = {
        "type": "static_select",
        "action_id": PICK,
        "placeholder": {"type": "plain_text", "text": "Choose a repository"},
        "option_groups": list(_groups(asked)),
    }
    none = button("No repository", action=NONE, value=f"{asked.number}:")
    return Rendered(
        text="Which repository is this about?",
        blocks=(
            section(f"*Which repository is this about?*{unknown}"),
            actions(menu, none),
            context(f"{who} may choose, here or with `repo: name` in the thread; *stop* ends the work."),
        ),
    )


def _groups(asked: RepositoryAsked) -> Iterator[Json]:
    """The likely ones first; Slack's clients search through all of them."""
    yield from _grouped("Likely", asked.likely, asked.number)
    yield from _grouped("Others" if asked.likely else "Repositories", asked.others, asked.number)


def _grouped(label: str, names: Sequence[str], number: int) -> Iterator[Json]:
    for part in (names[start : start + GROUP] for start in range(0, len(names), GROUP)):
        options = [
            {
                "text": {"type": "plain_text", "text": cut(name, OPTION_CHARACTERS)},
                "value": f"{number}:{name}",
            }
            for name in part
        ]
        yield {"label": {"type": "plain_text", "text": label}, "options": options}


def _settled(what: str) -> Rendered:
    return Rendered(text=what, blocks=(section(what),))
