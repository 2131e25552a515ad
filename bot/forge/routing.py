"""Routing words: what people say when they mean a repository, as the operator declares it. Pure.

`shop-cart: checkout, basket; orders-import: nightly import`
"""

from __future__ import annotations

from collections.abc import Collection


class RoutingProblem(ValueError):
    """The words cannot be read; the text names the part and the way out."""


def read_routing(text: str, names: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Routing words by the name of a repository, which is one of `names`. Raises `RoutingProblem`."""
    return dict(_entry(part.strip(), names) for part in text.split(";") if part.strip())


def _entry(part: str, names: Collection[str]) -> tuple[str, tuple[str, ...]]:
    name, _, listed = part.partition(":")
    words = tuple(word.strip() for word in listed.split(",") if word.strip())
    if name.strip() not in names:
        known = ", ".join(names) or "none"
        raise RoutingProblem(f"{name.strip()!r} is no name of OXBOW_REPOSITORIES; there are {known}")
    if not words:
        raise RoutingProblem(f"{part!r} has no words; write {name.strip()}: checkout, basket")
    return name.strip(), words
