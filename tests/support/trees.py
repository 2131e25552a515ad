"""Copies of the project that a test changes and runs beside the real one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.processes import SOURCES

COPIED = ("bot", "memory", "migrations", "sandbox", "tests", "pyproject.toml")


@contextmanager
def copied() -> Iterator[Path]:
    """A copy of the project, for as long as this is open."""
    with tempfile.TemporaryDirectory(prefix="oxbow-copy-") as folder:
        for name in COPIED:
            source = SOURCES / name
            if source.is_dir():
                shutil.copytree(source, Path(folder) / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, folder)
        yield Path(folder)


def replace(path: Path, old: str, new: str) -> None:
    """Replace a text that must be in the file once."""
    content = path.read_text()
    assert content.count(old) == 1, f"{path.name} has the text {content.count(old)} times: {old}"
    path.write_text(content.replace(old, new))
