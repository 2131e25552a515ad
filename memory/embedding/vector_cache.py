"""Vectors on disk, so that a text is embedded once however often it is evaluated."""

from __future__ import annotations

import hashlib
import sqlite3
from array import array
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from memory.embedding.embedder import Embedder
from memory.embedding.encoders import Vector

CREATE = """
    -- Vectors as single-precision numbers, by the embedder's name and the text's SHA-256.
    CREATE TABLE IF NOT EXISTS vectors (
        embedder TEXT, digest BLOB, vector BLOB, PRIMARY KEY (embedder, digest)
    ) WITHOUT ROWID
"""
SELECT = "SELECT vector FROM vectors WHERE embedder = ? AND digest = ?"
INSERT = "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)"


class CachingEmbedder:
    """An embedder that asks another one for what the file does not hold. For one thread."""

    def __init__(self, embedder: Embedder, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._embedder = embedder
        self._file = sqlite3.connect(path)
        self._file.execute(CREATE)
        self.name = embedder.name
        self.dimensions = embedder.dimensions

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Return one vector for each text; raises `EmbedderUnavailable` when one must be made and cannot."""
        digests = [hashlib.sha256(text.encode()).digest() for text in texts]
        known = {digest: vector for digest in set(digests) if (vector := self._known(digest)) is not None}
        fresh = {digest: text for digest, text in zip(digests, texts, strict=True) if digest not in known}
        embedded = self._embedder.embed(list(fresh.values()))
        # Rounded at once, so that the first run sees what later ones will read.
        made = {digest: array("f", vector) for digest, vector in zip(fresh, embedded, strict=True)}
        with self._file:
            rows = [(self.name, digest, vector.tobytes()) for digest, vector in made.items()]
            self._file.executemany(INSERT, rows)
        vectors = known | {digest: vector.tolist() for digest, vector in made.items()}
        return [vectors[digest] for digest in digests]

    def _known(self, digest: bytes) -> Vector | None:
        row = self._file.execute(SELECT, (self.name, digest)).fetchone()
        return None if row is None else array("f", row[0]).tolist()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
