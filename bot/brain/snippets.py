"""Long code of an answer goes into the thread as files: a message is for reading. Pure."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

LONGEST_CODE = 4_000
"""Characters of code in a message: about two screens. More is read better in Slack's viewer of files, and
would not fit into one message with the words around it."""

MOST = 5
"""Files of one answer; code beyond stays in the text."""

_ENDINGS = {
    **dict.fromkeys(("py", "python"), "py"),
    **dict.fromkeys(("js", "javascript"), "js"),
    **dict.fromkeys(("ts", "typescript"), "ts"),
    **dict.fromkeys(("sh", "bash", "shell", "console"), "sh"),
    **dict.fromkeys(("diff", "patch"), "diff"),
    **dict.fromkeys(("md", "markdown"), "md"),
    **{name: name for name in ("c", "cpp", "css", "csv", "go", "html", "java", "json", "log", "rb", "rs")},
    **{name: name for name in ("sql", "toml", "xml", "yaml", "yml")},
}
_FENCE = re.compile(
    r"^ {0,3}(?P<ticks>`{3,})[ \t]*(?P<language>[\w+#-]*)[^\n`]*\n(?P<content>.*?)^ {0,3}(?P=ticks)`*[ \t]*$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """A long piece of code, and what it is called in the thread."""

    key: str
    """Of its content, so that another answer's code is another file."""
    name: str
    content: str
    fence: str
    """As it stands in the answer."""


def without_snippets(markdown: str, turn: int) -> tuple[str, tuple[Snippet, ...]]:
    """The answer with names of files where code was too long for a message, and that code in its order."""
    pieces: list[str] = []
    found: list[Snippet] = []
    at = 0
    for fence in _FENCE.finditer(markdown):
        if len(fence["content"]) > LONGEST_CODE and len(found) < MOST:
            snippet = _snippet(fence, turn, len(found) + 1)
            found.append(snippet)
            pieces += [markdown[at : fence.start()], f"_(in the file `{snippet.name}` below)_"]
            at = fence.end()
    return "".join([*pieces, markdown[at:]]), tuple(found)


def _snippet(fence: re.Match[str], turn: int, number: int) -> Snippet:
    digest = hashlib.sha256(fence["content"].encode("utf-8", "replace")).hexdigest()[:12]
    ending = _ENDINGS.get(fence["language"].lower(), "txt")
    return Snippet(
        key=f"snippet:{turn}:{number}:{digest}",
        name=f"answer-{turn}-{number}.{ending}",
        content=fence["content"],
        fence=fence.group(),
    )
