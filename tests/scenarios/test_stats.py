"""`/oxbow stats`: the figures of the channel and the workspace, for the caller alone."""

from __future__ import annotations

from tests.support.live import Live
from tests.support.script_model import calls, in_turn, says


def stats(at_work: Live, channel: str) -> str:
    asked = at_work.workspace.command("bruno", channel, "stats")
    at_work.workspace.wait_for(lambda: at_work.workspace.responses(asked))
    return str(at_work.workspace.ephemeral("bruno")[-1]["text"])


def test_the_channel_and_the_workspace_are_counted(at_work: Live) -> None:
    at_work.answer_with(in_turn(calls("bash", command="true"), says("Fixed."), says("Known.")))
    at_work.ask("data-platform", "the import fails")
    at_work.ask("general", "the export fails")
    here, everywhere = stats(at_work, "general").split("*In the whole workspace*")
    assert "sessions: 1 in 1 channel, with 1 person" in here
    assert "turns: 1 (1 answered)" in here
    assert "sessions: 2 in 2 channels, with 1 person" in everywhere
    assert "0 lost" in everywhere
    assert at_work.workspace.ephemeral("ada") == []


def test_a_private_channel_is_told_nothing(at_work: Live) -> None:
    told = stats(at_work, "salaries")
    assert "I work in public channels only" in told
    assert "sessions" not in told
