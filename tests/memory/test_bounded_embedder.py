"""A question to the embedder is answered in time, or somebody is told that it is not."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from memory.embedding.bounded import MOST_WAITING, BoundedEmbedder
from memory.embedding.embedder import Embedder, HashingEmbedder, SilentEmbedder
from memory.errors import EmbedderUnavailable
from tests.contracts.embedder_contract import EmbedderContract


class TestBoundedEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> Embedder:
        return BoundedEmbedder(HashingEmbedder())


@pytest.fixture
def silent() -> Iterator[SilentEmbedder]:
    embedder = SilentEmbedder()
    yield embedder
    embedder.release()


def test_one_that_hangs_is_not_waited_for(silent: SilentEmbedder) -> None:
    with pytest.raises(EmbedderUnavailable, match=r"no answer within 0\.01 s"):
        BoundedEmbedder(silent, 0.01).embed(["import fails"])


def test_what_it_says_of_itself_is_passed_on(silent: SilentEmbedder) -> None:
    silent.release()
    with pytest.raises(EmbedderUnavailable, match="let go"):
        BoundedEmbedder(silent).embed(["import fails"])


def test_no_more_wait_for_it_than_a_machine_can_hold(silent: SilentEmbedder) -> None:
    bounded = BoundedEmbedder(silent, 0.01)

    def refusal(_: int) -> str:
        with pytest.raises(EmbedderUnavailable) as raised:
            bounded.embed(["import fails"])
        return str(raised.value)

    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(refusal, range(MOST_WAITING + 1)))
    assert [words for words in told if words.startswith(f"{MOST_WAITING} questions wait")]
