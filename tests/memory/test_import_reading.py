"""Imported threads read by a small model too, as many as somebody wants to pay for."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import Engine, text

from bot.background.reading import BoundedReader
from bot.brain.distilling import Distilling
from memory.embedding.embedder import HashingEmbedder
from memory.imports.importing import Progress, import_threads
from memory.imports.thread_lines import ThreadLines
from memory.solutions.kept_forms import KeptForms
from tests.support.script_model import ScriptModel, says
from tests.support.secrets import secret_mask

READ = {
    "problem": "Rows lack a zone.",
    "cause": "The field is optional.",
    "fix": "Read them as UTC.",
    "symptoms": ["KeyError: 'tz'"],
    "environment": [],
    "commands": [],
    "files": [],
}


def line(number: int) -> str:
    said = [("Ada", f"import {number} ends with KeyError: 'tz'"), ("Bo", "rows without a zone are UTC")]
    messages = [{"author": author, "text": words, "ts": 1512085950.0} for author, words in said]
    return json.dumps({"channel": "old", "thread": str(number), "messages": messages})


def bring(engine: Engine, path: Path, most: int) -> tuple[Progress, BoundedReader]:
    model = ScriptModel(lambda _: says(json.dumps(READ)))
    reader = BoundedReader(Distilling(model, "claude-haiku-5-5", KeptForms(engine), secret_mask()), most)
    *_, last = import_threads(
        engine, HashingEmbedder(), ThreadLines(path), team="T1", secrets=secret_mask(), reader=reader
    )
    return last, reader


def test_so_many_are_read_and_the_rest_stays_as_rules_read_it(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "threads.jsonl"
    path.write_text("\n".join(map(line, range(3))), encoding="utf-8")
    first, reader = bring(engine, path, most=2)
    assert (first.indexed, reader.calls, reader.dollars > 0) == (3, 2, True)
    with engine.connect() as connection:
        stored = connection.execute(text("SELECT form, cause, outcome FROM solutions ORDER BY form, thread"))
        assert [tuple(row) for row in stored] == [
            ("model", "The field is optional.", "answered"),
            ("model", "The field is optional.", "answered"),
            ("rules", "", "answered"),
        ]
    again, reader = bring(engine, path, most=2)
    assert (again.unchanged, reader.calls) == (3, 0)
