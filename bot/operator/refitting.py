"""`oxbow refit`: the ranking learned anew from what people did with earlier threads, shown, taken back."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from bot.compose import open_database
from bot.embedding import open_embedding
from bot.operator.commands import NothingFound, progress, team_of
from bot.settings import read_settings
from memory.recall.ranker_versions import RankerVersion, current_weights, roll_back, versions
from memory.recall.recall import Recall
from memory.recall.refitting import FEWEST_QUESTIONS, Refit, adopt, refit
from memory.recall.weights import DEFAULT, FEATURES, Weights


def renew_ranking() -> int:
    """Learn from the questions whose answers are known, say what came of it, feature by feature."""
    settings = read_settings()
    result = Refit(done=0, total=0)
    with open_database(settings) as engine, open_embedding(settings) as embedder:
        team = team_of(settings, engine)
        with progress("learning") as bar:
            task = bar.add_task("refit", total=None)
            for result in refit(engine, Recall(engine, embedder), team=team):
                bar.update(task, completed=result.done, total=result.total)
        with engine.begin() as connection:
            accepted = adopt(connection, result, team=team)
            known = versions(connection, team)
    _print(result, known, accepted=accepted)
    return 0


def take_ranking_back() -> int:
    """Return to the ranking before the current one."""
    settings = read_settings()
    with open_database(settings) as engine, engine.begin() as connection:
        team = team_of(settings, engine)
        if not roll_back(connection, team):
            raise NothingFound("searches go by the shipped weights already")
        shipped = current_weights(connection, team) == DEFAULT
    Console().print(
        "Searches go by the shipped weights." if shipped else "Searches go by the version before."
    )
    return 0


def show_ranking() -> int:
    """Print what searches go by now, feature by feature, and every version that was learned."""
    settings = read_settings()
    with open_database(settings) as engine, engine.connect() as connection:
        team = team_of(settings, engine)
        current, known = current_weights(connection, team), versions(connection, team)
    console = Console(highlight=False, soft_wrap=True)
    console.print(_explained(current, "in use"))
    _list(console, known)
    return 0


def _print(result: Refit, known: Sequence[RankerVersion], *, accepted: bool) -> None:
    console = Console(highlight=False, soft_wrap=True)
    if result.weights is None:
        console.print(
            f"{result.questions} questions with a known answer; {FEWEST_QUESTIONS} are needed to learn from."
        )
        return
    gain = f"{100 * result.before:.1f} → {100 * result.after:.1f}"
    verdict = "in use from now on" if accepted else "not enough of a gain, nothing changes"
    console.print(f"{result.questions} questions; nDCG@10 of held-back ones {gain}: {verdict}.", markup=False)
    console.print(_explained(result.weights, "learned"))
    _list(console, known)


def _list(console: Console, known: Sequence[RankerVersion]) -> None:
    for version in known:
        console.print(_line(version), markup=False)
    if not any(version.current for version in known):
        console.print("Searches go by the shipped weights.")


def _explained(learned: Weights, title: str) -> Table:
    table = Table("feature", "shipped", title)
    for feature, shipped, weight in zip(FEATURES, DEFAULT.values(), learned.values(), strict=True):
        table.add_row(feature, f"{shipped:+.3f}", f"{weight:+.3f}")
    return table


def _line(version: RankerVersion) -> str:
    gain = f"{100 * version.before:.1f} → {100 * version.after:.1f}"
    used = ", in use" if version.current else ""
    return (
        f"version {version.version}, {version.made_at:%Y-%m-%d}: {version.questions} questions, {gain}{used}"
    )
