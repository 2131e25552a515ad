"""A workspace that takes Slack's place."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.workspace.local import LocalWorkspace


@pytest.fixture
def slack() -> Iterator[LocalWorkspace]:
    with LocalWorkspace() as workspace:
        yield workspace
