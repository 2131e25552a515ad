"""Measuring recall: a small judged set through the product's import, index and search, and the real ones."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from memory.embedding.embedder import Embedder, HashingEmbedder, ProcessEmbedder, open_embedder
from memory.evaluation.judged import judged_sets
from memory.evaluation.measuring import Measured, measure
from tests.memory.devchat import data_folder
from tests.memory.test_judged import write
from tests.support.secrets import secret_mask

TOPICS = ("printer jams", "KeyError tz", "docker build slow", "flaky login test", "disk full", "proxy denies")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Each topic has a thread that answers it, but the last one is judged to be answered by another."""
    write(
        tmp_path,
        "corpus.jsonl",
        *(
            {"_id": f"d{n}", "title": topic, "text": f"{topic} because of {n}"}
            for n, topic in enumerate(TOPICS)
        ),
    )
    write(
        tmp_path,
        "queries.jsonl",
        *({"_id": f"q{n}", "text": f"why {topic}?"} for n, topic in enumerate(TOPICS)),
    )
    right = [f"q{n}\td{n}\t1" for n in range(len(TOPICS) - 1)]
    write(tmp_path, "qrels.tsv", *right, f"q{len(TOPICS) - 1}\td0\t1")
    return tmp_path


def run(engine: Engine, folder: Path, embedder: Embedder) -> Measured:
    [judged] = judged_sets(folder)
    return measure(engine, embedder, judged, bare=embedder, secrets=secret_mask(), report=lambda *_: None)


def test_measures_the_product_beside_the_single_methods(engine: Engine, folder: Path) -> None:
    measured = run(engine, folder, HashingEmbedder())
    assert (measured.threads, measured.questions) == (6, 6)
    for quality in (measured.oxbow, *measured.baselines.values()):
        assert 5 / 6 <= quality.ndcg_at_10 < 1
    assert set(measured.baselines) == {"BM25", "full text", "dense"}


def test_counts_what_passes_the_bars_with_and_without_an_answer(engine: Engine, folder: Path) -> None:
    measured = run(engine, folder, HashingEmbedder())
    for bar in (measured.shown, measured.offered):
        assert 0 < bar.precision <= 1
        assert bar.false_alarms < bar.coverage
    assert measured.offered.precision >= measured.shown.precision
    assert measured.offered.coverage <= measured.shown.coverage


def test_says_what_it_is_doing_and_how_far_it_is(engine: Engine, folder: Path) -> None:
    [judged] = judged_sets(folder)
    said: list[tuple[str, int, int]] = []
    hashing = HashingEmbedder()
    measure(
        engine, hashing, judged, bare=hashing, secrets=secret_mask(), report=lambda *step: said.append(step)
    )
    assert said[-1] == (f"{folder.name}: asking", 6, 6)


def test_finds_nothing_of_an_earlier_set(engine: Engine, folder: Path) -> None:
    first = run(engine, folder, HashingEmbedder())
    assert run(engine, folder, HashingEmbedder()).passages == first.passages


@pytest.fixture(scope="module")
def minilm() -> Iterator[Embedder]:
    embedder = open_embedder("minilm")
    assert isinstance(embedder, ProcessEmbedder)
    with embedder:
        yield embedder


@pytest.mark.embedding
@pytest.mark.skipif(
    "OXBOW_MEASURE_QUALITY" not in os.environ, reason="an hour: set OXBOW_MEASURE_QUALITY to measure"
)
@pytest.mark.parametrize(
    ("name", "floor"),
    [
        ("zulip-links", 0.48),
        ("slack-devchat-discussion", 0.56),
        ("gitbugs-dup", 0.65),
        ("locomo-sessions", 0.80),
    ],
)
def test_real_questions_find_their_answers(engine: Engine, minilm: Embedder, name: str, floor: float) -> None:
    folder = data_folder(name.removesuffix("-discussion"))
    [judged] = (judged for judged in judged_sets(folder) if judged.name == name)
    measured = measure(engine, minilm, judged, bare=minilm, secrets=secret_mask(), report=lambda *_: None)
    assert measured.oxbow.ndcg_at_10 > floor
    assert all(measured.oxbow.ndcg_at_10 > other.ndcg_at_10 - 0.01 for other in measured.baselines.values())
