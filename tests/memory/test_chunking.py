"""Chunking: a solution becomes few passages, each one thing a later question may look like."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from memory.solutions.chunking import (
    LONGEST_PASSAGE,
    LONGEST_QUESTION,
    MOST_THREAD_PASSAGES,
    Passage,
    pack,
    passages,
    solution_terms,
)
from memory.solutions.solution import Evidence, Solution, Utterance


def solution(
    *,
    problem: str = "the import fails",
    fix: str = "",
    cause: str = "",
    symptoms: tuple[str, ...] = (),
    evidence: tuple[Evidence, ...] = (),
    files: tuple[str, ...] = (),
    conversation: tuple[str, ...] = (),
) -> Solution:
    return Solution(
        team="T",
        channel="C",
        thread="1.0",
        turn=1,
        session=None,
        problem=problem,
        fix=fix,
        cause=cause,
        symptoms=symptoms,
        evidence=evidence,
        files=files,
        conversation=tuple(Utterance(author="Ada", text=text) for text in conversation),
        outcome="answered",
        finished_at=datetime(2026, 1, 1, tzinfo=UTC),
        permalink="",
    )


def kinds_and_texts(pieces: tuple[Passage, ...]) -> list[tuple[str, int, str]]:
    return [(piece.kind, piece.position, piece.text) for piece in pieces]


def test_each_typed_field_is_a_passage_of_its_own() -> None:
    assert kinds_and_texts(
        passages(
            solution(
                problem="import fails",
                cause="no zone",
                fix="set tz",
                symptoms=("KeyError: 'tz'", "exit 1"),
                evidence=(
                    Evidence(command="pytest -q", exit_code=1),
                    Evidence(command="make", exit_code=0),
                ),
                files=("src/tz.py", "tests/test_tz.py"),
            )
        )
    ) == [
        ("question", 0, "import fails"),
        ("answer", 0, "no zone\nset tz"),
        ("error", 0, "KeyError: 'tz'"),
        ("error", 1, "exit 1"),
        ("command", 0, "pytest -q\nmake"),
        ("file", 0, "src/tz.py\ntests/test_tz.py"),
    ]


def test_messages_quoted_by_problem_or_fix_are_not_embedded_again() -> None:
    pieces = passages(solution(problem="a\nb", fix="d", conversation=("a", "b", "c", "d", "e")))
    assert kinds_and_texts(pieces) == [("question", 0, "a\nb"), ("answer", 0, "d"), ("thread", 0, "c\ne")]


def test_a_long_question_is_cut_where_the_encoder_stops_reading() -> None:
    (piece,) = passages(solution(problem="x" * 5_000))
    assert len(piece.text) == LONGEST_QUESTION


def test_of_a_traceback_the_end_is_kept() -> None:
    pieces = passages(solution(symptoms=("frame\n" * 1_000 + "KeyError: 'tz'",)))
    assert pieces[1].text.endswith("KeyError: 'tz'")


def test_an_endless_thread_gives_a_bounded_number_of_passages() -> None:
    pieces = passages(solution(conversation=tuple(f"message {n} " * 50 for n in range(500))))
    assert len(pieces) == 1 + MOST_THREAD_PASSAGES


def test_a_solution_without_a_word_still_has_a_passage() -> None:
    assert len(passages(solution(problem=" "))) == 1


def test_short_messages_share_a_passage_until_it_is_full() -> None:
    assert list(pack(["a" * 400, "b" * 400, "c" * 400])) == ["a" * 400 + "\n" + "b" * 400, "c" * 400]


@given(st.lists(st.text(alphabet="ab \n", max_size=2_000), max_size=8))
def test_packing_loses_no_word_and_stays_within_bounds(messages: list[str]) -> None:
    packed = list(pack(messages))
    assert "".join("".join(packed).split()) == "".join("".join(messages).split())
    assert all(0 < len(text) <= LONGEST_PASSAGE for text in packed)


def test_terms_count_a_sentence_once_though_the_problem_quotes_the_thread() -> None:
    counted = solution_terms(
        solution(
            problem="import fails", fix="set zone", conversation=("import fails", "which one", "set zone")
        )
    )
    assert (counted["import"], counted["zone"]) == (1, 1)


def test_terms_cover_every_field() -> None:
    everything = solution(
        problem="import",
        cause="zone",
        fix="patch",
        symptoms=("KeyError",),
        files=("src/tz.py",),
        evidence=(Evidence(command="pytest", exit_code=0),),
        conversation=("remark",),
    )
    assert {"import", "zone", "patch", "keyerror", "src/tz.py", "pytest", "remark"} <= set(
        solution_terms(everything)
    )
