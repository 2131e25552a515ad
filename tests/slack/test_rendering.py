"""What is posted: within Slack's limits whatever it is made of, and harmless whatever it says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from bot.brain.conclusion import answer_parts
from bot.slack.answering.commands import HELP
from bot.slack.showing import rendered, rendering
from bot.slack.showing.rendered import Rendered
from bot.slack.showing.rendering import Surroundings
from bot.slack.showing.search_results import Results, search_results
from bot.workspace.limits import UPDATED_TEXT, checked_blocks
from memory.log.events import Event, ReplyKind, TurnOutcome
from memory.log.session import Session
from memory.log.usage import Usage
from memory.recall.finding import Found
from memory.recall.query import Query
from memory.recall.recall import Hit
from tests.brain.logs import (
    START,
    answered,
    asked,
    at,
    attached,
    beginning,
    broken,
    finished,
    first_answer,
    hit,
    overloaded,
    recalled,
    rejected,
    said,
    session_of,
    started,
    then,
    unavailable,
    use,
    words,
)

AROUND = Surroundings(now=at(70), notices=())
LONG = "x" * 50_000
HOSTILE = {
    "empty": "",
    "blank": " \n\t\n",
    "long": LONG,
    "long lines": (("y" * 5_000) + "\n") * 9,
    "control characters": "&<>" * 9_000,
    "a broadcast": "<!channel> <!here|here> @everyone <!subteam^S1|@oncall>",
    "a mention": "<@U0ADA00001> and <@W0BRUNO|bruno>",
    "a link": "<https://evil.example|https://good.example>",
    "markdown": "`code` ``` *bold* _it_ ~no~ > quote | table [a](b)",
    "emoji": "👩‍💻" * 4_000,
    "NUL and friends": "\x00\x07\u202e\ud83d".encode("utf-8", "replace").decode(),
}


def accepted(made: Rendered) -> bool:
    """Whether Slack takes it as a new message and as a change of one."""
    checked_blocks(list(made.blocks))
    return 0 < len(made.text.strip()) <= UPDATED_TEXT


def shown(made: Rendered) -> str:
    """All text that people see; the value of a button is none."""
    return re.sub(r"'value': '[^']*'", "", f"{made.text} {made.blocks}")


def notifies(made: Rendered) -> bool:
    """Whether it holds anything that would disturb people; in Markdown a bare @here may do so."""
    standard = " ".join(block["text"] for block in made.blocks if block["type"] == "markdown")
    return bool(re.search("<!|<@", shown(made)) or re.search(r"(?<![\w.])@(here|channel|everyone)", standard))


def render(session: Session, key: str, kind: ReplyKind) -> Rendered:
    return rendering.render(session, key=key, kind=kind, around=AROUND)


def everything(text: str) -> list[Rendered]:
    """Every kind of post, with the text wherever people, models and backends can put one."""
    calls = [use(f"c{n}", text or "bash", command=text) for n in range(12)]
    working = session_of(
        *first_answer(words(text), *calls), *(finished(f"c{n}") for n in range(6)), started("c6")
    )
    thinking = session_of(*first_answer(words(text), use()), finished(output=text), asked(9))
    asking = session_of(*first_answer(use("c1", "ask", question=text.strip() or "?")))
    past = hit(text, fix=text, why=text, channel=text, permalink=f"https://{text}")
    ended = then(
        session_of(*first_answer(use()), attached(isolated=False, repository=text), unavailable()),
        finished(),
        asked(11),
        answered(words(text)),
    )
    around = Surroundings(now=at(9_000), notices=(text,) if text.strip() else ())
    parts = len(answer_parts(ended))
    made = [
        rendering.progress(working, AROUND),
        rendering.progress(thinking, AROUND),
        rendering.question(asking, "c1"),
        rendering.recalled([past, past, past]),
        *(rendering.answer(ended, part, around) for part in range(1, parts + 1)),
        search_results(results(text, *[found(text)] * 11, page=1, meant={text: text}), shared=False),
        search_results(results(text), shared=True),
        rendered.plain(rendered.escape(text).strip() or "nothing"),
    ]
    return [*made, render(session_of(*beginning(text, past)), "recall:1", "recall")]


def found(text: str) -> Hit:
    known: dict[str, Any] = dict.fromkeys(Hit.__dataclass_fields__, text)
    return Hit(
        **known
        | {
            "solution": UUID(int=1),
            "outcome": "confirmed",
            "standing": "superseded",
            "commit": "0123456789abcdef",
            "finished_at": datetime(2026, 1, 2, tzinfo=UTC),
            "shared": (text, "import"),
            **dict.fromkeys(("score", "overlap", "similarity", "margin", "confidence"), 1.0),
        }
    )


def results(asked: str, *hits: Hit, page: int = 0, meant: Mapping[str, str] | None = None) -> Results:
    brought = Found(query=Query(text=asked), corrections=meant or {}, hits=hits)
    return Results(asked=asked, found=brought, page=page, now=datetime(2026, 1, 5, tzinfo=UTC))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_slack_accepts_every_post_whatever_it_is_made_of(text: str) -> None:
    assert all(map(accepted, everything(text)))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_post_disturbs_anybody(text: str) -> None:
    assert not [made for made in everything(text) if notifies(made)]


def test_thousands_of_steps_are_counted_and_the_last_ones_shown() -> None:
    calls = [use(f"c{n}", command=f"step {n}") for n in range(3_000)]
    made = rendering.progress(session_of(*first_answer(*calls)), AROUND)
    assert accepted(made)
    assert "_2992 earlier steps_" in shown(made)
    assert "`step 2999`" in shown(made)
    assert "`step 2991`" not in shown(made)


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("<!channel> look", "@\u2060channel look"),
        ("<!here|here>", "@\u2060here"),
        ("@everyone!", "@\u2060everyone!"),
        ("<!subteam^S1|@oncall>", "@\u2060group"),
        ("<@U0ADA00001|ada>", "@\u2060U0ADA00001"),
        ("<!date^1392734382^{date}|Feb 18>", "Feb 18"),
        ("<!shrug>", "<\u2060!shrug>"),
        ("write to ops@here.example", "write to ops@here.example"),
        ("a < b and <https://example.org|docs>", "a < b and <https://example.org|docs>"),
    ],
)
def test_markdown_loses_its_power_to_notify_and_nothing_else(text: str, harmless: str) -> None:
    assert rendered.harmless(text) == harmless


def test_those_who_spoke_in_the_thread_can_be_called_and_nobody_else() -> None:
    session = session_of(*first_answer(words("<@UADA> and <@UEVE|eve>: done")))
    [part] = answer_parts(session)
    assert part == "<@UADA> and @\u2060UEVE: done"


@pytest.mark.parametrize(
    ("address", "label", "made"),
    [
        ("https://a.example/x", "it & that", "<https://a.example/x|it &amp; that>"),
        ("https://a.example/x", "", "<https://a.example/x|an earlier thread>"),
        ("", "it", "*it*"),
        ("https://a.example/x|y>z<!channel>", "it", "<https://a.example/x%7Cy%3Ez%3C!channel%3E|it>"),
        ("javascript:alert(1)", "it", "*it*"),
    ],
)
def test_links(address: str, label: str, made: str) -> None:
    assert rendered.link(address, label) == made


# What the progress message says


@pytest.mark.parametrize(
    ("events", "says"),
    [
        ((said(),), "Looking for earlier solutions"),
        (beginning(), "Thinking"),
        (first_answer(words("I look at the trace.\nThen …"), use()), "Working"),
        ((*first_answer(words("I look at <b>"), use()), finished(), asked(9)), "I look at &lt;b&gt;"),
        (first_answer(use("c1", "ask", question="Which?")), "Waiting for your answer"),
        ((*beginning(), asked(5), overloaded()), "The model is busy; I ask again by myself (try 2)"),
        (
            (*beginning(), asked(5), overloaded(), asked(7), broken()),
            "The model does not answer; I ask again by myself (try 3)",
        ),
        (
            (*first_answer(use()), unavailable(delay=5.0)),
            "Waiting: no bubblewrap here. I look again by myself",
        ),
    ],
)
def test_what_is_being_done(events: tuple[Event, ...], says: str) -> None:
    assert render(session_of(*events), "progress:1", "progress").text == says


@pytest.mark.parametrize(
    ("events", "step"),
    [
        ((), ":white_circle: bash `make test`"),
        ((started(),), ":hourglass_flowing_sand: bash `make test`"),
        ((started(), finished()), ":heavy_check_mark: bash `make test`"),
        ((started(), finished(is_error=True)), ":x: bash `make test`"),
    ],
)
def test_how_a_step_goes(events: tuple[Event, ...], step: str) -> None:
    assert step in shown(render(session_of(*first_answer(use()), *events), "progress:1", "progress"))


@pytest.mark.parametrize(
    ("seconds", "elapsed"),
    [(-5, "0 s"), (0, "0 s"), (99.4, "99 s"), (100, "1 min 40 s"), (3_725, "62 min 5 s")],
)
def test_how_long_it_takes(seconds: float, elapsed: str) -> None:
    session = session_of(said())
    around = Surroundings(now=START + timedelta(seconds=2 + seconds), notices=())
    assert shown(rendering.progress(session, around)).count(f"·  {elapsed}") == 1


@pytest.mark.parametrize(
    ("outcome", "says"),
    [
        ("answered", ":white_check_mark: Done  ·  1 step  ·  68 s"),
        ("failed", ":warning: Gave up  ·  1 step  ·  68 s"),
        ("interrupted", ":octagonal_sign: Stopped  ·  1 step  ·  68 s"),
    ],
)
def test_what_is_left_of_the_progress_at_the_end(outcome: TurnOutcome, says: str) -> None:
    assert rendering.finished_progress(session_of(*first_answer(use())), outcome, AROUND).text == says


# Answers


def footer(session: Session, *notices: str) -> list[str]:
    made = rendering.answer(session, 1, Surroundings(now=at(70), notices=notices))
    return [element["text"] for element in made.blocks[1]["elements"]]


def test_the_last_part_carries_the_footer_and_the_buttons_and_no_other_does() -> None:
    session = session_of(*first_answer(words("word " * 5_000)))
    kinds = [
        [block["type"] for block in rendering.answer(session, part, AROUND).blocks] for part in (1, 2, 3)
    ]
    assert kinds == [["markdown"], ["markdown"], ["markdown", "context", "actions"]]


def test_the_footer_names_model_tokens_time_and_repository() -> None:
    session = session_of(*first_answer(), attached(repository="shop-cart", base_commit="0123456789abcdef"))
    assert footer(session) == ["m  ·  15 tokens  ·  68 s  ·  shop-cart at 0123456789"]


def test_the_footer_names_the_price_when_every_model_has_one() -> None:
    usage = Usage(input_tokens=1_000_000)
    event = answered()
    priced = type(event)(
        request="1.1",
        model="claude-opus-5",
        blocks=event.blocks,
        stop_reason="end_turn",
        usage=usage,
        seconds=1.0,
    )
    assert "$" in footer(session_of(*beginning(), asked(5), priced))[0]
    assert "$" not in footer(session_of(*beginning(), asked(5), answered()))[0]


def test_what_people_must_know_stands_under_the_answer() -> None:
    session = session_of(*first_answer(), unavailable())
    assert footer(session, "Scripted model: recorded.", "No isolation.")[1:] == [
        ":warning: I could run no commands: no bubblewrap here",
        "Scripted model: recorded.",
        "No isolation.",
    ]


@pytest.mark.parametrize(
    ("late", "said_so"),
    [
        (60, []),
        (400, [":hourglass: I was away and saw this 6 min after it was said."]),
        (11_100, [":hourglass: I was away and saw this 3 h 5 min after it was said."]),
        (10 * 86_400, []),
    ],
)
def test_what_was_heard_long_after_it_was_said_says_so(late: int, said_so: list[str]) -> None:
    ts = f"{at(1).timestamp() - late:.6f}"
    rest = first_answer()[1:]
    session = session_of(said(ts=ts), *rest)
    assert footer(session)[1:] == said_so
    assert [line for line in said_so if line in str(rendering.progress(session, AROUND).blocks)] == said_so


def test_a_failure_is_said_with_its_reason_and_the_way_out() -> None:
    made = rendering.answer(session_of(*beginning(), asked(5), rejected()), 1, AROUND)
    assert "whoever runs me has to look at the settings" in made.text
    assert "> wrong key" in made.text


def test_the_stop_is_confirmed() -> None:
    assert render(session_of(said()), "stopped:1", "notice").text.startswith(":octagonal_sign: Stopped.")


def test_nothing_recalled_is_still_a_message() -> None:
    assert accepted(rendering.recalled([]))
    assert recalled().hits == ()


def test_the_help_fits() -> None:
    assert accepted(rendered.plain(HELP))
