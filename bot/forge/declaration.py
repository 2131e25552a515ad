"""What a repository declares of itself in `.oxbow.toml`: the commands that a change has to pass. Pure.

    [commands]
    setup = "pip install --no-deps -e ."
    format = "ruff format ."
    test = "python -m pytest -q"

It is read as it is at the commit that the work began from: a change cannot soften its own checks.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping

FILE = ".oxbow.toml"

COMMANDS = ("setup", "format", "test")
"""In the order in which they run; each may be left out."""


class DeclarationWrong(Exception):
    """The file cannot be read; the text says what is wrong with it."""


def declared(content: str | None) -> Mapping[str, str]:
    """The declared commands by name, in order; none without a file. Raises `DeclarationWrong`."""
    if content is None:
        return {}
    try:
        read = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise DeclarationWrong(f"`{FILE}` is no TOML: {error}") from error
    commands = read.pop("commands", {})
    if read or not isinstance(commands, dict) or not set(commands) <= set(COMMANDS):
        raise DeclarationWrong(f"`{FILE}` may hold [commands] with {', '.join(COMMANDS)}, and nothing else")
    wrong = [
        name for name, command in commands.items() if not isinstance(command, str) or not command.strip()
    ]
    if wrong:
        raise DeclarationWrong(f"`{FILE}`: {', '.join(wrong)} must be a command in quotes")
    return {name: commands[name] for name in COMMANDS if name in commands}
