"""Lists by repository, as the operator writes them into a setting. Pure.

`shop-cart: checkout, basket; orders-import: nightly import`
"""

from __future__ import annotations

from collections.abc import Collection


class ListProblem(ValueError):
    """The lists cannot be read; the text names the part and the way out."""


def read_lists(text: str, names: Collection[str]) -> dict[str, tuple[str, ...]]:
    """What is listed by the name of a repository, which is one of `names`. Raises `ListProblem`."""
    return dict(_entry(part.strip(), names) for part in text.split(";") if part.strip())


def _entry(part: str, names: Collection[str]) -> tuple[str, tuple[str, ...]]:
    name, _, listed = part.partition(":")
    words = tuple(word.strip() for word in listed.split(",") if word.strip())
    if name.strip() not in names:
        known = ", ".join(names) or "none"
        raise ListProblem(f"{name.strip()!r} is no name of OXBOW_REPOSITORIES; there are {known}")
    if not words:
        raise ListProblem(f"{part!r} lists nothing; write {name.strip()}: one, another")
    return name.strip(), words
