"""How a change leaves a workspace: what is packed there and what is read of it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from bot.forge.leaving import PART_BYTES, Packed, packed, packing
from bot.forge.plumbing import git
from bot.forge.quarantine import Change, quarantine
from tests.forge.origins import commit
from tests.forge.workbench import Workbench


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


def pack(bench: Workbench) -> str:
    """Run the command as the sandbox would."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(bench.work.parent),
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "user.name",
        "GIT_CONFIG_VALUE_0": "Oxbow",
        "GIT_CONFIG_KEY_1": "user.email",
        "GIT_CONFIG_VALUE_1": "oxbow@localhost",
    }
    command = ["bash", "-c", packing(bench.base)]
    return subprocess.run(
        command, cwd=bench.work, env=environment, capture_output=True, text=True, check=True
    ).stdout


def left(bench: Workbench) -> Change:
    """The change as the trusted side takes it in."""
    found = packed(pack(bench))
    assert found is not None
    content = b"".join((bench.work / part).read_bytes() for part in found.parts)
    assert len(content) == found.size
    with quarantine(content, commit=found.commit, base=bench.base, mirror=bench.mirror) as opened:
        return opened.inspected()


def test_commits_leave_and_untracked_files_beside_them_do_not(bench: Workbench) -> None:
    commit(bench.work, "fixed\n", "src/app.py")
    (bench.work / "scratch.txt").write_text("notes")
    assert left(bench).files == ("src/app.py",)


def test_changes_of_known_files_after_the_last_commit_leave_too(bench: Workbench) -> None:
    commit(bench.work, "fixed\n", "src/app.py")
    (bench.work / "file").write_text("formatted\n")
    assert left(bench).files == ("file", "src/app.py")


def test_without_a_commit_everything_leaves_that_is_not_ignored(bench: Workbench) -> None:
    (bench.work / ".gitignore").write_text("*.pyc\n")
    (bench.work / "new.py").write_text("x")
    (bench.work / "new.pyc").write_text("x")
    assert left(bench).files == (".gitignore", "new.py")


def test_the_subject_of_the_last_commit_is_told(bench: Workbench) -> None:
    commit(bench.work, "Read rows as UTC\n", "src/app.py")
    found = packed(pack(bench))
    assert found is not None
    assert found.subject == "Read rows as UTC"


def test_the_index_of_the_workspace_stays_as_it_is(bench: Workbench) -> None:
    (bench.work / "new.py").write_text("x")
    pack(bench)
    assert git("status", "--porcelain", cwd=bench.work) == "?? new.py\n"


def test_packing_twice_gives_the_same(bench: Workbench) -> None:
    commit(bench.work, "fixed\n", "src/app.py")
    assert left(bench) == left(bench)


def test_a_large_change_leaves_in_parts(bench: Workbench) -> None:
    (bench.work / "random").write_bytes(os.urandom(PART_BYTES * 2))
    found = packed(pack(bench))
    assert found is not None
    assert len(found.parts) == 3
    assert left(bench).files == ("random",)


def test_an_unchanged_workspace_has_nothing_to_leave(bench: Workbench) -> None:
    assert pack(bench) == "oxbow: unchanged\n"


def test_a_workspace_without_its_base_has_nothing_to_leave(bench: Workbench) -> None:
    bench.base = "1" * 40
    assert pack(bench) == "oxbow: without base\n"


@pytest.mark.parametrize(
    "output",
    ["", "oxbow: unchanged", "oxbow: packed HEAD 12", f"oxbow: packed {'0' * 40} -1", "packed"],
)
def test_other_words_are_no_change(output: str) -> None:
    assert packed(output) is None


def test_parts_have_names_of_their_own() -> None:
    found = Packed(commit="0" * 40, size=PART_BYTES + 1, subject="")
    assert found.parts == (".git/oxbow/part.0000", ".git/oxbow/part.0001")
