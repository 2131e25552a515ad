"""A worker in a process of its own, to be killed or frozen: runs one command and prints its output.

    python -m tests.sandbox.worker <root> <reference> <epoch> <call> <command>

With `-` as the reference it attaches a fresh workspace first, and prints what the self-test found.
"""

from __future__ import annotations

import sys
from pathlib import Path
from threading import Event

from sandbox.bubblewrap import Bubblewrap, programs
from sandbox.local import LocalSandbox
from sandbox.port import Finished, Limits
from sandbox.selftest import examine


def main() -> None:
    root, reference, epoch, call, command = sys.argv[1:]
    sandbox = LocalSandbox(Path(root), Bubblewrap(programs()[0]))
    if reference == "-":
        report = examine(sandbox)
        sys.stdout.write(f"selftest: {report.failures() or 'passed'}\n")
        reference = sandbox.attach("session", epoch=int(epoch), known=None).reference
    outcome = sandbox.execute(
        reference, call=call, command=command, limits=Limits(), epoch=int(epoch), cancelled=Event()
    )
    sys.stdout.write(outcome.output.decode() if isinstance(outcome, Finished) else repr(outcome))


if __name__ == "__main__":
    main()
