"""Priority on this machine."""

from __future__ import annotations

import os
import threading

NICENESS = 10
"""Half of what can be given up: background work goes on, slowly, also on a busy machine."""


def let_others_go_first() -> None:
    """Lower the priority of this thread, and of the threads and processes it starts, for good."""
    # The number of a thread, not of the process: others of this process keep theirs.
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
