"""The page has a sign for every emoji that the product uses by name."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAME = re.compile(r":([a-z][a-z_]+[a-z]):")


def test_every_emoji_that_is_said_can_be_shown() -> None:
    sources = [path.read_text() for path in (ROOT / "bot" / "slack").rglob("*.py")]
    texts = (literal for source in sources for literal in re.findall(r'"[^"\n]*"', source))
    said = {name for text in texts for name in NAME.findall(text)}
    assert {"warning", "hourglass_flowing_sand"} <= said
    known = "".join((ROOT / f"bot/workspace/page/{name}.js").read_text() for name in ("emoji", "icons"))
    assert {name for name in said if not re.search(rf"\b{name}: ", known)} == set()
