"""What a repository declares of itself in `.oxbow.toml`. Pure.

    services = ["postgres"]

    [commands]
    setup = "pip install --no-deps -e ."
    format = "ruff format ."
    test = "python -m pytest -q"

Services are beside every command of a workspace; the commands are those that a change has to pass. The file
is read as it is at the commit that the work began from: a change cannot soften its own checks.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field

FILE = ".oxbow.toml"

COMMANDS = ("setup", "format", "test")
"""In the order in which they run; each may be left out."""

SERVICES = ("postgres",)


class DeclarationWrong(Exception):
    """The file cannot be read; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What the file says; nothing without a file."""

    commands: Mapping[str, str] = field(default_factory=dict)
    """By name, in their order."""
    services: tuple[str, ...] = ()


def declared(content: str | None) -> Declaration:
    """What is declared. Raises `DeclarationWrong`."""
    if content is None:
        return Declaration()
    try:
        read = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise DeclarationWrong(f"`{FILE}` is no TOML: {error}") from error
    commands, services = read.pop("commands", {}), read.pop("services", [])
    if read or not isinstance(commands, dict) or not set(commands) <= set(COMMANDS):
        raise DeclarationWrong(
            f"`{FILE}` may hold services and [commands] with {', '.join(COMMANDS)}, and nothing else"
        )
    if not isinstance(services, list) or not all(service in SERVICES for service in services):
        raise DeclarationWrong(f"`{FILE}`: services is a list of {', '.join(SERVICES)}")
    wrong = [
        name for name, command in commands.items() if not isinstance(command, str) or not command.strip()
    ]
    if wrong:
        raise DeclarationWrong(f"`{FILE}`: {', '.join(wrong)} must be a command in quotes")
    return Declaration(
        commands={name: commands[name] for name in COMMANDS if name in commands}, services=tuple(services)
    )
