"""A command in the real sandbox against the same command as a bare process."""

from __future__ import annotations

import statistics
import subprocess
from threading import Event

from sandbox.choose import open_sandbox
from sandbox.port import Limits
from tests.bench.figures import Figures, timed
from tests.bench.place import Place

COMMANDS = 60


def command(at: Place) -> Figures:
    """Medians of many `true`, from the call to its outcome."""
    sandbox = open_sandbox("auto", at.folder / "workspaces")
    reference = sandbox.attach("bench", epoch=1, known=None).reference

    def run(number: int) -> None:
        sandbox.execute(
            reference, call=f"call-{number}", command="true", limits=Limits(), epoch=1, cancelled=Event()
        )

    inside = statistics.median(timed(COMMANDS, run))
    bare = statistics.median(timed(COMMANDS, lambda _: subprocess.run(["bash", "-c", "true"], check=True)))
    sandbox.release(reference, epoch=1)
    return {"command ms": inside, "bare process ms": bare, "overhead ms": inside - bare}
