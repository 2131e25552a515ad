"""The command line as people meet it: exit codes, and words instead of tracebacks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from bot.workspace.people import TEAM as LOCAL
from memory.embedding.embedder import HashingEmbedder
from memory.log.events import ToolFinished
from memory.log.session_log import SessionLog
from tests.memory.solution_makers import make_solution, remember
from tests.memory.test_judged import write
from tests.memory.test_refitting import MANY, threads
from tests.support.threads import deliver

ROOT = Path(__file__).parent.parent
HEAVY = ("anthropic", "torch", "sentence_transformers", "sqlalchemy", "slack_sdk", "slack_bolt", "pydantic")


def oxbow(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command in an environment with these settings alone."""
    passed = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", "import sys; from bot.cli import main; sys.exit(main())", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=passed | variables,
        check=False,
        timeout=120,
    )


def test_the_help_loads_nothing_heavy() -> None:
    code = f"""
import sys
from bot.cli import main
try:
    main(["--help"])
except SystemExit as end:
    print(end.code, *sorted({{*{HEAVY!r}}} & {{*sys.modules}}))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True, timeout=60
    )
    assert done.stdout.splitlines()[0].startswith("usage: oxbow")
    assert done.stdout.splitlines()[-1] == "0"


@pytest.mark.parametrize(
    "command",
    [
        "serve",
        "listen",
        "work",
        "demo",
        "migrate",
        "show",
        "search",
        "stats",
        "import",
        "reindex",
        "refit",
        "eval",
        "forget",
    ],
)
def test_the_help_names_every_command(command: str) -> None:
    assert f"    {command}" in oxbow("--help").stdout


@pytest.mark.parametrize(
    "arguments", [(), ("sever",), ("show",), ("search",), ("stats", "--month", "2026-13")]
)
def test_a_wrong_usage_is_answered_with_the_right_one(arguments: tuple[str, ...]) -> None:
    done = oxbow(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: oxbow")


def test_the_manifest_is_json() -> None:
    done = oxbow("manifest", "--request-url", "https://oxbow.example/slack/events")
    assert done.returncode == 0
    assert json.loads(done.stdout)["settings"]["socket_mode_enabled"] is False


def test_wrong_settings_are_all_named() -> None:
    done = oxbow("serve", SLACK_BOT_TOKEN="xoxb-hidden", PORT="x")
    assert done.returncode == 1
    assert done.stderr.startswith("oxbow: PORT: ")
    assert "\nSLACK_BOT_TOKEN: needs company" in done.stderr
    assert "hidden" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["listen", "work"])
def test_half_of_the_process_needs_a_workspace(command: str) -> None:
    done = oxbow(command)
    assert (done.returncode, done.stdout) == (1, "")
    assert "set SLACK_BOT_TOKEN and SLACK_APP_TOKEN, or use `oxbow serve`" in done.stderr


def test_a_file_to_import_that_is_not_there() -> None:
    done = oxbow("import", "nowhere.zip")
    assert done.returncode == 1
    assert done.stderr == (
        "oxbow: nowhere.zip does not exist: give a Slack export (folder or .zip) or a .jsonl file\n"
    )


def test_a_session_that_does_not_exist(database_url: str) -> None:
    done = oxbow("show", "0000", DATABASE_URL=database_url)
    assert done.returncode == 1
    assert done.stderr == ("oxbow: there is no session '0000'; `/oxbow status` lists those of a channel\n")


def test_the_whole_output_of_a_call_is_shown(engine: Engine, database_url: str) -> None:
    log = SessionLog(engine)
    session = deliver(log).session
    lease = log.claim("worker", 60)
    assert lease is not None
    short = ToolFinished(call="short", tool="bash", status="finished", output="one line", exit_code=0)
    log.append(lease, short)
    log.put_blob(session, "long", b"line\n" * 20_000)
    assert oxbow("show", str(session), "short", DATABASE_URL=database_url).stdout == "one line\n"
    assert oxbow("show", str(session), "long", DATABASE_URL=database_url).stdout.count("line\n") == 20_000
    missing = oxbow("show", str(session), "other", DATABASE_URL=database_url)
    assert missing.returncode == 1
    assert "no finished call 'other'" in missing.stderr


def test_the_figures_of_a_month_in_words_and_as_json(engine: Engine, database_url: str) -> None:
    deliver(SessionLog(engine))
    words = oxbow("stats", DATABASE_URL=database_url).stdout
    assert "\n\nsessions              1 in 1 channel, with 1 person\n" in words
    told = json.loads(oxbow("stats", "--json", DATABASE_URL=database_url).stdout)
    assert told["work"]["sessions"] == 1
    before = oxbow("stats", "--month", "2026-01", DATABASE_URL=database_url).stdout
    assert before.startswith("January 2026 in UTC\n\nsessions           0 in 0 channels")


def test_a_session_is_shown_with_its_availability(engine: Engine, database_url: str) -> None:
    session = deliver(SessionLog(engine)).session
    shown = oxbow("show", str(session), DATABASE_URL=database_url).stdout
    # How many depends on how long a command takes to start here.
    assert re.search(r"\navailable in \d+ of \d+ minutes?", shown)


def test_the_memory_is_indexed_again_and_twice_is_once(engine: Engine, database_url: str) -> None:
    remember(
        engine, HashingEmbedder(), make_solution("import fails"), make_solution("export hangs", thread="2.0")
    )
    for _ in range(2):
        done = oxbow("reindex", DATABASE_URL=database_url, OXBOW_EMBEDDER="hashing")
        assert (done.returncode, done.stdout) == (0, "2 solutions indexed again with hashing.\n")


def test_a_ranking_is_learned_taken_back_and_taken_back_no_further(engine: Engine, database_url: str) -> None:
    remember(engine, HashingEmbedder(), *(replace(thread, team=LOCAL) for thread in threads(MANY)))
    learned = oxbow("refit", DATABASE_URL=database_url, OXBOW_EMBEDDER="hashing")
    assert "in use from now on" in learned.stdout
    assert f"version 1, {datetime.now(UTC):%Y-%m-%d}: {MANY} questions" in learned.stdout
    shown = oxbow("refit", "--show", DATABASE_URL=database_url, OXBOW_EMBEDDER="hashing")
    assert "unsolved" in shown.stdout
    assert ", in use" in shown.stdout
    back = oxbow("refit", "--back", DATABASE_URL=database_url, OXBOW_EMBEDDER="hashing")
    assert back.stdout == "Searches go by the shipped weights.\n"
    further = oxbow("refit", "--back", DATABASE_URL=database_url, OXBOW_EMBEDDER="hashing")
    assert (further.returncode, further.stderr) == (1, "oxbow: searches go by the shipped weights already\n")


def test_a_database_that_cannot_be_reached_and_its_password() -> None:
    done = oxbow("migrate", DATABASE_URL="postgresql://oxbow:hidden@127.0.0.1:1/oxbow")
    assert done.returncode == 1
    assert done.stderr.startswith("oxbow: ")
    assert "hidden" not in done.stderr
    assert "Traceback" not in done.stderr


def test_migrating_twice_is_migrating_once(database_url: str) -> None:
    for _ in range(2):
        done = oxbow("migrate", DATABASE_URL=database_url)
        assert (done.returncode, done.stdout) == (0, "The schema is up to date.\n")


def test_forgets_what_a_thread_taught(database_url: str, engine: Engine) -> None:
    lost = make_solution("the import fails", fix="Rows are UTC.", team=LOCAL)
    remember(engine, HashingEmbedder(), lost)
    variables = {"DATABASE_URL": database_url, "OXBOW_EMBEDDER": "hashing"}
    done = oxbow("forget", lost.permalink, **variables)
    assert (done.returncode, done.stdout) == (0, "1 solution forgotten.\n")
    again = oxbow("forget", lost.permalink, **variables)
    assert (again.returncode, again.stderr[:39]) == (1, "oxbow: the memory holds nothing that th")
    with engine.connect() as connection:
        said = connection.execute(text("SELECT problem || fix, given_by FROM solutions, corrections")).one()
    assert tuple(said) == ("", "operator")


def test_evaluates_judged_folders_in_a_database_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, "corpus.jsonl", {"_id": "d1", "text": "printer jams"}, {"_id": "d2", "text": "disk full"})
    write(tmp_path, "queries.jsonl", {"_id": "q1", "text": "why is the disk full"})
    write(tmp_path, "qrels.tsv", "q1\td2\t1")
    data = tmp_path / "data"
    result = oxbow("eval", str(tmp_path), "--json", OXBOW_DATA_DIR=str(data), OXBOW_EMBEDDER="hashing")
    [measured] = json.loads(result.stdout)
    assert (measured["name"], measured["oxbow"]["ndcg_at_10"]) == (tmp_path.name, 1)
    assert [path.name for path in data.iterdir()] == ["evaluation"]


def test_says_that_a_folder_is_not_judged(tmp_path: Path) -> None:
    result = oxbow("eval", str(tmp_path), OXBOW_DATA_DIR=str(tmp_path))
    assert (result.returncode, result.stderr) == (
        1,
        f"oxbow: {tmp_path} holds no corpus.jsonl or corpus.jsonl.gz, nor do its folders\n",
    )
