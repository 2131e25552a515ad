"""The way to the database: what it accepts, and what it says when something is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from memory.database import check_server, connect, migrate
from memory.errors import DatabaseError
from tests.support.databases import Databases


@pytest.fixture
def empty(databases: Databases) -> Iterator[str]:
    """A database in which nothing was done yet."""
    with databases.fresh(template="template0") as url:
        yield url


def named(url: str) -> str:
    return str(make_url(url).database)


def test_our_own_server_is_fit(engine: Engine) -> None:
    check_server(engine)


@pytest.mark.parametrize("scheme", ["postgres://", "postgresql://", "postgresql+psycopg://"])
def test_the_usual_schemes_are_understood(database_url: str, scheme: str) -> None:
    engine = connect(database_url.replace("postgresql://", scheme))
    check_server(engine)
    engine.dispose()


@pytest.mark.parametrize("url", ["not a url", "mysql://user@host/name", "postgresql://host:port/name", ""])
def test_another_url_is_refused_with_an_example_of_a_right_one(url: str) -> None:
    with pytest.raises(DatabaseError, match="postgresql://"):
        connect(url)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("statement_timeout", "30s"),
        ("lock_timeout", "10s"),
        ("application_name", "oxbow"),
        ("timezone", "UTC"),
    ],
)
def test_a_connection_has_limits_and_a_name(engine: Engine, setting: str, value: str) -> None:
    with engine.connect() as connection:
        assert connection.execute(text("SELECT current_setting(:name)"), {"name": setting}).scalar() == value


def test_an_unreachable_server_is_named_without_its_password() -> None:
    engine = connect("postgresql://ada:secret@127.0.0.1:1/oxbow")
    with pytest.raises(DatabaseError, match=r"127\.0\.0\.1:1/oxbow cannot be reached") as refused:
        check_server(engine)
    assert "secret" not in str(refused.value)


def test_a_server_without_pgvector_is_told_how_to_get_it(empty: str, tmp_path: Path) -> None:
    engine = with_extensions_from(tmp_path, empty)
    with pytest.raises(DatabaseError, match=r"has no pgvector. Install it"):
        check_server(engine)
    with pytest.raises(DatabaseError, match="CREATE EXTENSION vector"):
        migrate(engine)
    engine.dispose()


def test_an_old_pgvector_is_told_to_be_upgraded(empty: str, tmp_path: Path) -> None:
    (tmp_path / "extension").mkdir()
    (tmp_path / "extension" / "vector.control").write_text("default_version = '0.7.4'\n")
    engine = with_extensions_from(tmp_path, empty)
    with pytest.raises(DatabaseError, match=r"pgvector 0\.7\.4; 0\.8 or later"):
        check_server(engine)
    engine.dispose()


def test_a_user_who_may_not_enable_pgvector_is_told_who_can(empty: str) -> None:
    admin = connect(empty)
    with admin.begin() as connection:
        connection.execute(text("DROP ROLE IF EXISTS plain"))
        connection.execute(text("CREATE ROLE plain LOGIN PASSWORD 'plain'"))
    admin.dispose()
    engine = connect(
        make_url(empty).set(username="plain", password="plain").render_as_string(hide_password=False)
    )
    check_server(engine)
    with pytest.raises(
        DatabaseError, match=r"may not enable it: .*Let an administrator run CREATE EXTENSION"
    ):
        migrate(engine)
    engine.dispose()


def with_extensions_from(folder: Path, url: str) -> Engine:
    """An engine on a database for which the server looks for extensions in that folder alone."""
    admin = connect(url)
    with admin.begin() as connection:
        connection.execute(text(f"ALTER DATABASE {named(url)} SET extension_control_path = '{folder}'"))
    admin.dispose()
    return connect(url)
