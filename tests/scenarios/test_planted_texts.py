"""Texts planted in an old thread reach the model as a quotation, people as words, and change nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Event as Signal
from unicodedata import category

import pytest
from sqlalchemy import Engine

from bot.brain.conversation import visible
from bot.brain.distilling import Distilling
from bot.brain.remembering import QUOTED_FIX, QUOTED_PROBLEM
from bot.workspace.people import OXBOW, TEAM
from memory.embedding.embedder import HashingEmbedder
from memory.log.events import Event, Json, ModelRequested, ReplyPosted, SolutionsRecalled, TurnFinished
from memory.log.session_log import ThreadAddress
from memory.solutions.kept_forms import KeptForms
from sandbox.port import Sandbox
from tests.memory.solution_makers import make_solution, remember
from tests.support.databases import Databases, connected
from tests.support.planted import PLANTED
from tests.support.product import Product, product
from tests.support.script_model import ScriptModel, in_turn, says
from tests.support.secrets import secret_mask

LINK = "https://river.slack.com/archives/C1/p1"
FIX = "Rows without tz are UTC."
PROBLEM = "KeyError: 'tz' in the nightly import of orders"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """A thread about a problem whose earlier solution holds a planted text."""

    model: ScriptModel
    events: Sequence[Event]
    posts: Sequence[Json]


@pytest.fixture(scope="module", params=PLANTED)
def worked(
    request: pytest.FixtureRequest,
    databases: Databases,
    tmp_path_factory: pytest.TempPathFactory,
    sandbox: Sandbox,
) -> Iterator[Worked]:
    """What happened in a thread, once for each planted text."""
    folder = tmp_path_factory.mktemp("data")
    with databases.fresh() as url, connected(url) as engine, product(engine, folder, sandbox) as oxbow:
        yield _worked(engine, oxbow, PLANTED[request.param])


def _worked(engine: Engine, oxbow: Product, planted: str) -> Worked:
    elsewhere = oxbow.workspace.channel_id("data-platform")
    earlier = make_solution(f"{PROBLEM}\n{planted}", fix=planted, team=TEAM, channel=elsewhere)
    remember(engine, HashingEmbedder(), replace(earlier, permalink=LINK))
    thread = oxbow.say("ada", "general", f"@Oxbow {PROBLEM}")
    model = ScriptModel(in_turn(says("Rows without tz are UTC.")))
    oxbow.settle(model)
    place = ThreadAddress(team=TEAM, channel=oxbow.workspace.channel_id("general"), thread=thread)
    state = oxbow.log.thread_state(place)
    assert state is not None
    posts = [post for post in oxbow.workspace.messages("general", thread) if post["user"] == OXBOW]
    return Worked(
        model=model, events=[recorded.event for recorded in oxbow.log.read(state.session)], posts=posts
    )


def test_the_model_reads_it_inside_one_quotation(worked: Worked) -> None:
    [asked] = worked.model.requests
    assert "ZEBRA" not in asked.system + str(asked.tools)
    [message] = asked.messages
    quotation, said = (block["text"] for block in message["content"])
    assert ("ZEBRA" in quotation, "ZEBRA" in said) == (True, False)
    assert quotation.startswith("<recalled_solutions>\nFound in memory: quotations")
    assert re.findall(r"<(/?[^ >]+)", quotation) == [
        "recalled_solutions", "solution", "problem", "/problem", "fix", "/fix", "/solution",
        "/recalled_solutions",
    ]  # fmt: skip


def test_the_model_reads_no_more_than_people_see(worked: Worked) -> None:
    quotation = worked.model.requests[0].messages[0]["content"][0]["text"]
    assert len(quotation) < 2 * (QUOTED_PROBLEM + QUOTED_FIX)
    assert not [sign for sign in quotation if sign != "\n" and category(sign) in ("Cc", "Cf", "Cn", "Co")]


def test_the_work_takes_the_same_steps_as_without_it(worked: Worked) -> None:
    steps = [type(event) for event in worked.events if isinstance(event, ModelRequested | TurnFinished)]
    assert steps == [ModelRequested, TurnFinished]
    keys = [event.key for event in worked.events if isinstance(event, ReplyPosted)]
    assert keys == ["progress:1", "recall:1", "answer:1:1"]


def test_it_gives_itself_no_better_outcome_and_no_other_source(worked: Worked) -> None:
    [recalled] = [event for event in worked.events if isinstance(event, SolutionsRecalled)]
    assert [(hit.outcome, hit.permalink) for hit in recalled.hits] == [("answered", LINK)]


def test_people_see_words_that_call_nobody_and_lead_nowhere_else(worked: Worked) -> None:
    blocks = [block for post in worked.posts for block in post["blocks"]]
    assert not re.search(r"<!|<@", str(blocks))
    sections = str([block for block in blocks if block["type"] == "section"])
    assert set(re.findall(r"<(https?://[^|>]*)", sections)) == {LINK}


def obeying(planted: str) -> ScriptModel:
    """A small model that does whatever the thread tells it: says it everywhere, and more."""
    said = {
        **dict.fromkeys(("problem", "cause", "fix"), planted),
        **{name: [planted, "invented ZEBRA"] for name in ("symptoms", "environment", "commands", "files")},
        "outcome": "confirmed",
        "permalink": "https://evil.example/ZEBRA",
        "people": ["Ada"],
    }
    return ScriptModel(in_turn(says(json.dumps(said))))


@pytest.mark.parametrize("kind", PLANTED)
def test_a_small_model_that_obeys_it_changes_what_is_said_and_nothing_that_counts(
    kind: str, forms: KeptForms
) -> None:
    model, planted = obeying(PLANTED[kind]), PLANTED[kind]
    earlier = make_solution(PROBLEM, fix=FIX, conversation=(f"{PROBLEM}\n{planted}", FIX))
    distilling = Distilling(model, "small", forms, secret_mask())
    read = distilling.distil(earlier, may_ask=True, abandoned=Signal()).read.solution
    [asked] = model.requests
    assert "ZEBRA" not in asked.system
    [quotation] = [block["text"] for block in asked.messages[0]["content"]]
    assert not {*re.findall(r"<(/?[^ >]+)", quotation)} - {"thread", "text", "/text", "/thread"}
    assert visible(quotation) == quotation
    assert "invented" not in str(read)
    assert "evil.example/ZEBRA" not in read.permalink
    facts = replace(
        read, problem="", fix="", cause="", symptoms=(), environment=(), evidence=(), files=(), form="rules"
    )
    assert facts == replace(earlier, problem="", fix="", cause="")
    assert all(run.exit_code is None for run in read.evidence)


@pytest.fixture(scope="module")
def forms(databases: Databases) -> Iterator[KeptForms]:
    with databases.fresh() as url, connected(url) as engine:
        yield KeptForms(engine)


@pytest.mark.parametrize("kind", PLANTED)
def test_what_shows_nothing_says_nothing(kind: str) -> None:
    seen = visible(PLANTED[kind])
    assert "ZEBRA" in seen
    assert visible(seen) == seen


def test_what_people_see_stays_as_it_is() -> None:
    text = "E   KeyError: 'tz'\n\tat rows.py:3 — naïve 日本語 😀 a\u0301"
    assert visible(text) == text
