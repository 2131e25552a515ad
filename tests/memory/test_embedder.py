"""Embedders: one contract for all, and what the one in its own process adds."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from memory.embedding.embedder import (
    Embedder,
    HashingEmbedder,
    SentenceTransformerEmbedder,
    Vector,
    open_embedder,
    patient,
)
from memory.embedding.process import ProcessEmbedder
from memory.errors import UnknownEmbedder
from tests.contracts.embedder_contract import EmbedderContract
from tests.support.waiting import eventually


class TestHashingEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> Embedder:
        return HashingEmbedder()


class TestProcessEmbedder(EmbedderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def embedder(cls) -> Iterator[Embedder]:
        with ProcessEmbedder(HashingEmbedder) as embedder:
            yield embedder


class TestPatientEmbedder(EmbedderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def embedder(cls) -> Iterator[Embedder]:
        with ProcessEmbedder(HashingEmbedder) as embedder:
            yield patient(embedder)


@pytest.mark.embedding
class TestSentenceTransformerInItsOwnProcess(EmbedderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def embedder(cls) -> Iterator[Embedder]:
        with ProcessEmbedder(SentenceTransformerEmbedder) as embedder:
            yield embedder

    def test_knows_that_different_words_mean_the_same(self, embedder: Embedder) -> None:
        crash, same, other = embedder.embed(["the program crashed", "our app died", "a recipe for soup"])
        nearer = sum(a * b for a, b in zip(crash, same, strict=True))
        assert nearer > 0.2 + sum(a * b for a, b in zip(crash, other, strict=True))

    def test_keeps_torch_out_of_this_process(self, embedder: Embedder) -> None:
        embedder.embed(["anything"])
        assert "torch" not in sys.modules


@pytest.fixture
def embedder() -> Iterator[ProcessEmbedder]:
    with ProcessEmbedder(HashingEmbedder) as embedder:
        yield embedder


def test_starts_no_process_before_the_first_text(embedder: ProcessEmbedder) -> None:
    embedder.embed([])
    assert embedder.process_id is None


def test_a_process_that_died_is_replaced_without_the_caller_noticing(embedder: ProcessEmbedder) -> None:
    before = embedder.embed(["the import fails"])
    first = embedder.process_id
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert embedder.embed(["the import fails"]) == before
    assert embedder.process_id != first


def test_closing_ends_the_process_and_a_later_text_starts_another(embedder: ProcessEmbedder) -> None:
    embedder.embed(["a"])
    first = embedder.process_id
    assert first is not None
    embedder.close()
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)
    assert len(embedder.embed(["a"])) == 1


def test_many_threads_each_get_the_vectors_of_their_own_texts(embedder: ProcessEmbedder) -> None:
    texts = [[f"text {thread} {n}" for n in range(20)] for thread in range(4)]
    results: dict[int, list[list[float]]] = {}

    def ask(index: int) -> None:
        results[index] = embedder.embed(texts[index])

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {index: HashingEmbedder().embed(texts[index]) for index in range(4)}


class GatedEmbedder(HashingEmbedder):
    """Writes down what it is asked, and waits at the text `gate` until the gate is there."""

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        with Path("asked").open("a") as asked:
            asked.writelines(f"{text}\n" for text in texts)
        while "gate" in texts and not Path("gate").exists():
            time.sleep(0.01)
        return super().embed(texts)


def test_a_question_overtakes_a_queue_of_texts_to_index(tmp_path: Path) -> None:
    asked = tmp_path / "asked"

    def waits(embedder: ProcessEmbedder, number: int) -> bool:
        return embedder.waiting == number

    def begin(embedder: Embedder, text: str) -> threading.Thread:
        thread = threading.Thread(target=embedder.embed, args=([text],))
        thread.start()
        return thread

    with contextlib.chdir(tmp_path), ProcessEmbedder(GatedEmbedder) as embedder:
        asking = [begin(patient(embedder), "gate")]
        eventually(asked.exists, within=30.0)
        for number, text in enumerate(("first", "second"), start=1):
            asking.append(begin(patient(embedder), text))
            eventually(partial(waits, embedder, number))
        asking.append(begin(embedder, "question"))
        eventually(partial(waits, embedder, 3))
        Path("gate").touch()
        for thread in asking:
            thread.join()
    assert asked.read_text().split() == ["gate", "question", "first", "second"]


PARENT = """
import sys, time
from memory.embedding.embedder import HashingEmbedder
from memory.embedding.process import ProcessEmbedder

class Endless(HashingEmbedder):
    def embed(self, texts):
        print("embedding", flush=True)
        time.sleep(600)

if __name__ == "__main__":
    embedder = ProcessEmbedder({kind})
    embedder.embed(["a"])
    print("done", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize(("kind", "state"), [("HashingEmbedder", "done\n"), ("Endless", "embedding\n")])
def test_the_process_ends_with_a_parent_that_was_killed(tmp_path: Path, kind: str, state: str) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT.format(kind=kind))
    with subprocess.Popen(
        [sys.executable, script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == state
        parent.kill()
        # The embedder inherited this pipe: it is at its end once nobody is left to write.
        assert parent.communicate(timeout=60)[0] == ""


@pytest.mark.parametrize(("setting", "name"), [("minilm", "all-MiniLM-L6-v2"), ("hashing", "hashing-384")])
def test_a_setting_names_its_embedder_without_loading_it(setting: str, name: str) -> None:
    assert open_embedder(setting).name == name


def test_an_unknown_setting_is_refused_naming_the_choices() -> None:
    with pytest.raises(UnknownEmbedder, match="'ada'; choose one of minilm, hashing"):
        open_embedder("ada")
