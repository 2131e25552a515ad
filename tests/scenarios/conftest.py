"""The product on a workspace of its own, with the real sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from sandbox.choose import open_sandbox
from sandbox.port import Sandbox
from tests.support.product import Product, product


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    return open_sandbox("auto", tmp_path_factory.mktemp("workspaces"))


@pytest.fixture
def oxbow(engine: Engine, tmp_path: Path, sandbox: Sandbox) -> Iterator[Product]:
    with product(engine, tmp_path, sandbox) as built:
        yield built
