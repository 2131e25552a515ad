"""Import: threads become solutions that can be found; broken off or repeated, nothing is done twice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from memory.embedding.embedder import HashingEmbedder, Vector
from memory.errors import EmbedderUnavailable, ImportProblem
from memory.imports.importing import THREADS_PER_BATCH, Progress, import_threads
from memory.imports.slack_export import SlackExport
from memory.imports.thread_lines import ThreadLines
from memory.recall.recall import Recall
from memory.solutions.index import SolutionIndex
from memory.solutions.uses import record_feedback
from tests.memory import devchat
from tests.memory.solution_makers import TEAM, open_channel
from tests.support.secrets import GITHUB_TOKEN, secret_mask

COUNT = text("SELECT count(*) FROM solutions")


def line(number: int, *, answer: str = "set the zone", channel: str = "C1") -> str:
    said = (("Ada", f"import {number} fails"), ("Bob", answer))
    return json.dumps(
        {
            "channel": channel,
            "thread": f"{number}.0",
            "messages": [
                {"author": author, "text": words, "ts": 1_000_000 + n}
                for n, (author, words) in enumerate(said)
            ],
        }
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "threads.jsonl"


def run(engine: Engine, path: Path, embedder: HashingEmbedder | None = None) -> list[Progress]:
    return list(
        import_threads(
            engine, embedder or HashingEmbedder(), ThreadLines(path), team=TEAM, secrets=secret_mask()
        )
    )


def stored(engine: Engine) -> int:
    with engine.connect() as connection:
        number: int = connection.execute(COUNT).scalar_one()
        return number


def test_an_imported_thread_is_found(engine: Engine, path: Path) -> None:
    path.write_text(line(1))
    run(engine, path)
    [hit] = Recall(engine, HashingEmbedder()).search("import fails", team=TEAM)
    assert (hit.problem, hit.fix, hit.outcome) == ("import 1 fails", "set the zone", "answered")


def test_progress_is_told_after_each_batch_and_at_the_end(engine: Engine, path: Path) -> None:
    total = THREADS_PER_BATCH + 5
    path.write_text("\n".join(line(n) for n in range(total)))
    assert [(step.done, step.total, step.indexed) for step in run(engine, path)] == [
        (THREADS_PER_BATCH, total, THREADS_PER_BATCH),
        (total, total, total),
    ]


def test_again_does_nothing_again(engine: Engine, path: Path) -> None:
    path.write_text("\n".join(line(n) for n in range(3)))
    run(engine, path)
    [result] = run(engine, path)
    assert (result.indexed, result.unchanged, stored(engine)) == (0, 3, 3)


def test_a_thread_that_went_on_is_replaced(engine: Engine, path: Path) -> None:
    path.write_text("\n".join((line(1), line(2))))
    run(engine, path)
    path.write_text("\n".join((line(1, answer="use UTC"), line(2))))
    [result] = run(engine, path)
    assert (result.indexed, result.unchanged, stored(engine)) == (1, 1, 2)


def test_a_withdrawn_thread_stays_withdrawn(engine: Engine, path: Path) -> None:
    path.write_text(line(1))
    run(engine, path)
    with engine.begin() as connection:
        identifier = connection.execute(text("SELECT id FROM solutions")).scalar_one()
        SolutionIndex(engine, HashingEmbedder()).withdraw(connection, identifier)
    path.write_text(line(1, answer="use UTC"))
    assert run(engine, path)[-1].unchanged == 1
    assert Recall(engine, HashingEmbedder()).search("import fails", team=TEAM) == []


def test_what_people_said_of_an_imported_thread_outlives_the_next_import(engine: Engine, path: Path) -> None:
    path.write_text(line(1))
    run(engine, path)
    index = SolutionIndex(engine, HashingEmbedder())
    with engine.begin() as connection:
        identifier = connection.execute(text("SELECT id FROM solutions")).scalar_one()
        record_feedback(connection, identifier, session=None, by="U1", verdict="solved")
        index.set_outcome(connection, identifier, "confirmed")
    path.write_text(line(1, answer="use UTC"))
    assert run(engine, path)[-1].indexed == 1
    [hit] = Recall(engine, HashingEmbedder()).search("import fails", team=TEAM)
    assert (hit.fix, hit.outcome) == ("use UTC", "confirmed")


def test_another_embedder_makes_its_own_vectors(engine: Engine, path: Path) -> None:
    class Another(HashingEmbedder):
        name = "another"

    path.write_text(line(1))
    run(engine, path)
    assert run(engine, path, Another())[-1].indexed == 1


def test_the_channel_counts_as_public_from_its_import_on(engine: Engine, path: Path) -> None:
    path.write_text(line(1))
    run(engine, path)
    with engine.connect() as connection:
        row = connection.execute(text("SELECT team, channel, name, public, source FROM channels")).one()
    assert tuple(row) == (TEAM, "C1", "C1", True, "import")


def test_an_import_opens_no_channel_that_slack_called_private(engine: Engine, path: Path) -> None:
    with engine.begin() as connection:
        open_channel(connection, "C1", public=False)
    path.write_text(line(1))
    run(engine, path)
    assert Recall(engine, HashingEmbedder()).search("import fails", team=TEAM) == []
    with engine.connect() as connection:
        row = connection.execute(text("SELECT name, source FROM channels")).one()
    assert tuple(row) == ("name-c1", "slack")


def test_the_thread_of_a_session_is_left_to_the_session(engine: Engine, path: Path) -> None:
    path.write_text(line(1))
    run(engine, path)
    with engine.begin() as connection:
        session = connection.execute(
            text("INSERT INTO sessions (team, channel, thread) VALUES (:team, 'C1', '1.0') RETURNING id"),
            {"team": TEAM},
        ).scalar_one()
        connection.execute(text("UPDATE solutions SET source = 'session', session_id = :id"), {"id": session})
    path.write_text(line(1, answer="use UTC"))
    assert run(engine, path)[-1].unchanged == 1


def test_what_stands_before_a_broken_line_is_kept(engine: Engine, path: Path) -> None:
    path.write_text("\n".join((line(1), line(2), "{oops", line(3))))
    with pytest.raises(ImportProblem, match="line 3 is not JSON"):
        run(engine, path)
    assert stored(engine) == 2


def test_an_import_that_was_broken_off_goes_on_where_it_was(engine: Engine, path: Path) -> None:
    class Failing(HashingEmbedder):
        def embed(self, texts: Sequence[str]) -> list[Vector]:
            if any("import 50 " in said for said in texts):
                raise EmbedderUnavailable("no memory left")
            return super().embed(texts)

    path.write_text("\n".join(line(n) for n in range(THREADS_PER_BATCH * 2)))
    with pytest.raises(EmbedderUnavailable):
        run(engine, path, Failing())
    assert stored(engine) == THREADS_PER_BATCH
    result = run(engine, path)[-1]
    assert (result.indexed, result.unchanged) == (THREADS_PER_BATCH, THREADS_PER_BATCH)


def test_passed_over_threads_are_counted_as_done(engine: Engine, path: Path) -> None:
    lonely = {"channel": "C1", "thread": "9.0", "messages": [{"author": "Ada", "text": "hm", "ts": 1}]}
    path.write_text("\n".join((line(1), json.dumps(lonely))))
    [result] = run(engine, path)
    assert (result.done, result.indexed, dict(result.skipped)) == (2, 1, {"fewer than two messages": 1})


def test_real_chat_is_imported_and_each_question_finds_its_thread(engine: Engine, tmp_path: Path) -> None:
    folder = devchat.data_folder("slack-devchat")
    documents = [d for d in devchat.rows(folder / "corpus.jsonl.gz") if d["metadata"]["n_messages"] > 3][:60]
    devchat.write_slack_export(tmp_path, documents)
    *_, result = import_threads(
        engine, HashingEmbedder(), SlackExport(tmp_path), team=devchat.TEAM, secrets=secret_mask()
    )
    assert result.indexed == len(documents)
    recall = Recall(engine, HashingEmbedder())
    for document in documents:
        conversation = devchat.messages(document)
        asked = "\n".join(message.text for message in conversation[:4])
        hits = recall.search(asked, team=devchat.TEAM, limit=1)
        assert [hit.thread for hit in hits] == [conversation[0].ts]


def test_secrets_in_a_thread_are_masked_and_it_counts_as_unchanged_the_next_time(
    engine: Engine, path: Path
) -> None:
    path.write_text(line(1, answer=f"push with {GITHUB_TOKEN}"))
    run(engine, path)
    [hit] = Recall(engine, HashingEmbedder()).search("import 1 fails", team=TEAM)
    assert hit.fix == "push with [masked GitHub token]"
    [progress] = run(engine, path)
    assert (progress.indexed, progress.unchanged) == (0, 1)
