"""Judged folders: threads, questions, and which thread answers which question, as an evaluation reads them.

    corpus.jsonl       one thread a line: _id, title, text (messages joined by newlines) and metadata with
                       channel, ts (Unix seconds or ISO 8601), resolved, and for each message its offset in
                       text (offsets) and its author (users); all of metadata may be absent
    queries*.jsonl     one question a line: _id, title, text and metadata with thread_id (the question's own
                       thread), channel, ts; all of metadata may be absent
    qrels*.tsv         query, thread and grade between tabs; the queries are those of the same ending

Each file may be gzipped. How a folder's questions are meant follows from its judgements, see `JudgedSet`.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import Any

from memory.errors import ImportProblem
from memory.imports.thread_lines import instant
from memory.imports.threads import ImportedMessage, ImportedThread

UNDATED = datetime(2000, 1, 1, tzinfo=UTC)
"""When threads without a time were: one time for all, so that age tells none of them apart."""

_SPEAKER = re.compile(r"([A-Z][\w .'-]{0,30}): ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question, and the grades of the threads that answer it: at least one positive."""

    identifier: str
    text: str
    grades: Mapping[str, int]
    thread: str | None = None
    """Its own thread, which is no answer to it unless the judgements say so."""
    channel: str | None = None
    at: datetime | None = None

    @property
    def own_is_answer(self) -> bool:
        """Whether the question is the beginning of the thread that answers it."""
        return self.thread is not None and self.grades.get(self.thread, 0) > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedSet:
    """One corpus with one file of questions and judgements."""

    name: str
    documents: tuple[ImportedThread, ...]
    questions: tuple[Question, ...]
    earlier_only: bool
    """Every answer began before its question: a memory knows no later thread."""
    within_channel: bool
    """Questions have neither a thread nor a time of their own: each is about its channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threads:
    """Threads from a sequence, as a source of an import."""

    given: Sequence[ImportedThread]
    skipped: Counter[str] = field(default_factory=Counter)

    def count(self) -> int:
        """How many there are."""
        return len(self.given)

    def threads(self) -> Iterator[ImportedThread]:
        """Yield each."""
        yield from self.given


def judged_sets(folder: Path) -> Iterator[JudgedSet]:
    """Read every judged set in a folder and in the folders under it, in order of their names.

    Raises `ImportProblem`, which names the file and what is wrong with it; also when there is no set at all.
    """
    if not folder.is_dir():
        raise ImportProblem(f"{folder} is not a folder")
    corpora = sorted(folder.rglob("corpus.jsonl")) + sorted(folder.rglob("corpus.jsonl.gz"))
    if not corpora:
        raise ImportProblem(f"{folder} holds no corpus.jsonl or corpus.jsonl.gz, nor do its folders")
    for corpus in sorted(corpora):
        judgements = sorted(corpus.parent.glob("qrels*.tsv")) + sorted(corpus.parent.glob("qrels*.tsv.gz"))
        if not judgements:
            raise ImportProblem(f"{corpus.parent} holds no qrels*.tsv beside its corpus")
        for qrels in sorted(judgements):
            yield _judged_set(corpus, qrels)


def _judged_set(corpus: Path, qrels: Path) -> JudgedSet:
    ending = qrels.name.split(".")[0].removeprefix("qrels")
    questions = tuple(_questions(_queries(corpus.parent, ending), _grades(qrels)))
    if not questions:
        raise ImportProblem(f"{qrels} judges no query of {_queries(corpus.parent, ending)}")
    # What a question quotes of its own thread must not be found by being quoted.
    opened = any(question.own_is_answer for question in questions)
    documents = tuple(filter(None, (_document(row, place, opened=opened) for row, place in _rows(corpus))))
    known = {document.thread: document for document in documents}
    return JudgedSet(
        name=corpus.parent.name + ending,
        documents=documents,
        questions=questions,
        earlier_only=all(_asked_after(question, known) for question in questions),
        within_channel=all(_about_its_channel(question, known) for question in questions),
    )


def _answers(question: Question, known: Mapping[str, ImportedThread]) -> Iterator[ImportedThread]:
    return (known[thread] for thread, grade in question.grades.items() if grade > 0 and thread in known)


def _asked_after(question: Question, known: Mapping[str, ImportedThread]) -> bool:
    answers = _answers(question, known)
    return question.at is not None and all(answer.messages[0].at < question.at for answer in answers)


def _about_its_channel(question: Question, known: Mapping[str, ImportedThread]) -> bool:
    alone = question.thread is None and question.at is None and question.channel is not None
    return alone and all(answer.channel == question.channel for answer in _answers(question, known))


def _document(row: dict[str, Any], place: str, *, opened: bool) -> ImportedThread | None:
    identifier, facts = _required(row, "_id", place), _facts(row)
    messages = _messages(row, facts, place)
    if opened:
        asker = messages[0].author if messages else ""
        messages = messages[len(list(takewhile(lambda message: message.author == asker, messages))) :]
    if not messages:
        return None
    channel = str(facts.get("channel", "corpus"))
    resolved = facts.get("resolved")
    return ImportedThread(
        channel=channel,
        channel_name=channel,
        thread=identifier,
        title=str(row.get("title") or "") if row.get("text") else "",
        permalink="",
        messages=messages,
        # A mark that people may or may not set says something only where it is set.
        resolved=True if resolved is True else None,
    )


def _messages(row: dict[str, Any], facts: dict[str, Any], place: str) -> tuple[ImportedMessage, ...]:
    text = str(row.get("text") or "") or str(row.get("title") or "")
    starts = [offset for offset in facts.get("offsets") or [0] if isinstance(offset, int)]
    cut = [text[start:end].strip() for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
    at = _time(facts.get("ts"), place) or UNDATED
    said = zip(_authors(facts.get("users"), cut), cut, strict=True)
    return tuple(ImportedMessage(author=author, text=words, at=at) for author, words in said if words)


def _authors(users: object, said: Sequence[str]) -> Sequence[str]:
    if isinstance(users, list) and len(users) == len(said):
        return [str(user) for user in users]
    speakers = [match.group(1) for match in map(_SPEAKER.match, said) if match]
    return speakers if len(speakers) == len(said) else ["somebody"] * len(said)


def _questions(queries: Path, grades: Mapping[str, Mapping[str, int]]) -> Iterator[Question]:
    for row, place in _rows(queries):
        identifier = _required(row, "_id", place)
        judged = grades.get(identifier, {})
        if not any(grade > 0 for grade in judged.values()):
            continue
        facts = _facts(row)
        own, channel = facts.get("thread_id"), facts.get("channel")
        yield Question(
            identifier=identifier,
            text="\n".join(filter(None, (str(row.get("title") or ""), str(row.get("text") or "")))),
            grades=judged,
            thread=None if own is None else str(own),
            channel=None if channel is None else str(channel),
            at=_time(facts.get("ts"), place),
        )


def _queries(folder: Path, ending: str) -> Path:
    names = [f"queries{part}.jsonl{gz}" for part in dict.fromkeys((ending, "")) for gz in ("", ".gz")]
    found = next((folder / name for name in names if (folder / name).is_file()), None)
    if found is None:
        raise ImportProblem(f"{folder} holds none of {', '.join(names)}")
    return found


def _grades(path: Path) -> dict[str, dict[str, int]]:
    grades: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for number, line in enumerate(_lines(path), start=1):
        match line.rstrip("\r\n").split("\t"):
            case [query, thread, grade] | [query, _, thread, grade] if _whole(grade) is not None:
                grades[query][thread] = _whole(grade) or 0
            case [""]:
                pass
            case _ if number > 1:
                raise ImportProblem(
                    f"{path}, line {number} is not a query, a thread and a grade between tabs"
                )
    return grades


def _whole(grade: str) -> int | None:
    try:
        return int(float(grade))
    except ValueError:
        return None


def _rows(path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    for number, line in enumerate(_lines(path), start=1):
        place = f"{path}, line {number}"
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise ImportProblem(f"{place} is not JSON: {error}") from error
        if not isinstance(row, dict):
            raise ImportProblem(f"{place} is not a JSON object")
        yield row, place


def _lines(path: Path) -> Iterable[str]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open() as file:
            yield from file
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ImportProblem(f"{path} cannot be read: {error}") from error


def _facts(row: dict[str, Any]) -> dict[str, Any]:
    facts = row.get("metadata")
    return facts if isinstance(facts, dict) else {}


def _required(row: dict[str, Any], field_: str, place: str) -> str:
    value = row.get(field_)
    if value in (None, ""):
        raise ImportProblem(f"{place}: {field_} is missing")
    return str(value)


def _time(value: object, place: str) -> datetime | None:
    if value is None:
        return None
    try:
        return instant(value)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise ImportProblem(f"{place}: ts must be Unix seconds or an ISO 8601 time, not {value!r}") from error
