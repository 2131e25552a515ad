"""Judged folders: which files make a set, and what its judgements say about how it is meant."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from memory.errors import ImportProblem
from memory.evaluation.judged import JudgedSet, judged_sets

CORPUS = (
    {
        "_id": "d1",
        "text": "How?\nLike this.",
        "metadata": {"channel": "a", "ts": 100, "offsets": [0, 5]},
    },
    {
        "_id": "d2",
        "title": "Import fails",
        "text": "KeyError",
        "metadata": {"channel": "b", "ts": "200", "resolved": True},
    },
)
QUERY = {
    "_id": "q1",
    "title": "Why",
    "text": "does it fail?",
    "metadata": {"thread_id": "own", "channel": "a", "ts": 300},
}


def write(folder: Path, name: str, *rows: dict[str, Any] | str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    said = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows) + "\n"
    if name.endswith(".gz"):
        (folder / name).write_bytes(gzip.compress(said.encode()))
    else:
        (folder / name).write_text(said)


def judged(folder: Path, query: dict[str, Any] = QUERY, *grades: str) -> JudgedSet:
    write(folder, "corpus.jsonl", *CORPUS)
    write(folder, "queries.jsonl", query)
    write(folder, "qrels.tsv", "query-id\tcorpus-id\tscore", *(grades or ("q1\td2\t2",)))
    [one] = judged_sets(folder)
    return one


def test_reads_threads_with_their_messages(tmp_path: Path) -> None:
    first, second = judged(tmp_path).documents
    assert [message.text for message in first.messages] == ["How?", "Like this."]
    assert (second.title, second.channel, second.resolved) == ("Import fails", "b", True)
    assert second.messages[0].at.timestamp() == 200


def test_reads_questions_with_their_grades(tmp_path: Path) -> None:
    [question] = judged(tmp_path).questions
    assert (question.text, question.thread, question.channel) == ("Why\ndoes it fail?", "own", "a")
    assert question.grades == {"d2": 2}


def test_a_thread_of_a_title_alone_says_it_once(tmp_path: Path) -> None:
    write(tmp_path, "corpus.jsonl", {"_id": "d2", "title": "Import fails", "text": ""})
    write(tmp_path, "queries.jsonl", QUERY)
    write(tmp_path, "qrels.tsv", "q1\td2\t1")
    [one] = judged_sets(tmp_path)
    assert (one.documents[0].title, one.documents[0].messages[0].text) == ("", "Import fails")


def test_names_at_the_beginning_of_all_messages_are_their_authors(tmp_path: Path) -> None:
    spoken = {"_id": "d1", "text": "Ada: why?\nBob: because", "metadata": {"offsets": [0, 10]}}
    write(tmp_path, "corpus.jsonl", spoken)
    write(tmp_path, "queries.jsonl", QUERY)
    write(tmp_path, "qrels.tsv", "q1\td1\t1")
    [one] = judged_sets(tmp_path)
    assert [message.author for message in one.documents[0].messages] == ["Ada", "Bob"]


class TestHowASetIsMeant:
    def test_answers_that_are_all_earlier_mean_that_later_threads_are_unknown(self, tmp_path: Path) -> None:
        assert judged(tmp_path).earlier_only

    def test_a_later_answer_means_that_time_does_not_matter(self, tmp_path: Path) -> None:
        early = QUERY | {"metadata": {"thread_id": "own", "ts": 150}}
        assert not judged(tmp_path, early).earlier_only

    def test_a_question_without_a_thread_and_a_time_is_about_its_channel(self, tmp_path: Path) -> None:
        assert judged(tmp_path, QUERY | {"metadata": {"channel": "b"}}).within_channel

    def test_unless_its_answer_is_elsewhere(self, tmp_path: Path) -> None:
        assert not judged(tmp_path, QUERY | {"metadata": {"channel": "a"}}).within_channel

    def test_a_question_whose_own_thread_answers_it_is_taken_out_of_the_threads(self, tmp_path: Path) -> None:
        spoken = {"_id": "d1", "text": "Ada: why?\nBob: because", "metadata": {"offsets": [0, 10]}}
        write(tmp_path, "corpus.jsonl", spoken)
        write(tmp_path, "queries.jsonl", QUERY | {"metadata": {"thread_id": "d1"}})
        write(tmp_path, "qrels.tsv", "q1\td1\t1")
        [one] = judged_sets(tmp_path)
        assert [message.text for message in one.documents[0].messages] == ["Bob: because"]
        assert one.questions[0].own_is_answer


def test_several_files_of_judgements_are_several_sets(tmp_path: Path) -> None:
    write(tmp_path / "chat", "corpus.jsonl.gz", *CORPUS)
    for ending in ("", "-hard"):
        write(tmp_path / "chat", f"queries{ending}.jsonl.gz", QUERY)
        write(tmp_path / "chat", f"qrels{ending}.tsv", "q1\td2\t1")
    assert [one.name for one in judged_sets(tmp_path)] == ["chat-hard", "chat"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("corpus.jsonl", "{", "corpus.jsonl, line 1 is not JSON"),
        ("corpus.jsonl", "[]", "corpus.jsonl, line 1 is not a JSON object"),
        ("corpus.jsonl", "{}", "corpus.jsonl, line 1: _id is missing"),
        ("corpus.jsonl", '{"_id": "d", "text": "t", "metadata": {"ts": "soon"}}', "line 1: ts must be"),
        ("queries.jsonl", '{"_id": "other"}', "judges no query of"),
        ("qrels.tsv", "q1\td2\t1\nq1 d2 1", "qrels.tsv, line 2 is not a query, a thread and a grade"),
        ("corpus.jsonl.gz", "not gzipped", "corpus.jsonl.gz cannot be read"),
    ],
)
def test_says_which_file_is_wrong_and_how(tmp_path: Path, name: str, content: str, said: str) -> None:
    judged(tmp_path)
    (tmp_path / name).write_text(content)
    with pytest.raises(ImportProblem, match=said):
        list(judged_sets(tmp_path))


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("corpus.jsonl", "holds no corpus"),
        ("queries.jsonl", "holds none of"),
        ("qrels.tsv", "holds no qrels"),
    ],
)
def test_says_which_file_is_missing(tmp_path: Path, missing: str, said: str) -> None:
    judged(tmp_path)
    (tmp_path / missing).unlink()
    with pytest.raises(ImportProblem, match=said):
        list(judged_sets(tmp_path))


def test_says_that_a_folder_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ImportProblem, match="is not a folder"):
        list(judged_sets(tmp_path / "nowhere"))
