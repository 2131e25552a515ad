"""A command from the worker's side: start its supervisor unless it has one, then wait for the outcome.

The worker may die at any line here. The next one finds the call as it stands and enters the same loop.
"""

from __future__ import annotations

import dataclasses
import marshal
import os
import subprocess
import sys
import time
from pathlib import Path
from threading import Event

from sandbox import remains
from sandbox.calls import Call
from sandbox.enclosure import Launch
from sandbox.errors import SandboxUnreachable
from sandbox.port import Limits, Outcome, Unknown

# How the supervisor reports what became of its start.
STARTED, TAKEN, STALE = 0, 3, 4
# A command that ends at once is answered within 2 ms, a long one costs twenty looks a second.
_SHORTEST_WAIT, _LONGEST_WAIT = 0.002, 0.05
_LOOK_FOR_DEATH = 0.25
_SOURCE = Path(__file__).resolve().parent.parent
_START = f"import sys; sys.path.append({str(_SOURCE)!r}); from sandbox.supervisor import main; main()"


def run(call: Call, launch: Launch, limits: Limits, cancelled: Event) -> Outcome:
    """Bring the call to its end. Raises FileNotFoundError when the gate has moved."""
    while True:
        match call.state():
            case "ended":
                return call.outcome()
            case "died":
                remains.end(call.remains())
                return Unknown(reason=_obituary(call))
            case "waiting":
                if cancelled.is_set():
                    call.cancel()
                supervise(call, launch, limits)
            case "running":
                pass
        _wait(call, cancelled)


def _wait(call: Call, cancelled: Event) -> None:
    """Return when the call has ended, or after a while to see whether its supervisor still lives."""
    started = time.monotonic()
    while not call.outcome_file.exists() and (elapsed := time.monotonic() - started) < _LOOK_FOR_DEATH:
        pause = min(max(elapsed / 10, _SHORTEST_WAIT), _LONGEST_WAIT)
        if cancelled.is_set():
            call.cancel()
            time.sleep(pause)
        else:
            cancelled.wait(pause)


def supervise(call: Call, launch: Launch, limits: Limits) -> None:
    """Start a supervisor for the call; it does nothing if there is one already or the gate has moved."""
    order = {"call": str(call.folder), **dataclasses.asdict(launch), **dataclasses.asdict(limits)}
    # -I -S: no site packages, no environment: a start in 7 ms.
    argv = [sys.executable, "-I", "-S", "-c", _START]
    try:
        done = subprocess.run(  # noqa: S603
            argv,
            input=marshal.dumps(order),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={"PATH": os.defpath},
            cwd="/",
            start_new_session=True,
            check=False,
        )
    except OSError as error:
        raise SandboxUnreachable(f"no supervisor can be started: {error}") from error
    if done.returncode not in {STARTED, TAKEN, STALE}:
        said = done.stderr.decode(errors="replace").strip().rsplit("\n", 1)[-1]
        raise SandboxUnreachable(f"the supervisor ended with {done.returncode}: {said}")


def _obituary(call: Call) -> str:
    said = call.trouble()
    reason = "the command was started, and its supervisor was killed before it could record an end"
    return f"{reason} ({said})" if said else reason
