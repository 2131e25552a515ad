"""Code of an answer stays byte by byte what it is, and calls nobody."""

from __future__ import annotations

import pytest

from bot.brain.conclusion import answer_parts
from bot.slack.showing.bold import loosened
from bot.slack.showing.code_spans import BOXES, markdown_blocks, quiet_code
from bot.workspace.limits import checked_blocks
from memory.log.events import Json
from tests.brain.logs import first_answer, session_of, words

CODE = 'notify("@channel", "<!here>", "<@UADA>")  # **not bold:**x\n| a | b |\n|---|---|'


def blocks(said: str) -> list[Json]:
    [part] = answer_parts(session_of(*first_answer(words(said))))
    return list(checked_blocks(markdown_blocks(part)))


def boxed(block: Json) -> str:
    return str(block["elements"][0]["elements"][0]["text"])


def test_a_fence_that_calls_somebody_is_shown_as_it_is_in_a_box_without_markup() -> None:
    before, box, after = blocks(f"See:\n\n```python\n{CODE}\n```\n\nThat is all.")
    assert boxed(box) == CODE
    assert (before["text"], after["text"].strip()) == ("See:\n\n", "That is all.")


def test_a_fence_that_calls_nobody_stays_in_the_markdown_with_its_language() -> None:
    said = 'See:\n\n```python\nmail("@channel", a["**b:**c"])\n| a | b |\n```'
    assert [block["text"] for block in blocks(said)] == [said]


def test_a_fence_that_nothing_closes_is_one_to_the_end() -> None:
    _, box = blocks("See:\n```\n<!channel>")
    assert boxed(box) == "<!channel>"


def test_between_backticks_a_call_looks_as_before_and_has_no_power() -> None:
    assert [block["text"] for block in blocks("Write `<!channel>` and `@here`.")] == [
        "Write `<\N{WORD JOINER}!channel>` and `@here`."
    ]


def test_of_very_many_such_fences_none_has_power_and_the_message_fits() -> None:
    [block] = blocks("```\n<!channel>\n```\n" * (BOXES + 1))
    assert "<!" not in block["text"]


def test_what_notifications_show_calls_nobody_from_code() -> None:
    assert quiet_code("<@UADA> `<@UBEN>`\n```\n<!here>\n```") == (
        "<@UADA> `<\N{WORD JOINER}@UBEN>`\n```\n<\N{WORD JOINER}!here>\n```"
    )


@pytest.mark.parametrize(
    ("written", "bold"),
    [
        ("**Status:**OK", "**Status**:OK"),
        ("\u5b57**\u300c\u91cd\u8981\u300d**\u5b57", "\u5b57\u300c**\u91cd\u8981**\u300d\u5b57"),
        ("**Status:** OK, **x** and a**b**c", "**Status:** OK, **x** and a**b**c"),
        ("**:**x and 2 ** 3 ** 4", "**:**x and 2 ** 3 ** 4"),
    ],
)
def test_bold_beside_words_is_bold(written: str, bold: str) -> None:
    assert loosened(written) == bold
