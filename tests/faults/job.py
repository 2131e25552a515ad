"""What every session of a fault run does, and the model that says so: pure, so that any process can go on."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Sequence

from memory.log.events import Json

STEPS = 2
"""Commands of a session: one to be cut off in, one to go on with."""

PAUSE = 0.15
"""Seconds that the model thinks and, if nothing else is said, a command runs: long enough to be killed in."""

POISON = "poison"


def question(number: int, pause: float = PAUSE) -> str:
    """What opens the thread; each of its commands takes `pause` seconds."""
    return f"@Oxbow count for {number}, {pause} s each"


def poisonous(number: int) -> str:
    """What opens a thread that no worker survives."""
    return f"{question(number)}, {POISON}"


def command(call: str, pause: str) -> str:
    """Leaves two lines in the workspace, each with its call and the time."""
    mark = f"echo {call} $EPOCHREALTIME >> counter"
    return f"{mark}; sleep {pause}; {mark}; echo counted"


def call_id(number: int, step: int) -> str:
    """Of the step in the thread of that number: asked again, the model says the same."""
    return f"toolu_{number}_{step}"


def answer(number: int) -> str:
    """What the thread is told in the end."""
    return f"Thread {number} took {STEPS} steps."


def script(messages: Sequence[Json]) -> list[Json]:
    """The next step, or the answer; over a poisonous question the process dies."""
    time.sleep(PAUSE)
    asked = str(messages[0])
    if POISON in asked:
        os.kill(os.getpid(), signal.SIGKILL)
    # What was recalled quotes other threads before the question.
    number, pause = re.findall(r"count for (\d+), ([\d.]+) s each", asked)[-1]
    made = sum(block["type"] == "tool_result" for message in messages for block in message["content"])
    if made < STEPS:
        call = call_id(int(number), made)
        given = {"command": command(call, pause)}
        return [{"type": "tool_use", "id": call, "name": "bash", "input": given}]
    return [{"type": "text", "text": answer(int(number))}]
