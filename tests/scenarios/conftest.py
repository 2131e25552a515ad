"""The product on a workspace of its own, with the real sandbox: driven by hand, or at work by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Engine

from memory.log.events import Json
from sandbox.choose import open_sandbox
from sandbox.port import Sandbox
from tests.forge.origins import bare, initialised
from tests.scenarios.shop import Shop
from tests.support.databases import Databases, connected
from tests.support.live import Live, live
from tests.support.product import Product, product


@pytest.fixture(scope="session")
def workspaces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sandbox's folder."""
    return tmp_path_factory.mktemp("workspaces")


@pytest.fixture(scope="session")
def sandbox(workspaces: Path) -> Sandbox:
    return open_sandbox("auto", workspaces)


@pytest.fixture
def oxbow(engine: Engine, tmp_path: Path, sandbox: Sandbox) -> Iterator[Product]:
    """By hand: a message is heard when the test says so, and a worker runs when the test says so."""
    with product(engine, tmp_path, sandbox) as built:
        yield built


@pytest.fixture
def shop(oxbow: Product, tmp_path: Path) -> Shop:
    """A repository that sessions may work on."""
    work = initialised(tmp_path / "work")
    kept = bare(tmp_path / "cart.git", work)
    oxbow.addresses = (kept.as_uri(),)
    return Shop(oxbow, work, kept)


@pytest.fixture(scope="module")
def product_at_work(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox, workspaces: Path
) -> Iterator[Live]:
    with databases.fresh() as url, connected(url) as engine:
        folder = tmp_path_factory.mktemp("data")
        with live(engine, folder, sandbox, never, workspaces=workspaces) as running:
            yield running


@pytest.fixture
def at_work(product_at_work: Live) -> Iterator[Live]:
    """By itself, over Socket Mode; the tests of a file share one product, as threads share a workspace."""
    product_at_work.answer_with(never)
    yield product_at_work
    product_at_work.await_rest()


def never(_: Sequence[Json]) -> list[Json]:
    """For tests in which nobody may ask the model."""
    raise AssertionError("the model was asked")
