"""What a file is called in the thread."""

from __future__ import annotations

import pytest

from bot.brain.sharing import plain_name


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("out/report.csv", "report.csv"),
        ("/workspace/a b (1).png", "a b (1).png"),
        ("../../.env", "env"),
        ("<!channel>|x\n.log", "channel_x_.log"),
        ("...", "file"),
        (f"{'x' * 300}.txt", f"{'x' * 96}.txt"),
    ],
)
def test_a_name_is_plain_whatever_the_path_is(path: str, name: str) -> None:
    assert plain_name(path) == name
