"""Whether a check that fails on a change fails at its base as well."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bot.brain.changes.at_base import HEAD, MISSING, base_run, head_run, new_failures
from tests.forge.origins import commit, initialised


@pytest.mark.parametrize(
    ("now", "before", "new"),
    [
        ("FAILED test_a in 1.2s", "FAILED test_a in 0.9s", ()),
        ("FAILED test_a\nFAILED test_b", "FAILED test_a", ("FAILED test_b",)),
        ("Error at 0x7f3a in /tmp/x1/a.py:12", "Error at 0x11 in /tmp/zz/a.py:40", ()),
        ("FAILED test_a\nFAILED test_a", "FAILED test_a", ("FAILED test_a",)),
        ("all is well", "FAILED test_a", ()),
        ("", "", ()),
    ],
)
def test_only_what_fails_anew_is_new(now: str, before: str, new: tuple[str, ...]) -> None:
    assert new_failures(now, before) == new


def run(work: Path, command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", command], cwd=work, capture_output=True, text=True, check=False)


def test_the_base_is_run_beside_the_change_which_stays_as_it_is(tmp_path: Path) -> None:
    work = initialised(tmp_path / "work")
    base = run(work, "git rev-parse HEAD").stdout.strip()
    commit(work, "changed")
    before, again = ["echo prepared > prepared"], "echo again > again"
    done = run(work, base_run(base, before, "cat file prepared; exit 3", again=again))
    assert (done.returncode, "changed" in done.stdout, "prepared" in done.stdout) == (3, False, True)
    assert (work / "file").read_text() == "changed"
    assert ((work / "prepared").exists(), (work / "again").exists()) == (False, True)
    assert "work" in run(work, "git worktree list").stdout
    assert run(work, "git worktree list").stdout.count("\n") == 1


def test_newer_files_are_run_from_a_bundle_which_goes(tmp_path: Path) -> None:
    work = initialised(tmp_path / "work")
    newer = initialised(tmp_path / "newer")
    head = commit(newer, "solved")
    run(newer, f"git bundle create -q {work}/{HEAD} trunk")
    command = head_run("trunk", head, [], "cat file; grep -q solved file", again=None)
    done = run(work, command)
    assert (done.returncode, "solved" in done.stdout) == (0, True)
    assert not (work / HEAD).exists()
    assert run(work, command.replace(head, "f" * 40)).returncode == MISSING


def test_a_base_that_cannot_be_had_excuses_nothing(tmp_path: Path) -> None:
    work = initialised(tmp_path / "work")
    assert run(work, base_run("f" * 40, [], "exit 3", again=None)).returncode == 0
