"""Text of others on the operator's terminal. Pure."""

from __future__ import annotations

import re

# All control characters but tab and line feed: among them are those that begin a terminal's commands.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def harmless(text: str) -> str:
    """The text with its control characters written out, so that it can command no terminal."""
    return _CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
