"""Repositories: which one a thread means, and how it travels."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.forge.plumbing import git, run_git
from bot.forge.repository import Bundle, Mirrors, Repository, RepositoryUnavailable, choose, repositories

WHO = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "Ada"), ("EMAIL", "ada@example.org"))
}


def named(*names: str) -> tuple[Repository, ...]:
    return tuple(Repository(name=name, address=f"https://a.example/{name}") for name in names)


# Names


@pytest.mark.parametrize(
    ("addresses", "names"),
    [
        ((), []),
        (("https://a.example/ada/cart.git",), ["cart"]),
        (("https://a.example/ada/cart/", "file:///srv/git/orders"), ["cart", "orders"]),
        (("https://a.example/ada/cart", "https://a.example/bruno/cart.git"), ["ada/cart", "bruno/cart"]),
    ],
)
def test_a_repository_is_called_by_its_shortest_name(addresses: tuple[str, ...], names: list[str]) -> None:
    assert [repository.name for repository in repositories(addresses)] == names


@pytest.mark.parametrize(
    ("text", "allowed", "chosen"),
    [
        ("the shop-cart total is wrong", ("shop-cart", "orders"), "shop-cart"),
        ("the Shop-Cart: it fails", ("shop-cart", "orders"), "shop-cart"),
        ("the cart of the shop is wrong", ("shop-cart", "orders"), "shop-cart"),
        ("shop-cart-next fails", ("shop-cart", "shop-cart-next"), "shop-cart-next"),
        ("shop-cart or orders?", ("shop-cart", "orders"), None),
        ("it fails", ("shop-cart", "orders"), None),
        ("it fails", ("shop-cart",), "shop-cart"),
        ("it fails", (), None),
        ("reorders fail", ("orders", "cart"), None),
        ("a.b fails", ("a.b", "axb"), "a.b"),
    ],
)
def test_the_repository_that_a_thread_means(text: str, allowed: tuple[str, ...], chosen: str | None) -> None:
    found = choose(text, named(*allowed))
    assert (found.name if found else None) == chosen


# Mirrors


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    folder = tmp_path / "origin"
    folder.mkdir()
    git("init", "--quiet", "--initial-branch=trunk", cwd=folder)
    commit(folder, "first")
    return folder


def commit(folder: Path, content: str) -> str:
    (folder / "file").write_text(content)
    git("add", "file", cwd=folder)
    run_git(("commit", "--quiet", "--message", content), cwd=folder, environment=WHO)
    return git("rev-parse", "HEAD", cwd=folder).strip()


def unpacked(bundle: Bundle, folder: Path) -> str:
    """The content of the one file, as the workspace gets it."""
    packed = folder / f"{bundle.commit}.bundle"
    packed.write_bytes(bundle.content)
    git("clone", "--quiet", "--branch", bundle.branch, str(packed), bundle.commit, cwd=folder)
    return (folder / bundle.commit / "file").read_text()


def test_a_bundle_holds_the_default_branch(origin: Path, tmp_path: Path) -> None:
    bundle = Mirrors(tmp_path / "mirrors").bundle(origin.as_uri())
    assert bundle.branch == "trunk"
    assert unpacked(bundle, tmp_path) == "first"


def test_a_bundle_is_what_the_repository_is_now(origin: Path, tmp_path: Path) -> None:
    mirrors = Mirrors(tmp_path / "mirrors")
    mirrors.bundle(origin.as_uri())
    second = commit(origin, "second")
    assert mirrors.bundle(origin.as_uri()).commit == second


def test_a_default_branch_may_change_its_name(origin: Path, tmp_path: Path) -> None:
    mirrors = Mirrors(tmp_path / "mirrors")
    mirrors.bundle(origin.as_uri())
    git("branch", "--move", "trunk", "main", cwd=origin)
    renamed = commit(origin, "second")
    bundle = mirrors.bundle(origin.as_uri())
    assert (bundle.branch, bundle.commit) == ("main", renamed)


def test_a_repository_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RepositoryUnavailable, match="the repository nowhere cannot be read"):
        Mirrors(tmp_path / "mirrors").bundle((tmp_path / "nowhere").as_uri())


def test_a_repository_without_a_commit_is_named(tmp_path: Path) -> None:
    git("init", "--quiet", "--bare", "empty", cwd=tmp_path)
    with pytest.raises(RepositoryUnavailable, match="the repository empty cannot be read"):
        Mirrors(tmp_path / "mirrors").bundle((tmp_path / "empty").as_uri())


def test_no_hook_of_a_repository_runs(origin: Path, tmp_path: Path) -> None:
    for hook in ("post-checkout", "reference-transaction", "pre-auto-gc", "upload-pack"):
        script = origin / ".git/hooks" / hook
        script.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        script.chmod(0o755)
    Mirrors(tmp_path / "mirrors").bundle(origin.as_uri())
    assert not (tmp_path / "ran").exists()
