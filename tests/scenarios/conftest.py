"""The product on a workspace of its own, with the real sandbox: driven by hand, or at work by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Engine

from memory.events import Json
from sandbox.choose import open_sandbox
from sandbox.port import Sandbox
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
def at_work(engine: Engine, tmp_path: Path, sandbox: Sandbox, workspaces: Path) -> Iterator[Live]:
    """By itself, over Socket Mode. Its model is given its answers by the test."""
    with live(engine, tmp_path, sandbox, never, workspaces=workspaces) as running:
        yield running


def never(_: Sequence[Json]) -> list[Json]:
    """For tests in which nobody may ask the model."""
    raise AssertionError("the model was asked")
