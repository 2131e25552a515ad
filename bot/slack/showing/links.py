"""Links that the model wrote: the address is shown wherever it could carry something out. Pure.

A label hides what an address says. Text that somebody planted may talk the model into an address with the
thread's words in it, to be clicked by a reader who sees the label alone. So an address stands behind a label
only when it is short and plain; an image, which some clients fetch unasked, is never shown as one.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from bot.slack.showing.code_spans import outside_code

LONGEST_SEGMENT = 60
"""Characters between two slashes of a plain address: longer than names of files, shorter than what is worth
hiding."""

LONGEST_PATH = 200
"""Characters."""

_LINK = re.compile(r"""(!?)\[((?:[^\[\]\n]|\[[^\[\]\n]*\])*)\]\(\s*<?([^\s)>]+)>?(?:\s+["'(][^)\n]*)?\)""")
_SLACK_LINK = re.compile(r"<(https?://[^|>\s]+)\|([^>\n]*)>")
_PERMALINK = re.compile(r"https://[\w-]+(\.enterprise)?\.slack\.com/archives/\w+/p\d+(\?[\w=.&]{0,80})?")
_LINE = re.compile(r"L\d+(-L\d+)?")


def with_addresses(markdown: str) -> str:
    """The Markdown with every address shown that is not plain. Code stays as it is."""
    return outside_code(markdown, _shown)


def _shown(text: str) -> str:
    text = _SLACK_LINK.sub(lambda found: _link(found.group(), found.group(2), found.group(1)), text)
    return _LINK.sub(lambda found: _link(found.group(), found.group(2), found.group(3), found.group(1)), text)


def _link(written: str, label: str, address: str, image: str = "") -> str:
    if not image and (_PERMALINK.fullmatch(address) or _plain(address)) and not _feigned(label, address):
        return written
    return f"{label} ({address})" if label.strip() else address


def _plain(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    if parts.scheme not in ("http", "https", "mailto") or "@" in parts.netloc or parts.query:
        return False
    longest = max(map(len, [*parts.path.split("/"), *parts.netloc.split(".")]))
    anchor = not parts.fragment or _LINE.fullmatch(parts.fragment) is not None
    return anchor and longest <= LONGEST_SEGMENT and len(parts.path) <= LONGEST_PATH


def _feigned(label: str, address: str) -> bool:
    """Whether the label looks like another address."""
    named = re.search(r"https?://([^\s/<>]+)", label)
    return named is not None and named.group(1) != urlsplit(address).netloc
