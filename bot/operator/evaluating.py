"""`oxbow eval`: how good and how fast recall is on judged folders, in a database that is gone afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from bot.compose import build_secrets
from bot.embedding import open_embedding
from bot.settings import read_settings
from memory.database import Engine, check_server, connect, migrate
from memory.embedding.vector_cache import CachingEmbedder
from memory.errors import ImportProblem
from memory.evaluation.judged import judged_sets
from memory.evaluation.measures import Quality
from memory.evaluation.measuring import Bar, Latency, Measured, measure
from memory.postgres.server import EmbeddedPostgres


def evaluate(folders: Sequence[Path], *, as_json: bool) -> int:
    """Measure every judged set in the folders and print what came out, set by set or as one JSON list.

    Vectors are kept in the data folder, so that only the first run on a set takes long.
    """
    if not folders:
        raise ImportProblem("name the folders to measure, or compare the forms of this memory with --forms")
    settings = read_settings()
    sets = [judged for folder in folders for judged in judged_sets(folder)]
    secrets, console, measured = build_secrets(settings), Console(highlight=False), []
    with (
        temporary_database() as engine,
        open_embedding(settings) as bare,
        CachingEmbedder(bare, settings.oxbow_data_dir / "evaluation" / "vectors.sqlite") as embedder,
    ):
        for judged in sets:
            with _progress() as bar:
                report = _Reporter(bar)
                measured.append(measure(engine, embedder, judged, bare=bare, secrets=secrets, report=report))
            if not as_json:
                _print(console, measured[-1])
    if as_json:
        print(json.dumps([asdict(one) for one in measured], indent=2))  # noqa: T201 - the command's answer
    return 0


@contextmanager
def temporary_database() -> Iterator[Engine]:
    """A database of its own: what the product remembers is neither seen nor touched."""
    with TemporaryDirectory(prefix="oxbow-eval-") as folder, EmbeddedPostgres(Path(folder)) as server:
        engine = connect(server.url)
        try:
            check_server(engine)
            migrate(engine)
            yield engine
        finally:
            engine.dispose()


def _progress() -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, console=Console(stderr=True))


class _Reporter:
    """A bar for each thing that is done."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, doing: str, done: int, total: int) -> None:
        if doing not in self._tasks:
            self._tasks[doing] = self._bar.add_task(doing)
        self._bar.update(self._tasks[doing], completed=done, total=total)


def _print(console: Console, measured: Measured) -> None:
    columns = "method", "nDCG@10", "MRR@10", "Recall@5", "Recall@10"
    table = Table(*columns, title=measured.name, title_justify="left")
    for method, quality in {"oxbow": measured.oxbow, **measured.baselines}.items():
        table.add_row(method, *map(_percent, _figures(quality)))
    console.print(table)
    size = f"{measured.threads} threads, {measured.passages} passages, {measured.questions} questions"
    for line in (
        size,
        f"nDCG@10 learned, five-fold     {_percent(measured.learned)}",
        f"precision@1 at 25 % coverage   {_percent(measured.precision_at_quarter)}",
        f"shown unasked                  {_bar(measured.shown)}",
        f"offered at once                {_bar(measured.offered)}",
        f"search, p50 / p95              {_latency(measured.search)}",
        f"embedding a question           {_latency(measured.embedding)}",
        f"both                           {_latency(measured.whole)}",
        "",
    ):
        console.print(line, markup=False)


def _figures(quality: Quality) -> tuple[float, float, float, float]:
    return quality.ndcg_at_10, quality.reciprocal_rank, quality.recall_at_5, quality.recall_at_10


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _bar(bar: Bar) -> str:
    return (
        f"{_percent(bar.coverage)} % of questions, right in {_percent(bar.precision)} %; "
        f"{_percent(bar.false_alarms)} % when the answer is taken out"
    )


def _latency(latency: Latency) -> str:
    return f"{latency.p50:.1f} / {latency.p95:.1f} ms"
