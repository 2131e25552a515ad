"""Files that Oxbow puts into its thread: each once, without secrets, and long code among them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial

import pytest
from sqlalchemy import Engine, text

from bot.brain.sharing import TURN_FILES
from bot.brain.snippets import LONGEST_CODE
from bot.workspace.people import OXBOW
from bot.workspace.server import UPLOAD
from memory.log.events import Json, ToolFinished
from memory.log.outgoing_events import FilePosted
from tests.support.product import Died, Planned, Product
from tests.support.script_model import ScriptModel, calls, in_turn, says
from tests.support.secrets import GITHUB_TOKEN

LOG = calls("bash", command="seq 1000 > out.log")
SHARE = calls("share_file", path="out.log")
CODE = "".join(f"print({number})\n" for number in range(LONGEST_CODE // 8))


def files(oxbow: Product, thread: str) -> dict[str, str]:
    """What is in the thread, by name; a file that is there twice fails."""
    shared = [
        item for message in oxbow.workspace.messages("general", thread) for item in message.get("files", ())
    ]
    found = {item["name"]: oxbow.workspace.content(item["id"]).decode("latin-1") for item in shared}
    assert len(found) == len(shared)
    return found


def told(oxbow: Product, thread: str) -> list[str]:
    """What the model was told of its calls."""
    return [event.output for event in oxbow.events("general", thread) if isinstance(event, ToolFinished)]


def model(*answers: list[Json]) -> ScriptModel:
    """A model that says these one after another, whoever asks it, and then that it is done."""
    return ScriptModel(lambda messages: [*answers, says("Measured.")][len(messages) // 2])


def run(oxbow: Product, *answers: list[Json]) -> str:
    """One session with these answers of the model; its thread."""
    thread = oxbow.say("ada", "general", "@Oxbow measure it")
    oxbow.settle(model(*answers))
    return thread


def answers(oxbow: Product, thread: str) -> list[str]:
    return [words for words in oxbow.answers("general", thread) if words]


def test_a_file_of_the_workspace_is_handed_to_the_thread(oxbow: Product) -> None:
    thread = run(oxbow, LOG, SHARE)
    assert files(oxbow, thread) == {"out.log": "".join(f"{n}\n" for n in range(1, 1001))}
    assert told(oxbow, thread)[-1] == "out.log is in the thread."
    assert answers(oxbow, thread) == ["Measured."]


def test_what_slack_tells_of_its_own_file_is_nothing_new(oxbow: Product) -> None:
    thread = run(oxbow, LOG, SHARE)
    before = oxbow.events("general", thread)
    [ts] = [message["ts"] for message in oxbow.workspace.messages("general", thread) if message.get("files")]
    oxbow.hear("general", ts)
    assert oxbow.events("general", thread) == before


def test_a_file_larger_than_what_is_read_at_once_comes_whole(oxbow: Product) -> None:
    thread = run(oxbow, calls("bash", command="seq 100000 > out.log"), SHARE, calls("bash", command="ls -A"))
    assert files(oxbow, thread) == {"out.log": "".join(f"{n}\n" for n in range(1, 100_001))}
    assert told(oxbow, thread)[-1].split() == ["out.log"]


def test_secrets_of_a_text_are_masked_and_other_bytes_with_one_stay(oxbow: Product) -> None:
    thread = run(
        oxbow,
        calls("bash", command=f"echo 'token={GITHUB_TOKEN}' > a.env; printf '\\377 {GITHUB_TOKEN}' > a.bin"),
        calls("share_file", path="a.env"),
        calls("share_file", path="a.bin"),
    )
    assert [GITHUB_TOKEN in content for content in files(oxbow, thread).values()] == [False]
    assert "holds what looks like a secret" in told(oxbow, thread)[-1]


@pytest.mark.parametrize(
    ("made", "path", "why"),
    [
        ("true", "nothing.log", "no file"),
        ("touch empty.log", "empty.log", "it is empty"),
        ("head -c 1500000 /dev/zero > big.bin", "big.bin", "1500000 bytes"),
    ],
)
def test_what_cannot_be_handed_over_is_told_to_the_model(
    oxbow: Product, made: str, path: str, why: str
) -> None:
    thread = run(oxbow, calls("bash", command=made), calls("share_file", path=path))
    assert why in told(oxbow, thread)[-1]
    assert "in the thread" not in told(oxbow, thread)[-1]
    assert files(oxbow, thread) == {}


def test_what_slack_does_not_take_is_told_to_the_model(oxbow: Product) -> None:
    oxbow.workspace.fail_next("files.getUploadURLExternal", "file_uploads_disabled")
    oxbow.workspace.fail_next("files.completeUploadExternal", "invalid_channel")
    thread = run(oxbow, LOG, SHARE, calls("share_file", path="out.log"))
    assert [line for line in told(oxbow, thread) if "Slack answered" in line] == [
        "Slack answered file_uploads_disabled",
        "Slack answered invalid_channel",
    ]
    assert answers(oxbow, thread) == ["Measured."]


def test_one_turn_does_not_bury_the_thread_under_files(oxbow: Product) -> None:
    many = [{**block, "id": f"{block['id']}{number}"} for number in range(TURN_FILES + 1) for block in SHARE]
    thread = run(oxbow, LOG, many)
    assert [line for line in told(oxbow, thread) if line] == [
        *["out.log is in the thread."] * TURN_FILES,
        f"{TURN_FILES} files were shared for this request already",
    ]


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", UPLOAD, "files.completeUploadExternal"])
@pytest.mark.parametrize("fault", ["lose_next_response", "lose_next_request"])
def test_a_file_whose_way_broke_off_is_there_once(
    oxbow: Product, engine: Engine, method: str, fault: str
) -> None:
    getattr(oxbow.workspace, fault)(method)
    thread = run(oxbow, LOG, SHARE)
    assert answers(oxbow, thread) == []
    with engine.begin() as connection:
        connection.execute(text("UPDATE sessions SET runnable_at = clock_timestamp()"))
    oxbow.settle(model(LOG, SHARE))
    assert told(oxbow, thread)[-1] == "out.log is in the thread."
    assert list(files(oxbow, thread)) == ["out.log"]
    assert answers(oxbow, thread) == ["Measured."]


@pytest.mark.parametrize("failpoint", ["slack:after", "append:after"])
def test_a_file_is_there_once_wherever_a_process_dies(oxbow: Product, failpoint: str) -> None:
    for number in range(1, 7):
        thread = oxbow.say("ada", "general", "@Oxbow measure it")
        deaths: list[Planned] = []
        script = partial(_die_after_the_call, oxbow, failpoint, number, deaths)
        with suppress(Died):
            oxbow.settle(ScriptModel(script))
        oxbow.instants.forget()
        oxbow.lapse()
        oxbow.settle(ScriptModel(script))
        assert told(oxbow, thread)[-1] == "out.log is in the thread."
        assert list(files(oxbow, thread)) == ["out.log"], f"died at {failpoint}, number {number}"
        assert answers(oxbow, thread)[-1] == "Measured."


def _die_after_the_call(
    oxbow: Product, failpoint: str, number: int, deaths: list[Planned], messages: Sequence[Json]
) -> list[Json]:
    if len(messages) == 3 and not deaths:
        deaths.append(oxbow.instants.die_at(failpoint, number))
    return [LOG, SHARE, says("Measured.")][len(messages) // 2]


def test_code_that_is_too_long_for_a_message_is_a_file(oxbow: Product) -> None:
    thread = oxbow.say("ada", "general", "@Oxbow write it")
    oxbow.settle(ScriptModel(in_turn(says(f"Here it is:\n\n```python\n{CODE}```\n\nRun it."))))
    assert files(oxbow, thread) == {"answer-1-1.py": CODE}
    assert answers(oxbow, thread) == ["Here it is:\n\n_(in the file `answer-1-1.py` below)_\n\nRun it."]


def test_code_that_slack_does_not_take_as_a_file_comes_as_text(oxbow: Product) -> None:
    oxbow.workspace.fail_next("files.getUploadURLExternal", "file_uploads_disabled")
    thread = oxbow.say("ada", "general", "@Oxbow write it")
    oxbow.settle(ScriptModel(in_turn(says(f"Here it is:\n\n```python\n{CODE}```"))))
    [posted] = [event for event in oxbow.events("general", thread) if isinstance(event, FilePosted)]
    assert posted.problem == "Slack answered file_uploads_disabled"
    shown = [
        block["text"]
        for message in oxbow.workspace.messages("general", thread)
        if message["user"] == OXBOW
        for block in message.get("blocks", ())
        if block["type"] == "markdown"
    ]
    assert CODE in shown[-1]
