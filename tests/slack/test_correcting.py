"""What people say of a thread that the memory holds, in it and of its link."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine, text

from bot.slack.hearing.correcting import Correcting, Said
from bot.slack.hearing.text import read_correction
from bot.workspace.people import TEAM
from memory.embedding.embedder import HashingEmbedder
from memory.log.session_log import ThreadAddress
from memory.recall.recall import Hit, Recall, confident, worth_showing
from memory.solutions.corrections import Corrections
from memory.solutions.solution import Correction, Standing
from tests.memory.solution_makers import make_solution, remember
from tests.slack.fixtures import Slack

ADA, BRUNO = "U0ADA00001", "U0BRUNO001"
PROBLEM = "the import fails with KeyError tz"


def thread(slack: Slack, by: str = "ada") -> str:
    """A thread in #general that the memory holds, in which one person wrote."""
    root = slack.workspace.post(by, "general", PROBLEM)
    address = slack.address("general", root)
    taught = make_solution(PROBLEM, fix="set the zone", team=TEAM, channel=address.channel, thread=root)
    link = f"https://river.slack.com/archives/{address.channel}/p{root.replace('.', '')}"
    remember(slack.engine, HashingEmbedder(), replace(taught, permalink=link))
    return root


def say(slack: Slack, root: str, words: str, by: str = "ada") -> str:
    ts = slack.workspace.post(by, "general", words, root)
    slack.hear()
    return ts


def hits(engine: Engine) -> list[Hit]:
    return Recall(engine, HashingEmbedder()).search(PROBLEM, team=TEAM)


def standings(engine: Engine) -> list[tuple[Standing, str | None]]:
    return [(hit.standing, hit.successor) for hit in hits(engine)]


# In the thread


@pytest.mark.parametrize("words", ["@Oxbow forget this", "!forget", "@Oxbow, forget.", "@Oxbow Forget it!"])
def test_who_wrote_in_a_thread_can_have_it_forgotten(slack: Slack, words: str) -> None:
    root = thread(slack)
    say(slack, root, words)
    assert hits(slack.engine) == []
    [told] = slack.said("general")
    assert told.startswith("Forgotten: what this thread taught cannot be found any more")


def test_of_a_forgotten_thread_no_word_is_left_in_the_memory(slack: Slack) -> None:
    say(slack, thread(slack), "!forget")
    with slack.engine.connect() as connection:
        kept = connection.execute(text("SELECT * FROM solutions")).mappings().one()
        pieces = connection.execute(text("SELECT count(*) FROM passages")).scalar_one()
    assert "set the zone" not in str(dict(kept))
    assert "KeyError" not in str(dict(kept))
    assert (kept["outcome"], pieces) == ("withdrawn", 0)


@pytest.mark.parametrize(
    ("words", "standing"),
    [("@Oxbow wrong", "wrong"), ("!outdated", "outdated"), ("@Oxbow this is outdated.", "outdated")],
)
def test_a_correction_is_its_standing_from_then_on(slack: Slack, words: str, standing: Standing) -> None:
    say(slack, thread(slack), words)
    assert standings(slack.engine) == [(standing, None)]


def test_a_superseded_thread_names_its_successor(slack: Slack) -> None:
    root, better = thread(slack), "https://river.slack.com/archives/C0GENERAL1/p1700000000000001"
    say(slack, root, f"@Oxbow superseded by <{better}>")
    assert standings(slack.engine) == [("superseded", better)]


def test_the_latest_correction_counts_and_all_are_kept(slack: Slack) -> None:
    root = thread(slack)
    for words in ("!wrong", "!outdated"):
        say(slack, root, words)
    assert standings(slack.engine) == [("outdated", None)]
    with slack.engine.connect() as connection:
        history = text("SELECT correction, given_by FROM corrections ORDER BY given_at")
        kept = connection.execute(history).all()
    assert [tuple(row) for row in kept] == [("wrong", ADA), ("outdated", ADA)]


def test_a_correction_starts_no_session(slack: Slack) -> None:
    root = thread(slack)
    say(slack, root, "@Oxbow wrong")
    assert slack.log.thread_state(slack.address("general", root)) is None


def test_a_correction_that_is_delivered_twice_is_told_once(slack: Slack) -> None:
    root = thread(slack)
    ts = say(slack, root, "@Oxbow wrong")
    again = slack.workspace.message("general", ts)
    slack.listener.message({**again, "channel": slack.workspace.channel_id("general")})
    assert len(slack.said("general")) == 1


def test_who_did_not_write_in_the_thread_changes_nothing(slack: Slack) -> None:
    say(slack, thread(slack), "!forget", by="bruno")
    assert len(hits(slack.engine)) == 1
    assert slack.said("general") == [
        "Only people who wrote in that thread can say so. Ask one of them, or whoever runs me."
    ]


def test_of_a_thread_that_taught_nothing_there_is_nothing_to_correct(slack: Slack) -> None:
    root = slack.workspace.post("ada", "general", "good morning")
    say(slack, root, "!forget")
    assert slack.said("general") == ["I remember nothing that this thread taught."]


def test_what_is_imported_again_stays_corrected(slack: Slack) -> None:
    root = thread(slack)
    say(slack, root, "!outdated")
    again = make_solution(PROBLEM, team=TEAM, channel=slack.workspace.channel_id("general"), thread=root)
    remember(slack.engine, HashingEmbedder(), again)
    assert [standing for standing, _ in standings(slack.engine)] == ["outdated"]


@pytest.mark.parametrize("standing", ["wrong", "outdated", "superseded"])
def test_what_no_longer_holds_is_never_offered_and_comes_after_what_does(
    slack: Slack, standing: Correction
) -> None:
    root = thread(slack)
    successor = "https://x.example" if standing == "superseded" else None
    Corrections(slack.engine).correct(
        team=TEAM,
        channel=slack.workspace.channel_id("general"),
        thread=root,
        correction=standing,
        by=ADA,
        delivery="1",
        successor=successor,
    )
    other = thread(slack, by="bruno")
    found = hits(slack.engine)
    assert [hit.thread for hit in found] == [other, root]
    sure = [replace(hit, confidence=99.0) for hit in found]
    assert [confident(hit) for hit in sure] == [True, False]
    assert (root in [hit.thread for hit in worth_showing(sure)]) == (standing != "wrong")


# Of its link


def correcting(slack: Slack) -> Correcting:
    return Correcting(team=TEAM, web=slack.web, corrections=Corrections(slack.engine))


@pytest.mark.parametrize(
    "link",
    [
        "https://river.slack.com/archives/{channel}/p{digits}",
        "https://other.slack.com/archives/{channel}/p1700000000000009?thread_ts={root}&cid={channel}",
    ],
)
def test_the_link_of_any_message_names_its_thread(slack: Slack, link: str) -> None:
    root = thread(slack)
    channel = slack.workspace.channel_id("general")
    made = link.format(channel=channel, digits=root.replace(".", ""), root=root)
    assert correcting(slack).thread_of(made) == ThreadAddress(team=TEAM, channel=channel, thread=root)


@pytest.mark.parametrize("link", ["https://example.com", "nonsense", "https://a.slack.com/archives/X1/p1"])
def test_another_address_names_none(slack: Slack, link: str) -> None:
    assert correcting(slack).thread_of(link) is None


def test_a_link_to_nothing_supersedes_nothing(slack: Slack) -> None:
    said = Said(correction="superseded", by=ADA, delivery="1", successor="https://example.com")
    told = correcting(slack).correct(slack.address("general", thread(slack)), said)
    assert told == "That is no link of a thread that I know. Copy the link of its first message."
    assert standings(slack.engine) == [("current", None)]


# Words


@pytest.mark.parametrize(
    "words",
    ["that is wrong because of tz", "forget the tests", "superseded by nothing", "outdated docs"],
)
def test_a_sentence_that_holds_such_a_word_is_no_correction(words: str) -> None:
    assert read_correction(words) is None
