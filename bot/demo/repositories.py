"""The sample repositories as git repositories, the same commits on every machine."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.forge.plumbing import run_git

SAMPLES = Path(__file__).with_name("repositories")
"""The packaged folders; each becomes a repository of its name."""

_IDENTITY = {
    "GIT_AUTHOR_NAME": "Sample",
    "GIT_AUTHOR_EMAIL": "sample@example.org",
    "GIT_AUTHOR_DATE": "2026-11-02T09:00:00+00:00",
    "GIT_COMMITTER_NAME": "Sample",
    "GIT_COMMITTER_EMAIL": "sample@example.org",
    "GIT_COMMITTER_DATE": "2026-11-02T09:00:00+00:00",
}


def materialise(target: Path) -> list[str]:
    """Create the sample repositories under `target` where they are missing; gives their file:// addresses.

    They are bare: what is pushed to them needs no work tree. An existing one is left as it is, with whatever
    was pushed. A repository appears complete or not at all, so an interrupted call is simply made again.
    """
    target.mkdir(parents=True, exist_ok=True)
    names = sorted(folder.name for folder in SAMPLES.iterdir() if folder.is_dir())
    for name in names:
        if not (target / f"{name}.git").exists():
            _create(SAMPLES / name, target / f"{name}.git")
    return [(target / f"{name}.git").resolve().as_uri() for name in names]


def _create(sample: Path, repository: Path) -> None:
    with TemporaryDirectory(dir=repository.parent, prefix=f".{repository.name}-") as unfinished:
        work, bare = Path(unfinished, "work"), Path(unfinished, "bare.git")
        shutil.copytree(sample, work, ignore=shutil.ignore_patterns("__pycache__"))
        for args in (
            ("init", "--quiet"),
            ("add", "--all"),
            ("commit", "--quiet", "--message", "Import the sample"),
            ("clone", "--quiet", "--bare", str(work), str(bare)),
            ("--git-dir", str(bare), "remote", "remove", "origin"),
        ):
            run_git(args, cwd=work, environment=_IDENTITY)
        _publish(bare, repository)


def _publish(bare: Path, repository: Path) -> None:
    try:
        bare.rename(repository)
    except OSError:
        # Another process was faster; its repository has the same commits. Anything else is a real failure.
        if not repository.exists():
            raise
