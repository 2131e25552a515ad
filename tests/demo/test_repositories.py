"""The sample repositories: the same everywhere, made once, whole or not at all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlparse

import pytest

from bot.demo.problems import PROBLEMS
from bot.demo.repositories import materialise
from bot.forge.plumbing import GitFailed, git


def heads(addresses: list[str], cwd: Path) -> list[str]:
    return [git("ls-remote", address, "refs/heads/main", cwd=cwd) for address in addresses]


def test_every_recorded_problem_has_its_repository(tmp_path: Path) -> None:
    names = {Path(urlparse(address).path).stem for address in materialise(tmp_path)}
    assert names == {problem.repository for problem in PROBLEMS}


def test_commits_are_the_same_on_every_machine(tmp_path: Path) -> None:
    first, second = materialise(tmp_path / "a"), materialise(tmp_path / "b")
    assert heads(first, tmp_path) == heads(second, tmp_path)


def test_what_was_pushed_stays(tmp_path: Path) -> None:
    address = materialise(tmp_path / "samples")[0]
    git("clone", "--quiet", address, "work", cwd=tmp_path)
    git("push", "--quiet", "origin", "HEAD:refs/heads/kept", cwd=tmp_path / "work")
    assert materialise(tmp_path / "samples")[0] == address
    assert "refs/heads/kept" in git("ls-remote", address, cwd=tmp_path)


def test_an_interrupted_creation_is_made_again(tmp_path: Path) -> None:
    (tmp_path / ".orders-import.git-left" / "work").mkdir(parents=True)
    assert all(head.strip() for head in heads(materialise(tmp_path), tmp_path))


def test_several_processes_may_create_them_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(materialise, [tmp_path] * 4))
    assert made == [made[0]] * 4
    assert all(head.strip() for head in heads(made[0], tmp_path))
    assert not list(tmp_path.glob(".*"))


def test_git_says_what_went_wrong(tmp_path: Path) -> None:
    with pytest.raises(GitFailed, match="not a git repository"):
        git("status", cwd=tmp_path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(GitFailed, match="nowhere"):
        git("status", cwd=tmp_path / "nowhere")


def test_other_protocols_than_files_and_https_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GitFailed, match="not allowed"):
        git("ls-remote", f"ext::touch {tmp_path / 'owned'}", cwd=tmp_path)
    assert not (tmp_path / "owned").exists()


def test_a_hook_of_the_repository_does_not_run(tmp_path: Path) -> None:
    git("init", "--quiet", cwd=tmp_path)
    hook = tmp_path / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path / 'owned'}\n")
    hook.chmod(0o755)
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    git(*identity, "commit", "--quiet", "--allow-empty", "-m", "x", cwd=tmp_path)
    assert not (tmp_path / "owned").exists()
