"""Long code of an answer: after its words, once each, and as words where it can be no file."""

from __future__ import annotations

from bot.brain.conclusion import answer_files, answer_parts
from bot.brain.decide import decide
from bot.brain.snippets import LONGEST_CODE
from bot.brain.steps import FinishTurn, Post, ShareCode
from memory.log.events import Event
from tests.brain.logs import first_answer, posted, said, session_of, shown, words
from tests.brain.steps import facts, step

CODE = "x = 1\n" * LONGEST_CODE
ANSWER = first_answer(words(f"Here:\n\n```python\n{CODE}```"))
SAID: tuple[Event, ...] = (*ANSWER, *posted("answer:1:1", "answer"))
[SNIPPET] = answer_files(session_of(*ANSWER))


def test_first_come_the_words_then_the_code_then_the_end() -> None:
    assert step(*ANSWER) == Post(key="answer:1:1", kind="answer")
    assert step(*SAID) == ShareCode(snippet=SNIPPET)
    assert step(*SAID, *shown(SNIPPET.key)) == FinishTurn(outcome="answered")


def test_an_upload_without_an_end_is_gone_on_with() -> None:
    assert step(*SAID, shown(SNIPPET.key)[0]) == ShareCode(snippet=SNIPPET)


def test_what_is_said_meanwhile_does_not_come_between_words_and_code() -> None:
    assert step(*SAID, said("and then?", ts="8.0")) == ShareCode(snippet=SNIPPET)


def test_code_that_can_be_no_file_follows_as_words() -> None:
    failed = session_of(*SAID, *shown(SNIPPET.key, problem="it is not wanted"))
    assert decide(failed, facts()) == Post(key="answer:1:2", kind="answer")
    shown_code = "".join(answer_parts(failed)[1:])
    assert shown_code.count("x = 1\n") == LONGEST_CODE


def test_of_another_answer_the_code_is_another_file() -> None:
    [other] = answer_files(session_of(*first_answer(words(f"```python\n{CODE}y = 2\n```"))))
    assert other.key != SNIPPET.key
