"""The post that asks which repository is meant."""

from __future__ import annotations

from bot.slack.showing.repository_question import GROUP, chosen_words, repository_question
from bot.workspace.limits import checked_blocks
from memory.log.events import Event, Json
from memory.log.repository_events import RepositoryChosen
from memory.log.session import Session
from tests.brain.logs import first_answer, picked, repository_asked, session_of, use

CALLING = first_answer(use("c1"))


def asking(*events: Event, **asked: object) -> Session:
    return session_of(*CALLING, repository_asked(**asked), *events)  # type: ignore[arg-type]


def menu(session: Session) -> list[Json]:
    """The groups of the menu."""
    blocks = checked_blocks(list(repository_question(session, 1).blocks))
    groups: list[Json] = blocks[1]["elements"][0]["option_groups"]
    return groups


def test_all_of_hundreds_can_be_found_and_the_likely_ones_come_first() -> None:
    names = tuple(f"acme/service-{number}" for number in range(318))
    groups = menu(asking(likely=("acme/shop",), others=names))
    assert [(group["label"]["text"], len(group["options"])) for group in groups] == [
        ("Likely", 1), ("Others", GROUP), ("Others", GROUP), ("Others", GROUP), ("Others", 18),
    ]  # fmt: skip
    offered = [option["value"] for group in groups for option in group["options"]]
    assert offered == ["1:acme/shop", *(f"1:{name}" for name in names)]


def test_what_was_asked_for_and_is_not_on_the_list_is_said() -> None:
    post = repository_question(asking(refused=("evil/<orders>",)), 1)
    assert "`evil/&lt;orders&gt;` is not among those" in str(post.blocks)


def test_an_answered_question_has_no_menu_and_says_what_was_chosen() -> None:
    assert repository_question(asking(picked()), 1).text == ":white_check_mark: Ada chose `cart`."
    none = repository_question(asking(picked(repository=None)), 1)
    assert none.text == ":white_check_mark: Ada chose no repository."
    by_words = asking(RepositoryChosen(repository="orders", how="named"))
    told = repository_question(by_words, 1)
    assert (told.text, len(told.blocks)) == (":white_check_mark: I work in `orders`, as the thread says.", 1)


def test_a_question_that_is_over_has_no_menu() -> None:
    for post in (repository_question(asking(), 1, over=True), repository_question(asking(), 2)):
        assert [block["type"] for block in post.blocks] == ["section"]


def test_the_choice_is_named_with_what_decided() -> None:
    chosen = session_of(RepositoryChosen(repository="acme/shop", how="channel"))
    assert chosen_words(chosen) == "in `acme/shop`, the channel's default"
    assert chosen_words(chosen, "0123abc") == "in `acme/shop` at 0123abc, the channel's default"
    assert chosen_words(session_of(RepositoryChosen(repository=None, how="picked"))) == "without a repository"
