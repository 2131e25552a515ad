"""A worker process as `oxbow work` composes it, with a model that needs no network.

    python -m tests.faults.worker

Configured as `oxbow` is. `FAULTS_CLOCK` sets the process's wall clock off by so many seconds.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from threading import Event

from bot.compose import build_remembering, working
from bot.settings import read_settings
from bot.slack.side import slack_side
from memory.database import connect, engines
from memory.embedding.embedder import HashingEmbedder
from memory.secrets.mask import SecretMask
from sandbox.bubblewrap import Bubblewrap, programs
from sandbox.local import LocalSandbox
from tests.faults.job import script
from tests.support.script_model import ScriptModel

DRAIN_SECONDS = 10.0


def main() -> None:
    set_clock_off(float(os.environ.get("FAULTS_CLOCK", "0")))
    stopping = Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    settings = read_settings()
    assert settings.database_url is not None
    engine = connect(settings.database_url.get_secret_value())
    # So many posts of unknown outcome as here would be looked for through all of Slack's look-ups of an hour.
    slack = slack_side(settings, engine, paced=False)
    # Without the self-test, which would cost every start of a worker a second.
    sandbox = LocalSandbox(settings.oxbow_data_dir / "workspaces", Bubblewrap(programs()[0]))
    secrets = SecretMask()
    with engines(engine) as connections:
        remembering = build_remembering(settings, connections, HashingEmbedder(), slack, secrets)
        with working(
            settings, slack, connections, remembering, secrets, model=ScriptModel(script), sandbox=sandbox
        ) as worker:
            sys.stdout.write("worker ready: working\n")
            sys.stdout.flush()
            worker.serve(stopping)
            worker.drain(DRAIN_SECONDS)


def set_clock_off(seconds: float) -> None:
    """Everything in this process that asks for the time of day is told another one."""
    true_time = time.time
    time.time = lambda: true_time() + seconds


if __name__ == "__main__":
    main()
