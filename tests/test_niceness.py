"""Priority on this machine."""

from __future__ import annotations

import os
import subprocess
from threading import Thread

from bot.niceness import NICENESS, let_others_go_first


def test_a_thread_and_what_it_starts_go_last_and_no_other() -> None:
    before = os.nice(0)
    seen: list[int] = []

    def run() -> None:
        let_others_go_first()
        seen.append(int(subprocess.check_output(["nice"])))

    thread = Thread(target=run)
    thread.start()
    thread.join()
    assert (seen, os.nice(0)) == ([max(before, NICENESS)], before)
