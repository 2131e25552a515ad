"""Two workspaces that installed the app: what one knows the other never sees."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from urllib.parse import quote

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import Engine, text

from bot.hosting.serving_tenants import Shared, serve_tenants
from bot.settings import Settings
from bot.workspace.local import LocalWorkspace
from bot.workspace.people import OXBOW, TEAM
from memory.database import engines
from memory.embedding.embedder import HashingEmbedder
from memory.log.session_log import SessionLog
from memory.workspaces.erasing import OF_TEAM, erase_workspace
from memory.workspaces.installations import Installations
from memory.workspaces.listening import Listening
from tests.support.databases import Databases, connected
from tests.support.processes import free_port
from tests.support.product import key
from tests.support.script_model import ScriptModel, in_turn, says
from tests.support.secrets import secret_mask
from tests.support.two_workspaces import SECOND, TEAMS, TwoWorkspaces, two_workspaces
from tests.support.waiting import eventually

FIX = "Rows of parcels without tz are UTC."
PROBLEM = "@Oxbow KeyError: 'tz' in the import of parcels"


@dataclass
class Served:
    """The product, both workspaces, and a browser's requests."""

    slack: TwoWorkspaces
    engine: Engine
    model: ScriptModel
    port: int

    def get(self, path: str, cookie: str = "") -> tuple[int, str, str]:
        """Status, cookie and page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20.0)
        try:
            connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
            response = connection.getresponse()
            return response.status, response.getheader("Set-Cookie") or "", response.read().decode()
        finally:
            connection.close()

    def install(self, team: str) -> int:
        """Somebody adds the app to the workspace; gives the status of the last page."""
        _, cookie, page = self.get("/slack/install")
        found = re.search(r"state=([^&\"]+)", page)
        assert found
        back = f"/slack/oauth_redirect?code=code-{team}&state={quote(found[1])}"
        return self.get(back, cookie.split(";")[0])[0]

    def answers(self, workspace: LocalWorkspace, thread: str) -> list[str]:
        said = workspace.messages("general", thread)
        return [m["text"] for m in said if m["user"] == OXBOW and key(m).startswith("answer:")]

    def ask(self, workspace: LocalWorkspace, answer: str) -> str:
        """The same question in either; gives the thread."""
        self.model.script = in_turn(says(answer))
        thread = workspace.post("ada", "general", PROBLEM)
        eventually(lambda: self.answers(workspace, thread), within=30.0)
        eventually(lambda: all(it.status in ("idle", "closed") for it in SessionLog(self.engine).sessions()))
        return thread

    def search(self, workspace: LocalWorkspace) -> str:
        asked = workspace.command("bruno", "general", "search KeyError tz import of parcels")
        [told] = workspace.wait_for(lambda: workspace.responses(asked))
        return str(told)

    def served(self, team: str) -> bool:
        """Whether its requests are taken."""
        return Listening(self.engine).gap(team) is not None


@contextmanager
def product(engine: Engine, folder: Path, slack: TwoWorkspaces) -> Iterator[Served]:
    """As `oxbow serve` with SLACK_CLIENT_ID serves."""
    settings = Settings(
        port=free_port(),
        slack_client_id="1.2",
        slack_client_secret=SecretStr("client secret"),
        slack_signing_secret=SecretStr(slack.signing_secret),
        slack_api_url=slack.api_url,
        oxbow_token_key=SecretStr(Fernet.generate_key().decode()),
        oxbow_teams=TEAMS,
        oxbow_data_dir=folder,
    )
    model, stopping = ScriptModel(in_turn()), Event()
    with engines(engine) as connections:
        shared = Shared(
            settings=settings,
            engines=connections,
            embedder=HashingEmbedder(),
            secrets=secret_mask(),
            model=model,
            sandbox="no commands here",
            drain_seconds=10.0,
        )
        serving = Thread(target=serve_tenants, args=(shared, stopping), kwargs={"listen": True})
        serving.start()
        try:
            eventually(lambda: reachable(settings.port or 0))
            yield Served(slack=slack, engine=engine, model=model, port=settings.port or 0)
        finally:
            stopping.set()
            serving.join()


def reachable(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1.0)
    try:
        connection.connect()
    except OSError:
        return False
    finally:
        connection.close()
    return True


@pytest.fixture(scope="module")
def served(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("data")
    with (
        databases.fresh() as url,
        connected(url) as engine,
        two_workspaces() as slack,
        product(engine, folder, slack) as running,
    ):
        yield running


def test_a_workspace_that_the_operator_did_not_name_is_not_installed(served: Served) -> None:
    assert served.install("T0STRANGER") == 500
    assert Installations(served.engine).all() == []


def test_a_state_that_was_not_issued_here_installs_nothing(served: Served) -> None:
    assert served.get(f"/slack/oauth_redirect?code=code-{TEAM}&state=1", "slack-app-oauth-state=1")[0] == 401


def test_what_one_workspace_solved_is_found_there_and_never_in_the_other(served: Served) -> None:
    assert [served.install(team) for team in TEAMS] == [200, 200]
    eventually(lambda: all(map(served.served, TEAMS)))
    served.slack.deliver_to(f"http://127.0.0.1:{served.port}/slack/events")
    first, second = served.slack.first, served.slack.second
    served.ask(first, FIX)
    served.model.requests.clear()
    served.ask(second, "I know nothing of it.")
    assert FIX not in str(served.model.requests)
    assert FIX in served.search(first).replace("*", "")
    assert FIX not in served.search(second).replace("*", "")
    assert {it.address.team for it in SessionLog(served.engine).sessions()} == set(TEAMS)


def test_no_token_is_readable_in_the_database(served: Served) -> None:
    kept = [it.sealed for it in Installations(served.engine).all()]
    assert len(kept) == 2
    assert not any(b"xox" in sealed for sealed in kept)


def test_who_takes_the_app_back_is_left_alone_and_the_other_goes_on(served: Served) -> None:
    first = served.slack.first
    first.tell({"type": "app_uninstalled"})
    eventually(lambda: [it.team for it in Installations(served.engine).all() if it.parked] == [TEAM])
    sessions = len(SessionLog(served.engine).sessions(limit=100))
    first.post("ada", "general", PROBLEM)
    served.ask(served.slack.second, "Still nothing.")
    assert len(SessionLog(served.engine).sessions(limit=100)) == sessions + 1


def test_of_a_forgotten_workspace_nothing_is_left_and_of_the_other_everything(served: Served) -> None:
    with served.engine.connect() as connection:
        before = connection.execute(
            text("SELECT count(*) FROM events e JOIN sessions s ON s.id = e.session_id WHERE team = :team"),
            {"team": SECOND},
        ).scalar_one()
    assert erase_workspace(served.engine, TEAM) == 1
    with served.engine.connect() as connection:
        for table in OF_TEAM:
            found = connection.execute(
                text(f"SELECT count(*) FROM {table} WHERE team = :team"), {"team": TEAM}
            )
            assert found.scalar_one() == 0, table
        assert connection.execute(text("SELECT count(*) FROM events")).scalar_one() == before
