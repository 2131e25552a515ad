"""Bold that Markdown takes for bold: it wants no punctuation between the marks and a word. Pure.

`**Status:**OK` shows its asterisks, and so does most bold in Chinese and Japanese, which set no spaces. With
the punctuation outside the marks it is bold.
"""

from __future__ import annotations

import re

_BOLD = re.compile(r"\*\*(?=\S)([^*\n]*[^*\s])\*\*")


def loosened(text: str) -> str:
    """The Markdown with punctuation at the edge of bold put outside where a word adjoins."""
    return _BOLD.sub(_moved, text)


def _moved(found: re.Match[str]) -> str:
    bold, text = found.group(1), found.string
    letters = [at for at, sign in enumerate(bold) if sign.isalnum()]
    if not letters:
        return found.group()
    begin = letters[0] if text[found.start() - 1 : found.start()].isalnum() else 0
    end = letters[-1] + 1 if text[found.end() : found.end() + 1].isalnum() else len(bold)
    return f"{bold[:begin]}**{bold[begin:end]}**{bold[end:]}"
