"""`oxbow doctor`: each kind of trouble is found by looking, named, and told with the way out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, text

from bot.operator.doctor import HANGS, PARTS, examine
from bot.operator.examinations import clock, disk
from bot.operator.findings import Finding, Status, fit, told
from bot.settings import Settings
from bot.workspace.local import LocalWorkspace
from bot.workspace.scopes import PUBLIC_SCOPES
from memory.database import connect, transaction
from tests.support.github_api import APP_ID, GitHubApi
from tests.support.messages_api import KEY, MessagesApi
from tests.support.messages_api_replies import Refusal
from tests.test_cli import oxbow

PATIENCE = 60.0


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(
        database_url=SecretStr(database_url), oxbow_data_dir=tmp_path / "data", oxbow_embedder="hashing"
    )


@pytest.fixture
def workspace() -> Iterator[LocalWorkspace]:
    with LocalWorkspace() as workspace:
        yield workspace


def looked(settings: Settings, part: str, **changes: object) -> dict[str, Finding]:
    """What the part shows, by its name."""
    found = examine(settings.model_copy(update=changes), {part: PARTS[part]}, seconds=PATIENCE)
    return {finding.part: finding for finding in found}


def in_slack(workspace: LocalWorkspace, **changes: object) -> dict[str, object]:
    return {
        "slack_bot_token": SecretStr(workspace.bot_token),
        "slack_app_token": SecretStr(workspace.app_token),
        "slack_api_url": workspace.api_url,
    } | changes


def test_all_is_well(settings: Settings, workspace: LocalWorkspace) -> None:
    found = examine(settings.model_copy(update=in_slack(workspace)), PARTS, seconds=PATIENCE)
    assert fit(found), "\n".join(map(told, found))
    parts = ["host", "slack token", "slack scopes", "slack events", "database", "schema", "clock"]
    assert [finding.part for finding in found][:7] == parts


def test_tokens_that_slack_does_not_accept(settings: Settings, workspace: LocalWorkspace) -> None:
    wrong = in_slack(workspace, slack_bot_token=SecretStr("xoxb-1"), slack_app_token=SecretStr("xapp-1"))
    found = looked(settings, "slack", **wrong)
    assert "SLACK_BOT_TOKEN" in found["slack token"].advice
    assert "SLACK_APP_TOKEN" in found["slack events"].advice
    assert [finding.status for finding in found.values()] == ["wrong", "wrong"]


def test_scopes_that_are_missing_or_too_many(settings: Settings) -> None:
    with LocalWorkspace(scopes=PUBLIC_SCOPES - {"reactions:read"}) as less:
        scopes = looked(settings, "slack", **in_slack(less))["slack scopes"]
        assert (scopes.status, scopes.seen) == ("wrong", "lacks reactions:read")
    with LocalWorkspace(scopes=PUBLIC_SCOPES | {"groups:history"}) as more:
        scopes = looked(settings, "slack", **in_slack(more))["slack scopes"]
        assert (scopes.status, "groups:history" in scopes.seen) == ("note", True)


def test_a_channel_in_which_no_digest_can_be_posted(settings: Settings, workspace: LocalWorkspace) -> None:
    def seen(channel: str) -> tuple[str, str]:
        digest = in_slack(workspace, oxbow_digest_channel=channel)
        found = looked(settings, "slack", **digest)["digest channel"]
        return found.status, found.seen

    assert seen("#general") == ("ok", "#general")
    assert seen("nowhere")[0] == "wrong"
    workspace.leave("oxbow", "general")
    assert seen("general") == ("wrong", "the app is not in #general")


def test_a_slack_that_is_not_there(settings: Settings, workspace: LocalWorkspace) -> None:
    nowhere = in_slack(workspace, slack_api_url="http://127.0.0.1:1/api/")
    assert looked(settings, "slack", **nowhere)["slack token"].status == "wrong"


def test_a_database_that_is_not_there(settings: Settings) -> None:
    url = SecretStr("postgresql://oxbow:hidden-0123@127.0.0.1:1/oxbow")
    [found] = looked(settings, "database", database_url=url).values()
    assert found.status == "wrong"
    assert "Check DATABASE_URL" in found.seen
    assert "hidden-0123" not in told(found)


def test_a_schema_of_a_newer_program(settings: Settings, engine: Engine) -> None:
    with transaction(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    schema = looked(settings, "database")["schema"]
    assert (schema.status, schema.advice) == ("wrong", "upgrade oxbow on this host")


def test_a_schema_that_the_next_start_brings_up_to_date(settings: Settings, engine: Engine) -> None:
    with transaction(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert looked(settings, "database")["schema"].status == "note"


def test_a_server_whose_clock_is_wrong(settings: Settings, database_url: str) -> None:
    engine = connect(database_url)
    with transaction(engine) as connection:
        connection.execute(
            text("""CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS
            $$ SELECT pg_catalog.clock_timestamp() + interval '1 hour' $$""")
        )
        connection.execute(
            text(f'ALTER DATABASE "{engine.url.database}" SET search_path = public, pg_catalog')
        )
    engine.dispose()
    found = looked(settings, "database")["clock"]
    assert found.status == "wrong"
    assert "ahead of this host's" in found.seen


@pytest.mark.parametrize(("ahead", "status"), [(0.2, "ok"), (-20.0, "note"), (300.0, "wrong")])
def test_how_wrong_a_clock_may_be(ahead: float, status: Status) -> None:
    assert clock(ahead).status == status


def test_workspaces_that_cannot_be_kept(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    [found] = looked(settings, "sandbox", oxbow_data_dir=tmp_path / "file" / "data").values()
    assert found.status == "wrong"


def test_commands_without_isolation_are_said(settings: Settings) -> None:
    assert looked(settings, "sandbox", oxbow_sandbox="unisolated")["sandbox"].status == "note"


def test_repositories_that_cannot_be_read(settings: Settings, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    addresses = (empty.as_uri(), "https://127.0.0.1:1/shop/cart.git")
    found = examine(
        settings.model_copy(update={"oxbow_repositories": addresses}),
        {"repositories": PARTS["repositories"]},
        seconds=PATIENCE,
    )
    assert [finding.status for finding in found] == ["wrong", "wrong"]
    assert ["empty" in found[0].seen, "cart" in found[1].seen] == [True, True]


def test_a_repository_for_which_nobody_can_push_is_said(settings: Settings, tmp_path: Path) -> None:
    given = {"oxbow_repositories": (tmp_path.as_uri(),), "oxbow_unlinked": "refuse"}
    assert "no change can be pushed" in looked(settings, "authority", **given)["authority"].seen
    for listed in ({"oxbow_writers": f"{tmp_path.name}: U1"}, {"oxbow_unlinked": "bot"}):
        assert "authority" not in looked(settings, "authority", **{**given, **listed})


def test_an_app_that_github_does_not_know(settings: Settings, tmp_path: Path) -> None:
    with GitHubApi(tmp_path / "one") as api, GitHubApi(tmp_path / "other") as other:
        given = {"github_api_url": api.address, "github_app_id": APP_ID}
        right = {"github_app_private_key": SecretStr(api.private_key)}
        wrong = {"github_app_private_key": SecretStr(other.private_key)}
        assert looked(settings, "github app", **given, **right)["github app"].seen == "Oxbow of Riverbend"
        assert looked(settings, "github app", **given, **wrong)["github app"].status == "wrong"


@pytest.mark.parametrize(
    ("key", "name", "status"),
    [
        (KEY, "claude-opus-5-5", "ok"),
        ("sk-ant-wrong-key-0123456789", "claude-opus-5-5", "wrong"),
        (KEY, "claude-none-1", "wrong"),
        ("two words", "claude-opus-5-5", "wrong"),
    ],
)
def test_the_key_and_the_model(settings: Settings, key: str, name: str, status: Status) -> None:
    def never(_: object) -> Refusal:
        raise AssertionError("the model was asked")

    with MessagesApi(never) as api:
        given = {"anthropic_api_key": SecretStr(key), "anthropic_base_url": api.address}
        found = looked(settings, "model", **given, oxbow_model=name, oxbow_distil_model=name)
    assert [finding.status for finding in found.values()] == [status, status]
    assert "OXBOW_DISTIL_MODEL" in found["small model"].advice or status == "ok"
    assert key not in str([finding.seen for finding in found.values()])


@pytest.mark.parametrize(("free", "status"), [(0, "wrong"), (2 * 1024**3, "note"), (1024**4, "ok")])
def test_how_much_room_there_must_be(free: int, status: Status, tmp_path: Path) -> None:
    assert disk(tmp_path, free).status == status


def test_a_part_that_hangs_and_one_that_breaks_hold_nothing_up(settings: Settings) -> None:
    over = Event()

    def hang(_: Settings) -> list[Finding]:
        over.wait()
        return []

    def fail(_: Settings) -> list[Finding]:
        raise RuntimeError("it broke")

    try:
        found = examine(settings, {"a": hang, "b": fail, "c": PARTS["host"]}, seconds=0.2)
    finally:
        over.set()
    assert [(it.status, it.seen) for it in found[:2]] == [("wrong", HANGS), ("wrong", "it broke")]
    assert found[2].status == "ok"


def test_the_command_prints_a_line_each_and_fails_when_something_is_wrong(
    tmp_path: Path, database_url: str
) -> None:
    given = {
        "DATABASE_URL": database_url,
        "OXBOW_DATA_DIR": str(tmp_path),
        "OXBOW_EMBEDDER": "hashing",
        "OXBOW_SANDBOX": "unisolated",
    }
    done = oxbow("doctor", **given)
    assert (done.returncode, done.stderr) == (0, "")
    assert "ok     database" in done.stdout
    asked = oxbow("doctor", "--json", **given | {"DATABASE_URL": "postgresql://127.0.0.1:1/oxbow"})
    assert asked.returncode == 1
    assert json.loads(asked.stdout)["fit"] is False
