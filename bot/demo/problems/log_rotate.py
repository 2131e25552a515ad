"""Retention removes the newest archives."""

from __future__ import annotations

from bot.demo.moves import commit, look_at, replace, run_tests, share_output
from bot.model.script import Problem

_SUBJECT = "Order log archives by number, not by name"

LOG_ROTATE = Problem(
    name="log-rotate",
    title="Log retention removes the newest archives",
    channel="platform",
    repository="log-rotate",
    mention="log-rotate deletes the newest archives and keeps old ones as soon as there are more than nine",
    moves=(
        run_tests("I run the tests first, to see which archives are left.", expected="FAILED (failures=1)"),
        look_at(
            "Of twelve archives the three newest should stay, and 7, 8 and 9 do. That looks like an order by "
            "name. I look at the code.",
            "rotate/retention.py",
            "README.md",
        ),
        replace(
            "`sorted` compares the names as text, and as text `app-10.log` comes before `app-2.log`. The "
            "number has to decide.",
            path="rotate/retention.py",
            old='    return sorted(folder.glob("app-*.log"))\n',
            new=(
                '    return sorted(folder.glob("app-*.log"), key=number)\n'
                "\n\n"
                "def number(path):\n"
                '    """The number in an archive\'s name."""\n'
                '    return int(path.stem.rsplit("-", 1)[1])\n'
            ),
        ),
        run_tests("Now the tests again, all of them.", expected="\nOK"),
        share_output(
            "Everything passes. The whole run goes into the thread, for whoever wants to see it.",
            command="python3 -m unittest -v",
            path="test-run.log",
        ),
        commit("I commit the change.", subject=_SUBJECT),
    ),
    answer=f"""\
Retention keeps the newest archives again, however many there are.

**Cause.** `archives` ordered the files by name. Archive numbers have no leading zeros, so `app-10.log` came \
before `app-2.log`: from the tenth archive on the newest ones counted as the oldest and were removed.

**Change.** `rotate/retention.py`: archives are ordered by the number in their name.

**Evidence**
- `python3 -m unittest` before: 3 tests, 1 failure (`app-7.log` to `app-9.log` were left)
- `python3 -m unittest` after: 3 tests, OK; the whole run is in `test-run.log` above

**Commit** `{{commit}}` {_SUBJECT}

Archives that were already removed do not come back; take them from the backup if they are needed.""",
)
