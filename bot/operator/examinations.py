"""The parts that `oxbow doctor` looks at, each on its own. What is raised here is told as wrong."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.compose import database_url
from bot.embedding import open_embedding
from bot.forge.errors import ForgeError
from bot.forge.forges import Forges
from bot.forge.repository import short_name
from bot.hosting.hosting import build_github
from bot.model.anthropic import AnthropicModel
from bot.model.port import ModelError
from bot.operator.findings import Finding, Status
from bot.sandboxes import build_sandbox
from bot.settings import Settings
from memory.database import connect, place
from memory.postgres.facts import ServerFacts, server_facts
from memory.workspaces.installations import Installation, Installations

CLOCK_NOTE, CLOCK_WRONG = 5.0, 240.0
"""Seconds. Times in the log are the database's, so that a small difference only puzzles readers; Slack's
signed requests are refused at 300."""

DISK_NOTE, DISK_WRONG = 5 * 1024**3, 1024**3
"""Free bytes: a large repository with its workspace takes one GiB."""


def examine_database(settings: Settings) -> Iterator[Finding]:
    """The server, its extension, the schema, and its clock."""
    with database_url(settings) as url:
        engine = connect(url, pool_size=1)
        try:
            facts = server_facts(engine)
            current = settings.oauth and facts.revision == facts.newest
            found = Installations(engine).all() if current else []
        finally:
            engine.dispose()
    vectors = f"pgvector {facts.pgvector}" if facts.pgvector else "pgvector is enabled at the first start"
    seen = f"Postgres {facts.version} at {place(engine)}, {vectors}"
    yield Finding(part="database", status="ok", seen=seen)
    yield schema(facts)
    yield clock(facts.ahead)
    if current:
        yield from installed(settings.oxbow_teams, found)


def installed(teams: Sequence[str], found: Sequence[Installation]) -> Iterator[Finding]:
    """Whether each workspace that may install the app has done so, and is served."""
    known = {it.team: it for it in found}
    for team in teams:
        part = f"workspace {team}"
        installation = known.get(team)
        if installation is None:
            advice = "somebody of it opens /slack/install"
            yield Finding(part=part, status="note", seen="has not installed the app", advice=advice)
        elif installation.parked is not None:
            advice = f"install the app again at /slack/install, or erase it with `oxbow erase {team}`"
            yield Finding(part=part, status="wrong", seen=installation.parked, advice=advice)
        else:
            yield Finding(part=part, status="ok", seen="has installed the app")


def schema(facts: ServerFacts) -> Finding:
    """Whether this program and the schema fit together."""
    if not facts.known:
        seen = f"revision {facts.revision} is of a newer oxbow; this one knows {facts.newest}"
        return Finding(part="schema", status="wrong", seen=seen, advice="upgrade oxbow on this host")
    if facts.revision != facts.newest:
        seen = f"revision {facts.revision or 'none'}, newest {facts.newest}"
        return Finding(part="schema", status="note", seen=seen, advice="the next start brings it up to date")
    return Finding(part="schema", status="ok", seen=f"revision {facts.revision}")


def clock(ahead: float) -> Finding:
    """Whether the database's clock and this host's agree; `ahead` in seconds."""
    seen = f"the database's is {abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} this host's"
    if abs(ahead) <= CLOCK_NOTE:
        return Finding(part="clock", status="ok", seen=seen)
    status: Status = "wrong" if abs(ahead) > CLOCK_WRONG else "note"
    return Finding(part="clock", status=status, seen=seen, advice="let both hosts keep time by NTP")


def examine_sandbox(settings: Settings) -> Iterator[Finding]:
    """Whether commands can run and are held."""
    sandbox = build_sandbox(settings)
    if isinstance(sandbox, str):
        advice = "see docs/sandbox.md; until then answers come without commands"
        yield Finding(part="sandbox", status="wrong", seen=sandbox, advice=advice)
    elif sandbox.name == "unisolated":
        seen = "commands run as the bot's own user, without isolation"
        yield Finding(part="sandbox", status="note", seen=seen, advice="see docs/sandbox.md")
    else:
        yield Finding(part="sandbox", status="ok", seen=f"{sandbox.name} passed its self-test")


def examine_embedder(settings: Settings) -> Iterator[Finding]:
    """Whether texts can be turned into vectors."""
    with open_embedding(settings) as embedder:
        [vector] = embedder.embed(["the import fails"])
        yield Finding(part="embedder", status="ok", seen=f"{embedder.name}, {len(vector)} dimensions")


def examine_repositories(settings: Settings) -> Iterator[Finding]:
    """Whether each repository can be read now."""
    if not settings.oxbow_repositories:
        yield Finding(
            part="repositories",
            status="note",
            seen="none is configured",
            advice="set OXBOW_REPOSITORIES to let sessions work on code",
        )
        return
    folder = settings.oxbow_data_dir.resolve() / "mirrors"
    forges = Forges(folder, github=build_github(settings))
    for address in settings.oxbow_repositories:
        name = short_name(address)
        try:
            branch = forges.mirrors.default_branch(address)
        except ForgeError as problem:
            advice = "check OXBOW_REPOSITORIES, and what the bot may read"
            yield Finding(part="repository", status="wrong", seen=str(problem), advice=advice)
        else:
            yield Finding(part="repository", status="ok", seen=f"{name}, default branch {branch}")


def examine_github(settings: Settings) -> Iterator[Finding]:
    """Whether GitHub knows the app."""
    github = build_github(settings)
    if github is None:
        return
    try:
        name = github.app_name()
    except ForgeError as problem:
        advice = "check GITHUB_APP_ID, GITHUB_APP_PRIVATE_KEY and GITHUB_API_URL"
        yield Finding(part="github app", status="wrong", seen=str(problem), advice=advice)
    else:
        yield Finding(part="github app", status="ok", seen=name)


def examine_authority(settings: Settings) -> Iterator[Finding]:
    """Whether there is anybody for whom a change may be pushed."""
    if not settings.oxbow_repositories or settings.unlinked == "bot":
        return
    github = build_github(settings)
    for repository in settings.repositories:
        hosted = github is not None and github.hosts(repository.address)
        if hosted and settings.github_client_id is None:
            advice = "set GITHUB_CLIENT_ID, so that people can link their accounts, or OXBOW_UNLINKED=bot"
        elif not hosted and repository.name not in settings.writers:
            advice = "list people in OXBOW_WRITERS, or set OXBOW_UNLINKED=bot"
        else:
            continue
        seen = f"{repository.name}: no change can be pushed for anybody"
        yield Finding(part="authority", status="note", seen=seen, advice=advice)


def examine_model(settings: Settings) -> Iterator[Finding]:
    """Whether the provider takes the key and has the model; nothing is asked of the model itself."""
    if settings.anthropic_api_key is None:
        yield Finding(
            part="model",
            status="note",
            seen="no ANTHROPIC_API_KEY: a scripted model plays recorded problems",
        )
        return
    key, address = settings.anthropic_api_key.get_secret_value(), settings.anthropic_base_url
    yield _model_found("model", "OXBOW_MODEL", key, address, settings.oxbow_model)
    if settings.oxbow_distil_model is not None:
        yield _model_found("small model", "OXBOW_DISTIL_MODEL", key, address, settings.oxbow_distil_model)


def _model_found(part: str, variable: str, key: str, address: str | None, name: str) -> Finding:
    try:
        AnthropicModel(api_key=key, base_url=address, model=name).look_up()
    except (ModelError, ValueError) as problem:
        advice = f"check ANTHROPIC_API_KEY, {variable} and ANTHROPIC_BASE_URL"
        return Finding(part=part, status="wrong", seen=str(problem), advice=advice)
    return Finding(part=part, status="ok", seen=name)


def examine_disk(settings: Settings) -> Iterator[Finding]:
    """Whether there is room for workspaces and the included database."""
    folder = settings.oxbow_data_dir.resolve()
    existing = next(it for it in (folder, *folder.parents) if it.is_dir())
    yield disk(existing, shutil.disk_usage(existing).free)


def disk(folder: Path, free: int) -> Finding:
    """Whether so many free bytes are enough."""
    seen = f"{free / 1024**3:.1f} GiB free at {folder}"
    if free >= DISK_NOTE:
        return Finding(part="disk", status="ok", seen=seen)
    advice = "free some, lower OXBOW_WORKSPACE_GIB, or move OXBOW_DATA_DIR"
    return Finding(part="disk", status="wrong" if free < DISK_WRONG else "note", seen=seen, advice=advice)


def examine_host(_: Settings) -> Iterator[Finding]:
    """What this program runs on."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding(part="host", status="ok", seen=f"Python {version} on {sys.platform}")
