"""Repositories of the tests."""

from __future__ import annotations

from pathlib import Path

from bot.forge.plumbing import git, run_git

WHO = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "Ada"), ("EMAIL", "ada@example.org"))
}


def initialised(folder: Path, branch: str = "trunk") -> Path:
    """A repository with one commit, which holds one file."""
    folder.mkdir(parents=True)
    git("init", "--quiet", f"--initial-branch={branch}", cwd=folder)
    commit(folder, "first")
    return folder


def commit(folder: Path, content: str, file: str = "file") -> str:
    """Write the file and commit it; gives the commit."""
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text(content)
    git("add", "--all", cwd=folder)
    run_git(("commit", "--quiet", "--message", content.splitlines()[0]), cwd=folder, environment=WHO)
    return git("rev-parse", "HEAD", cwd=folder).strip()


def bare(folder: Path, source: Path) -> Path:
    """A bare copy, as forges keep repositories."""
    git("clone", "--quiet", "--bare", str(source), str(folder), cwd=source)
    return folder
