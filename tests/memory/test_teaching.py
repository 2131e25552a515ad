"""What teaches the ranking: links, citations, and what people called not relevant."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Engine, text

from memory.embedding.embedder import HashingEmbedder
from memory.recall.recall import Candidate
from memory.recall.weights import DEFAULT
from memory.solutions.solution import Utterance
from memory.solutions.teaching import HELPED, EarlierUses, Question, news, questions
from memory.solutions.uses import record_answer, record_feedback, record_shown
from tests.memory.solution_makers import TEAM, make_solution, remember

FIRST, SECOND = "https://slack.example/C1/1.0", "https://slack.example/C1/2.0"


def asked(engine: Engine, *said: tuple[str, str], session: UUID | None = None) -> None:
    """A thread in which people said something, the first of them the question."""
    conversation = tuple(Utterance(author=author, text=words) for author, words in said)
    thread = make_solution(said[0][1], thread="9.0", channel="C2", session=session)
    remember(engine, HashingEmbedder(), replace(thread, conversation=conversation))


def earlier(engine: Engine) -> list[UUID]:
    return remember(
        engine,
        HashingEmbedder(),
        make_solution("import fails", thread="1.0"),
        make_solution("export fails", thread="2.0"),
    )


def session(engine: Engine) -> UUID:
    with engine.begin() as connection:
        opened: UUID = connection.execute(
            text("INSERT INTO sessions (team, channel, thread) VALUES ('T1', 'C2', '9.0') RETURNING id")
        ).scalar_one()
    asked(engine, ("Ada", "why does it fail"), ("Oxbow", f"as in {SECOND}"), session=opened)
    return opened


def known(engine: Engine) -> list[Question]:
    with engine.connect() as connection:
        return questions(connection, TEAM)


def answers(engine: Engine) -> list[set[str]]:
    return [set(question.answers) for question in known(engine)]


def test_a_link_in_answer_teaches_whatever_stands_around_it(engine: Engine) -> None:
    earlier(engine)
    asked(engine, ("Ada", "why does it fail"), ("Bo", f"Same as <{FIRST}|here>, or see {SECOND}."))
    assert answers(engine) == [{"C1 1.0", "C1 2.0"}]


def test_a_link_to_a_reply_names_its_thread(engine: Engine) -> None:
    root = "1700000000.000100"
    remember(engine, HashingEmbedder(), make_solution("import fails", thread=root))
    reply = f"https://w.slack.com/archives/C1/p1700000055000200?thread_ts={root}&cid=C1"
    asked(engine, ("Ada", "why does it fail"), ("Bo", f"see <{reply}>"))
    assert answers(engine) == [{f"C1 {root}"}]


def test_a_person_s_link_in_a_session_teaches_and_our_own_does_not(engine: Engine) -> None:
    earlier(engine)
    opened = session(engine)
    assert known(engine) == []
    said = ("Ada", "why does it fail"), ("Oxbow", f"as in {SECOND}"), ("Bo", f"rather {FIRST}")
    asked(engine, *said, session=opened)
    assert answers(engine) == [{"C1 1.0"}]


def test_what_the_answer_cites_teaches_until_it_is_called_not_relevant(engine: Engine) -> None:
    _, second = earlier(engine)
    opened = session(engine)
    with engine.begin() as connection:
        record_answer(connection, opened, team=TEAM, answer=f"as in {SECOND}")
    assert answers(engine) == [{"C1 2.0"}]
    with engine.begin() as connection:
        record_feedback(connection, second, session=opened, by="U1", verdict="not_relevant")
    assert known(engine) == []


def test_what_was_shown_beside_a_dismissed_one_comes_before_it(engine: Engine) -> None:
    first, second = earlier(engine)
    opened = session(engine)
    with engine.begin() as connection:
        record_shown(connection, opened, [first, second])
        record_feedback(connection, first, session=opened, by="U1", verdict="not_relevant")
    [question] = known(engine)
    assert question.answers == {"C1 2.0"}
    assert question.among == frozenset({"C1 1.0", "C1 2.0"})


def test_a_channel_that_is_not_public_any_more_teaches_nothing(engine: Engine) -> None:
    earlier(engine)
    asked(engine, ("Ada", "why does it fail"), ("Bo", FIRST))
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE channels SET public = false, reason = 'private' WHERE channel = 'C2'")
        )
    assert known(engine) == []


def test_what_helped_later_is_not_known_to_an_earlier_question(engine: Engine) -> None:
    _, second = earlier(engine)
    opened = session(engine)
    with engine.begin() as connection:
        record_feedback(connection, second, session=opened, by="U1", verdict="solved")
        uses = EarlierUses(connection, TEAM)
    helped = Candidate(thread=(TEAM, "C1", "2.0"), features=tuple(DEFAULT.values()))
    now = datetime.now(UTC)
    before, after = (uses.features(helped, before=now + timedelta(hours=h))[HELPED] for h in (-1, 1))
    assert before == 0 < after


def test_what_happened_since_the_last_version_is_news(engine: Engine) -> None:
    earlier(engine)
    with engine.begin() as connection:
        assert news(connection, TEAM) == 2
        connection.execute(
            text("""
                INSERT INTO ranker_versions (team, weights, questions, before, after, current)
                VALUES ('T1', '{}', 60, 0.1, 0.2, false)
            """)
        )
        assert news(connection, TEAM) == 0
