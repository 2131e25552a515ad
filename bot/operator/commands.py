"""The commands that do one thing and end: migrate, show, search, stats, import, reindex."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot.background.reading import BoundedReader
from bot.compose import build_secrets, open_database
from bot.embedding import open_embedding
from bot.model.prices import thresholds
from bot.models import build_distilling
from bot.niceness import let_others_go_first
from bot.operator.stats import document, figures, repeated
from bot.operator.terminal import harmless
from bot.sandboxes import build_sandbox, build_sweeper
from bot.settings import Settings, SettingsProblem, read_settings
from bot.slack.errors import SlackProblem
from bot.slack.hearing.history import SlackHistory, channel_named
from bot.slack.showing.rendered import count
from bot.slack.side import slack_side
from bot.workspace.errors import WorkspaceError
from bot.workspace.people import TEAM
from memory.database import Engine, transaction
from memory.embedding.embedder import open_embedder
from memory.errors import ImportProblem, StoreError
from memory.imports.importing import Source, import_threads
from memory.imports.slack_export import SlackExport
from memory.imports.thread_lines import ThreadLines
from memory.log.codec import encode
from memory.log.events import RecordedEvent, ToolFinished
from memory.log.session_log import SessionLog, SessionRow
from memory.recall.finding import Finder
from memory.recall.query import QueryProblem
from memory.recall.recall import Recall
from memory.solutions.recurring import recurring, teams
from memory.solutions.reindexing import reindex
from memory.statistics.availability import Availability, availability
from memory.statistics.statistics import Window, month_of, now, statistics
from sandbox.errors import SandboxError


class NothingFound(Exception):
    """What was asked for is not there."""


def problems() -> tuple[type[Exception], ...]:
    """Everything that is told to the person at the terminal instead of a traceback."""
    return (
        SettingsProblem,
        StoreError,
        SlackProblem,
        WorkspaceError,
        QueryProblem,
        NothingFound,
        SandboxError,
    )


def migrate() -> int:
    """Bring the schema up to date."""
    with open_database(read_settings()):
        Console().print("The schema is up to date.")
    return 0


def show(prefix: str, call: str | None) -> int:
    """Print a session's log, one event a line, or the whole output of one of its tool calls."""
    with open_database(read_settings()) as engine:
        log = SessionLog(engine)
        row = _session(log, prefix)
        console = Console(soft_wrap=True, highlight=False)
        if call is not None:
            console.print(harmless(_output(log, row, call)), markup=False)
            return 0
        where = f"{row.address.team} {row.address.channel} {row.address.thread}"
        console.print(f"session {row.session}  {where}  {row.status}", markup=False)
        events = log.read(row.session)
        for event in events:
            console.print(harmless(_line(event)), markup=False)
        console.print(
            _available(availability(events, now=log.now(), held=row.status == "running")), markup=False
        )
    return 0


def _session(log: SessionLog, prefix: str) -> SessionRow:
    match log.find(prefix):
        case []:
            raise NothingFound(f"there is no session {prefix!r}; `/oxbow status` lists those of a channel")
        case [row]:
            return row
        case several:
            names = ", ".join(str(row.session) for row in several)
            raise NothingFound(f"{prefix!r} is the beginning of several sessions: {names}")


def _output(log: SessionLog, row: SessionRow, call: str) -> str:
    """What a call printed: kept whole beside the log when it was long, else as its event has it."""
    whole = log.get_blob(row.session, call)
    if whole is not None:
        return whole.decode(errors="replace")
    for recorded in log.read(row.session):
        if isinstance(recorded.event, ToolFinished) and recorded.event.call == call:
            return recorded.event.output
    raise NothingFound(f"session {row.session} has no finished call {call!r}; `oxbow show` lists its calls")


def search(query: str, *, limit: int) -> int:
    """Print finished threads that resemble the query. The operator sees what the database holds."""
    settings = read_settings()
    console = Console(soft_wrap=True, highlight=False)
    with open_database(settings) as engine, open_embedding(settings) as embedder:
        finder = Finder(engine, Recall(engine, embedder))
        found = finder.find(query, team=team_of(settings, engine), channel=None)
    if not found.hits:
        raise NothingFound(f"nothing similar to {query!r} was found")
    for typed, meant in found.corrections.items():
        console.print(f"looked for {meant!r}, since no thread holds {typed!r}", markup=False)
    for hit in found.hits[:limit]:
        state = hit.outcome if hit.standing == "current" else hit.standing
        console.print(
            f"#{hit.channel_name}  {state}  {hit.finished_at:%Y-%m-%d}  {hit.permalink}", markup=False
        )
        console.print(f"  {' '.join(hit.problem.split())[:200]}", markup=False)
        console.print(f"  → {' '.join(hit.fix.split())[:200]}\n  {hit.why}", markup=False)
    return 0


def stats(month: datetime | None, *, as_json: bool) -> int:
    """Print the figures of a month, of all workspaces in the database; the current one up to now."""
    settings = read_settings()
    embedder = open_embedder(settings.oxbow_embedder).name
    with open_database(settings) as engine:
        since, until = month_of(month or now(engine))
        window = Window(since=since, until=until)
        found = statistics(engine, window, thresholds=thresholds(), seconds=0)
        with transaction(engine) as connection:
            problems = [
                problem
                for team in teams(connection)
                for problem in recurring(connection, team=team, embedder=embedder, since=since, until=until)
            ]
    if as_json:
        print(json.dumps(document(found, window, problems), indent=2))  # noqa: T201 - a command's answer
        return 0
    lines = [*figures(found), *repeated(problems, since)]
    width = max(len(label) for label, _ in lines)
    console = Console(soft_wrap=True, highlight=False, markup=False)
    console.print(f"{since:%B %Y} in UTC{', so far' if found.now < until else ''}\n")
    for label, words in lines:
        console.print(f"{label:{width}}  {words}")
    return 0


def bring(path: Path | None, *, workspace_url: str, channel: str | None, read: int) -> int:
    """Import threads, with a progress bar; run it again to go on where it was broken off.

    Of new and changed ones the small model reads `read` at most.
    """
    settings = read_settings()
    if read and settings.oxbow_distil_model is None:
        raise SettingsProblem("--read asks a small model: name it in OXBOW_DISTIL_MODEL")
    if (path is None) == (channel is None):
        raise ImportProblem("give a path, or --channel with the name of a public channel")
    given = None if path is None else _source(path, workspace_url)
    secrets = build_secrets(settings)
    with open_database(settings) as engine, open_embedding(settings) as embedder:
        let_others_go_first()
        team = team_of(settings, engine)
        source = given or _living(settings, engine, str(channel))
        distilling = build_distilling(settings, engine, secrets)
        reader = BoundedReader(distilling, read) if distilling is not None and read else None
        result = None
        with progress("importing") as bar:
            task = bar.add_task("import", total=None)
            imported = import_threads(engine, embedder, source, team=team, secrets=secrets, reader=reader)
            for result in imported:
                bar.update(task, completed=result.done, total=result.total)
    if result is None:
        raise ImportProblem(f"{path or channel} holds no thread")
    skipped = ", ".join(f"{number} {why}" for why, number in result.skipped.items()) or "none"
    indexed = count(result.indexed, "thread")
    Console().print(
        f"{indexed} indexed, {result.unchanged} known already, passed over: {skipped}.",
        markup=False,
    )
    if reader is not None:
        asked = count(reader.calls, "thread")
        Console().print(
            f"{asked} read by {settings.oxbow_distil_model} for ${reader.dollars:.2f}.", markup=False
        )
    return 0


def _living(settings: Settings, engine: Engine, channel: str) -> SlackHistory:
    """A channel of the workspace, by identifier or name."""
    if settings.slack_bot_token is None:
        raise SettingsProblem("--channel reads the workspace of a token: set SLACK_BOT_TOKEN")
    slack = slack_side(settings, engine)
    return SlackHistory(
        channel_named(slack.web, channel),
        web=slack.web,
        gate=slack.gate,
        people=slack.people,
        workspace_url=str(slack.web.call("auth.test").get("url") or "https://slack.com"),
    )


def renew_index() -> int:
    """Index every solution again, with a progress bar; run it again to go on where it was broken off."""
    settings = read_settings()
    done = 0
    with (
        open_database(settings) as engine,
        open_embedding(settings) as embedder,
        progress("reindexing") as bar,
    ):
        let_others_go_first()
        task = bar.add_task("reindex", total=None)
        for done, total in reindex(engine, embedder, secrets=build_secrets(settings)):
            bar.update(task, completed=done, total=total)
    Console().print(f"{count(done, 'solution')} indexed again with {settings.oxbow_embedder}.", markup=False)
    return 0


def collect(*, dry_run: bool) -> int:
    """Do what is due with workspaces that rest, or print it."""
    settings = read_settings()
    console = Console(soft_wrap=True, highlight=False)
    with open_database(settings) as engine:
        sandbox = build_sandbox(settings)
        if isinstance(sandbox, str):
            raise NothingFound(sandbox)
        sweeper = build_sweeper(settings, engine, sandbox)
        actions = sweeper.due() if dry_run else sweeper.sweep()
    for action in actions:
        size = f"{action.size_bytes / 1024**2:,.0f} MiB"
        console.print(f"{action.kind:8}  {action.session}  {size}  {action.reason}", markup=False)
    verb = "to do" if dry_run else "done"
    console.print(f"{count(len(actions), 'thing')} {verb}.", markup=False)
    return 0


def progress(doing: str) -> Progress:
    """A bar of what is being done, on stderr."""
    return Progress(
        TextColumn(doing),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def _source(path: Path, workspace_url: str) -> Source:
    if not path.exists():
        raise ImportProblem(f"{path} does not exist: give a Slack export (folder or .zip) or a .jsonl file")
    if path.is_dir() or path.suffix == ".zip":
        return SlackExport(path, workspace_url=workspace_url)
    return ThreadLines(path)


def team_of(settings: Settings, engine: Engine) -> str:
    """Whose memory it is: the workspace of the token, the only one that is named, or the local one."""
    if settings.oauth:
        if len(settings.oxbow_teams) > 1:
            raise SettingsProblem("this is about one workspace: set OXBOW_TEAMS to it alone for this command")
        return settings.oxbow_teams[0]
    return TEAM if settings.local else slack_side(settings, engine).identity.team


def _available(found: Availability) -> str:
    """In how many minutes the session was there for people, and when it was not."""
    kept = len(found.asked) - len(found.lost)
    stalls = [f"{begin:%Y-%m-%d %H:%M:%S} to {end:%H:%M:%S}" for begin, end in found.stalls]
    waited = f"; nothing moved {', '.join(stalls)}" if stalls else ""
    return f"available in {kept} of {count(len(found.asked), 'minute')}{waited}"


def _line(event: RecordedEvent) -> str:
    kind, _, payload = encode(event.event)
    by = f"epoch {event.epoch}" if event.epoch is not None else "received"
    return f"{event.seq:5}  {event.recorded_at:%Y-%m-%d %H:%M:%S.%f}  {by:>9}  {kind}  {payload}"
