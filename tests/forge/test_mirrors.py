"""Mirrors: how a repository travels into a workspace."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.forge.errors import RepositoryUnavailable, RepositoryUnreachable
from bot.forge.mirrors import Bundle, Mirrors, without_credential
from bot.forge.plumbing import git
from tests.forge.origins import commit, initialised


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    return initialised(tmp_path / "origin")


@pytest.fixture
def mirrors(tmp_path: Path) -> Mirrors:
    return Mirrors(tmp_path / "mirrors", without_credential)


def unpacked(bundle: Bundle, folder: Path) -> str:
    """The content of the one file, as the workspace gets it."""
    packed = folder / f"{bundle.commit}.bundle"
    packed.write_bytes(bundle.content)
    git("clone", "--quiet", "--branch", bundle.branch, str(packed), bundle.commit, cwd=folder)
    return (folder / bundle.commit / "file").read_text()


def test_a_bundle_holds_the_default_branch(origin: Path, tmp_path: Path, mirrors: Mirrors) -> None:
    bundle = mirrors.bundle(origin.as_uri())
    assert bundle.branch == "trunk"
    assert unpacked(bundle, tmp_path) == "first"


def test_a_bundle_is_what_the_repository_is_now(origin: Path, tmp_path: Path, mirrors: Mirrors) -> None:
    mirrors.bundle(origin.as_uri())
    second = commit(origin, "second")
    assert mirrors.bundle(origin.as_uri()).commit == second


def test_a_default_branch_may_change_its_name(origin: Path, tmp_path: Path, mirrors: Mirrors) -> None:
    mirrors.bundle(origin.as_uri())
    git("branch", "--move", "trunk", "main", cwd=origin)
    renamed = commit(origin, "second")
    bundle = mirrors.bundle(origin.as_uri())
    assert (bundle.branch, bundle.commit) == ("main", renamed)


def test_a_repository_that_is_not_there_is_named(tmp_path: Path, mirrors: Mirrors) -> None:
    with pytest.raises(RepositoryUnavailable, match="the repository nowhere cannot be read"):
        mirrors.bundle((tmp_path / "nowhere").as_uri())


@pytest.mark.parametrize("address", ["https://127.0.0.1:1/shop", "file:///not/there/shop"])
def test_a_host_or_a_disk_that_is_away_may_come_back(mirrors: Mirrors, address: str) -> None:
    with pytest.raises(RepositoryUnreachable, match="the repository shop cannot be read"):
        mirrors.bundle(address)


def test_a_repository_without_a_commit_is_named(tmp_path: Path, mirrors: Mirrors) -> None:
    git("init", "--quiet", "--bare", "empty", cwd=tmp_path)
    with pytest.raises(RepositoryUnavailable, match="the repository empty cannot be read") as refused:
        mirrors.bundle((tmp_path / "empty").as_uri())
    assert not isinstance(refused.value, RepositoryUnreachable)


def test_no_hook_of_a_repository_runs(origin: Path, tmp_path: Path, mirrors: Mirrors) -> None:
    for hook in ("post-checkout", "reference-transaction", "pre-auto-gc", "upload-pack"):
        script = origin / ".git/hooks" / hook
        script.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        script.chmod(0o755)
    mirrors.bundle(origin.as_uri())
    assert not (tmp_path / "ran").exists()


def test_a_branch_other_than_the_default_one_travels_too(origin: Path, mirrors: Mirrors) -> None:
    git("switch", "--quiet", "--create", "side", cwd=origin)
    side = commit(origin, "aside")
    git("switch", "--quiet", "trunk", cwd=origin)
    bundle = mirrors.bundle(origin.as_uri(), "side")
    assert (bundle.branch, bundle.commit) == ("side", side)
