"""Repositories that sessions may work on, and which of them a thread means. Pure.

The list of the settings decides; whatever anybody writes can only choose from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

How = Literal["named", "channel", "routed", "described", "only"]
"""What said which one is meant: somebody, the channel's default, a routing word, the words of its name, or
that there is no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """An address that sessions may work on, and the short name by which people ask for it."""

    name: str
    address: str
    words: tuple[str, ...] = ()
    """What people say when they mean it, as the operator declared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The repository that is meant, and what said so."""

    repository: Repository
    how: How


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """Nothing says which one is meant: people are asked. `likely` come first and may be empty."""

    likely: tuple[Repository, ...]
    refused: tuple[str, ...] = ()
    """What was asked for by name and is not on the list."""
    contested: bool = False
    """Somebody named several, or none that is on the list: people decide, and no model."""


def repositories(
    addresses: Sequence[str], words: Mapping[str, tuple[str, ...]] | None = None
) -> tuple[Repository, ...]:
    """The repositories of these addresses; two with one name are told apart by their owner's.

    `words` are routing words by name.
    """
    short = [short_name(address) for address in addresses]
    names = [
        name if short.count(name) == 1 else full_name(address)
        for name, address in zip(short, addresses, strict=True)
    ]
    return tuple(
        Repository(name=name, address=address, words=(words or {}).get(name, ()))
        for name, address in zip(names, addresses, strict=True)
    )


def short_name(address: str) -> str:
    """The last part of the address."""
    return _parts(address)[-1]


def full_name(address: str) -> str:
    """The last two parts, as forges name repositories: owner/name."""
    return "/".join(_parts(address)[-2:])


def _parts(address: str) -> list[str]:
    return address.removesuffix("/").removesuffix(".git").replace(":", "/").split("/")


def choose(
    messages: Iterable[str], allowed: Sequence[Repository], *, default: str | None = None
) -> Chosen | Undecided | None:
    """The repository that a thread means; None when it says `repo: none`, or when there is none to choose.

    In this order: named by somebody (`repo:name`, owner/name, an address, the name as a word), the channel's
    default, the only one of which a routing word was used, the only one whose every word was used, the only
    one there is. Naming two decides nothing. What people quote or paste in fences is a hint: it decides
    nothing, and what it describes is likely.
    """
    said = "\n".join(messages)
    own = _own_words(said)
    asked = tuple(name.lower() for name in _ORDERED.findall(own))
    if not allowed or asked[-1:] == ("none",):
        return None
    named = _first(own, allowed, (_ordered, _addressed, _mentioned))
    if len(named) == 1:
        return Chosen(repository=named[0], how="named")
    asked = tuple(name for name in asked if name != "none")
    unknown = tuple(name for name in asked if not any(_is_called(it, name) for it in allowed))
    if named or unknown:
        return Undecided(likely=tuple(named or _hinted(said, allowed)), refused=unknown, contested=True)
    return _unnamed(said, own, allowed, default)


def _unnamed(said: str, own: str, allowed: Sequence[Repository], default: str | None) -> Chosen | Undecided:
    """What decides where nobody named one."""
    by_default = [it for it in allowed if default is not None and _is_called(it, default)]
    if by_default:
        return Chosen(repository=by_default[0], how="channel")
    routed = [it for it in allowed if _routed(own, it)]
    if len(routed) == 1:
        return Chosen(repository=routed[0], how="routed")
    described = [it for it in allowed if _described(own, it)]
    if len(described) == 1 and not routed:
        return Chosen(repository=described[0], how="described")
    if len(allowed) == 1:
        return Chosen(repository=allowed[0], how="only")
    return Undecided(likely=tuple(dict.fromkeys((*routed, *described, *_hinted(said, allowed)))))


def _hinted(said: str, allowed: Sequence[Repository]) -> list[Repository]:
    """Those that anything describes, quotations included."""
    return [it for it in allowed if _routed(said, it) or _described(said, it)]


_ORDERED = re.compile(r"\brepo(?:sitory)?:\s*<?([\w./:@~-]+\w)", re.IGNORECASE)
_QUOTED = re.compile(r"```.*?(?:```|\Z)|^(?:&gt;|>).*?$", re.DOTALL | re.MULTILINE)

_Fits = Callable[[str, Repository], bool]


def _own_words(text: str) -> str:
    """Without what is pasted: fences and quotations."""
    return _QUOTED.sub("\n", text)


def _first(text: str, allowed: Sequence[Repository], ways: Sequence[_Fits]) -> list[Repository]:
    """Those that the first way finds that finds any."""
    for fits in ways:
        found = [repository for repository in allowed if fits(text, repository)]
        if found:
            return found
    return []


def _ordered(text: str, repository: Repository) -> bool:
    return any(_is_called(repository, name) for name in _ORDERED.findall(text))


def _addressed(text: str, repository: Repository) -> bool:
    """By address, or by owner/name with both as words of their own."""
    full = re.escape(full_name(repository.address))
    return re.search(rf"(?<![\w.-]){full}(?:\.git)?(?![\w-]|\.\w)", text, re.IGNORECASE) is not None


def _mentioned(text: str, repository: Repository) -> bool:
    """The name as a word; not as a part of another owner's owner/name, nor of a path."""
    name = re.escape(repository.name)
    return re.search(rf"(?<![\w/-]){name}(?![\w/-]|\.\w)", text, re.IGNORECASE) is not None


def _is_called(repository: Repository, name: str) -> bool:
    wanted = name.strip("<>").removesuffix("/").removesuffix(".git").lower()
    address = repository.address.removesuffix("/").removesuffix(".git").lower()
    return wanted in (
        repository.name.lower(),
        short_name(address),
        full_name(address),
        address,
        address.split("://", 1)[-1],
    )


def _routed(text: str, repository: Repository) -> bool:
    """One of its routing words is used, as a word or phrase of its own."""
    words = (r"\s+".join(map(re.escape, word.split())) for word in repository.words)
    return any(re.search(rf"(?<![\w/-]){word}(?![\w/-])", text, re.IGNORECASE) for word in words)


def _described(text: str, repository: Repository) -> bool:
    """Every word of the name is used somewhere, outside of paths and other addresses."""
    words = set(re.findall(r"[a-z0-9]+", re.sub(r"\S*/\S*", " ", text.lower())))
    return set(re.findall(r"[a-z0-9]+", repository.name.lower())) <= words
