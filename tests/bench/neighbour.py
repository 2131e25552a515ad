"""What a session that takes all it may costs another one."""

from __future__ import annotations

import statistics
from threading import Event, Thread

from sandbox.choose import open_sandbox
from sandbox.port import Limits
from tests.bench.figures import Figures, timed
from tests.bench.place import Place

_TIMES = 10
# About a tenth of a second of one processor.
_WORK = "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done"
_HOG = (
    "for i in $(seq 60); do (while :; do :; done) & done;"
    "(while :; do head -c 100M /dev/zero > f; rm f; done) & wait"
)


def neighbour(at: Place) -> Figures:
    """The same work alone and beside 60 busy processes and a writer in another session."""
    sandbox = open_sandbox("auto", at.folder / "workspaces")
    ours, theirs = (sandbox.attach(session, epoch=1, known=None).reference for session in ("ours", "theirs"))

    def work(name: str) -> float:
        def run(number: int) -> None:
            call = f"{name}-{number}"
            sandbox.execute(ours, call=call, command=_WORK, limits=Limits(), epoch=1, cancelled=Event())

        return statistics.median(timed(_TIMES, run))

    alone = work("alone")
    stop = Event()
    hog = Thread(
        target=sandbox.execute,
        args=(theirs,),
        kwargs={"call": "hog", "command": _HOG, "limits": Limits(), "epoch": 1, "cancelled": stop},
    )
    hog.start()
    beside = work("beside")
    stop.set()
    hog.join()
    for reference in (ours, theirs):
        sandbox.release(reference, epoch=1)
    return {"work alone ms": alone, "beside a hog ms": beside, "factor": beside / alone}
