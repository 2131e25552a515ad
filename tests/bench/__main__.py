"""`python -m tests.bench`: how fast the parts are on this machine, as a table and as JSON.

Each figure comes from many repetitions on real parts: Postgres with fsync, the local workspace over its wire
protocol, real processes, the real sandbox. Machines are noisy: read medians and ratios.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import acknowledgement, processes, session_log, workspaces
from tests.bench.background import flood
from tests.bench.commands import command
from tests.bench.day import burst, day
from tests.bench.figures import Figures, medians
from tests.bench.indexing import indexing
from tests.bench.neighbour import neighbour
from tests.bench.place import Place, place
from tests.bench.repeats import repeats
from tests.bench.search import search
from tests.bench.turn import turn


@dataclass(frozen=True, slots=True)
class Stage:
    """One measurement: run so often, each time in a new place, and the median of each figure kept."""

    measure: Callable[[Place], Figures]
    runs: int = 3
    quick: bool = True
    """Whether it takes less than a minute."""
    asked: bool = False
    """Whether it runs only when it is named: what it builds takes half an hour and 12 GB."""


STAGES = {
    "acknowledgement-socket": Stage(acknowledgement.by_socket),
    "acknowledgement-http": Stage(acknowledgement.by_http),
    "log": Stage(session_log.transactions),
    "fold": Stage(session_log.reading),
    "turn": Stage(turn),
    "command": Stage(command),
    "neighbour": Stage(neighbour),
    "workspaces-local": Stage(workspaces.local),
    "workspaces-docker": Stage(workspaces.docker),
    "workspaces-kubernetes": Stage(workspaces.kubernetes),
    "workspaces-unisolated": Stage(workspaces.unisolated),
    "workspaces-ready": Stage(workspaces.ready),
    "indexing": Stage(indexing, runs=1),
    "memory": Stage(repeats, runs=1, quick=False),
    "search-5000-threads": Stage(lambda _: search(36_700), runs=1, quick=False),
    "search-10000": Stage(lambda _: search(10_000), runs=1, quick=False),
    "search-100000": Stage(lambda _: search(100_000), runs=1, quick=False),
    "search-1000000": Stage(lambda _: search(1_000_000), runs=1, quick=False, asked=True),
    "resident": Stage(processes.resident, runs=1, quick=False),
    "flood": Stage(flood, runs=1, quick=False),
    "day": Stage(day, runs=1, quick=False),
    "burst": Stage(burst, runs=1, quick=False),
    "takeover": Stage(processes.takeover, quick=False),
}


def main() -> int:
    """Run the stages that were named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=list(STAGES), help=", ".join(STAGES))
    parser.add_argument("--quick", action="store_true", help="one run of each stage, the long ones left out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    asked = parser.parse_args()
    usual = [name for name, stage in STAGES.items() if (stage.quick or not asked.quick) and not stage.asked]
    names = asked.only or usual
    console = Console()
    figures: dict[str, Figures] = {}
    for name in names:
        with console.status(name):
            figures[name] = _measured(STAGES[name], quick=asked.quick)
    console.print(_table(figures))
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


def _measured(stage: Stage, *, quick: bool) -> Figures:
    runs = []
    for _ in range(1 if quick else stage.runs):
        with place() as at:
            runs.append(stage.measure(at))
    return medians(runs)


def _table(figures: dict[str, Figures]) -> Table:
    table = Table("stage")
    table.add_column("figure", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    for stage, found in figures.items():
        for number, (figure, value) in enumerate(found.items()):
            table.add_row("" if number else stage, figure, f"{value:,.2f}")
        table.add_section()
    return table


if __name__ == "__main__":
    sys.exit(main())
