"""Moves that every recording makes."""

from __future__ import annotations

from bot.model.script import Call, Move

TESTS = "python3 -m unittest"


def run_tests(text: str, *, expected: str) -> Move:
    """Run the repository's tests; their output must hold `expected`."""
    return Move(text=text, calls=(Call(tool="bash", input={"command": TESTS}),), expected=expected)


def look_at(text: str, *paths: str) -> Move:
    """View files, all in one response."""
    return Move(text=text, calls=tuple(Call(tool="view", input={"path": path}) for path in paths))


def replace(text: str, *, path: str, old: str, new: str) -> Move:
    """Edit one place of a file."""
    return Move(text=text, calls=(Call(tool="edit", input={"path": path, "old": old, "new": new}),))


def share_output(text: str, *, command: str, path: str) -> Move:
    """Write a command's output into a file, and put that into the thread."""
    written = Call(tool="bash", input={"command": f"{command} > {path} 2>&1; tail -n 1 {path}"})
    return Move(text=text, calls=(written, Call(tool="share_file", input={"path": path})))


def commit(text: str, *, subject: str) -> Move:
    """Commit every tracked change; the author is named because a workspace need not know one."""
    command = f"git -c user.name=Oxbow -c user.email=oxbow@localhost commit -a -m '{subject}'"
    return Move(text=text, calls=(Call(tool="bash", input={"command": command}),), expected=subject)
