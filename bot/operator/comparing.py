"""`oxbow eval --forms`: what rules and the small model read out of the same threads, side by side."""

from __future__ import annotations

import json
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from bot.compose import open_database
from bot.embedding import open_embedding
from bot.operator.commands import NothingFound, progress
from bot.operator.evaluating import temporary_database
from bot.settings import read_settings
from bot.slack.showing.rendered import count
from memory.evaluation.comparing import Comparison, both_forms, compare


def compare_forms(*, as_json: bool) -> int:
    """Print how far both forms of this memory agree and how well each is found, in a database of its own."""
    settings = read_settings()
    with open_database(settings) as engine:
        solutions = both_forms(engine)
    if not solutions:
        raise NothingFound(
            "no solution has both forms: set OXBOW_DISTIL_MODEL, and compare when turns were finished with it"
        )
    with temporary_database() as empty, open_embedding(settings) as embedder, progress("comparing") as bar:
        task = bar.add_task("compare", total=2)
        found = compare(
            empty,
            embedder,
            solutions,
            lambda done, total: bar.update(task, completed=done, total=total),
        )
    if as_json:
        print(json.dumps(asdict(found), indent=2))  # noqa: T201 - the command's answer
    else:
        _print(found)
    return 0


def _print(found: Comparison) -> None:
    console = Console(highlight=False)
    console.print(f"{count(found.solutions, 'solution')} with both forms")
    table = Table("field", "rules", "model", "agreement")
    for name, field in found.fields.items():
        table.add_row(name, *map(_percent, (field.rules, field.model, field.agreement)))
    console.print(table)
    table = Table("form", "nDCG@10", "MRR@10", "Recall@5", "Recall@10")
    for form, quality in found.found.items():
        figures = quality.ndcg_at_10, quality.reciprocal_rank, quality.recall_at_5, quality.recall_at_10
        table.add_row(form, *map(_percent, figures))
    console.print(table)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
