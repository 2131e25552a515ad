"""JSON lines of threads: read one by one, and refused with the line and the field that is wrong."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from memory.errors import ImportProblem
from memory.imports.thread_lines import ThreadLines
from memory.imports.threads import ImportedThread

MESSAGES: list[dict[str, Any]] = [
    {"author": "Ada", "text": "import fails", "ts": 1512085950},
    {"author": "Bob", "text": "set tz", "ts": "1512085960.000200"},
]
LINE: dict[str, Any] = {"channel": "C1", "thread": "1.0", "messages": MESSAGES}


def lines(tmp_path: Path, *given: object) -> ThreadLines:
    path = tmp_path / "threads.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in given))
    return ThreadLines(path)


def only(tmp_path: Path, given: object) -> ImportedThread:
    [thread] = lines(tmp_path, given).threads()
    assert thread is not None
    return thread


def test_the_smallest_thread_has_a_channel_an_identifier_and_messages(tmp_path: Path) -> None:
    thread = only(tmp_path, LINE)
    assert (thread.channel, thread.channel_name, thread.thread) == ("C1", "C1", "1.0")
    assert (thread.title, thread.permalink, thread.resolved) == ("", "", None)
    assert [message.text for message in thread.messages] == ["import fails", "set tz"]


def test_what_else_is_known_is_read_too(tmp_path: Path) -> None:
    more: dict[str, Any] = {
        "channel_name": "ops",
        "title": "Import",
        "permalink": "https://x.example",
        "resolved": True,
    }
    thread = only(tmp_path, LINE | more)
    assert (thread.channel_name, thread.title) == ("ops", "Import")
    assert (thread.permalink, thread.resolved) == ("https://x.example", True)


@pytest.mark.parametrize(
    "ts", [1512085950, 1512085950.0, "1512085950", "2017-11-30T23:52:30", "2017-12-01T00:52:30+01:00"]
)
def test_times_are_unix_seconds_or_iso_8601(tmp_path: Path, ts: object) -> None:
    thread = only(tmp_path, LINE | {"messages": [MESSAGES[0] | {"ts": ts}, MESSAGES[1]]})
    assert thread.messages[0].at == datetime(2017, 11, 30, 23, 52, 30, tzinfo=UTC)


def test_empty_lines_are_passed_over_in_silence(tmp_path: Path) -> None:
    source = lines(tmp_path, "", LINE, "  ", LINE | {"thread": "2.0"}, "")
    assert source.count() == 2
    assert len(list(source.threads())) == 2


def test_threads_with_fewer_than_two_messages_with_words_are_counted(tmp_path: Path) -> None:
    silent = MESSAGES[1] | {"text": " "}
    source = lines(tmp_path, LINE | {"messages": [MESSAGES[0], silent]}, LINE)
    assert [thread is None for thread in source.threads()] == [True, False]
    assert source.skipped == {"fewer than two messages": 1}


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("{not json", "line 2 is not JSON"),
        ("[1]", "line 2 is not a JSON object"),
        (LINE | {"channel": None}, "line 2: channel must be a text, not empty"),
        (LINE | {"channel": ""}, "line 2: channel must be a text, not empty"),
        (LINE | {"thread": 7}, "line 2: thread must be a text, not empty"),
        (LINE | {"title": 7}, "line 2: title must be a text"),
        (LINE | {"resolved": "yes"}, "line 2: resolved must be true, false or absent"),
        (LINE | {"messages": []}, "line 2: messages must be a list with at least one message"),
        (LINE | {"messages": ["hi"]}, "line 2: messages[0] must be an object with author, text and ts"),
        (LINE | {"messages": [MESSAGES[0], {"text": "x", "ts": 1}]}, "line 2: messages[1]: author must be a"),
        (LINE | {"messages": [MESSAGES[0] | {"ts": "noon"}]}, "line 2: messages[0]: ts must be Unix seconds"),
        (LINE | {"messages": [MESSAGES[0] | {"ts": True}]}, "not True"),
        (LINE | {"messages": [MESSAGES[0] | {"ts": 1e300}]}, "not 1e+300"),
        (LINE | {"messages": [{"author": "Ada", "text": "x"}]}, "not None"),
    ],
)
def test_a_broken_line_is_named_after_the_good_ones_were_read(
    tmp_path: Path, broken: object, said: str
) -> None:
    threads = lines(tmp_path, LINE, broken).threads()
    assert next(threads) is not None
    with pytest.raises(ImportProblem, match=re.escape(said)) as problem:
        next(threads)
    assert "threads.jsonl" in str(problem.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImportProblem, match=r"nowhere\.jsonl cannot be read: No such file"):
        ThreadLines(tmp_path / "nowhere.jsonl").count()


def test_a_file_of_another_encoding_is_named_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "latin.jsonl").write_bytes('{"channel": "Büro"}'.encode("latin-1"))
    with pytest.raises(ImportProblem, match="save it as UTF-8"):
        list(ThreadLines(tmp_path / "latin.jsonl").threads())
