"""Every recording, played for real: its tests are red, become green, and a commit is made."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from threading import Event

import pytest

from bot.demo.moves import TESTS
from bot.demo.problems import PROBLEMS
from bot.demo.repositories import materialise
from bot.forge.plumbing import git
from bot.model.port import Model, ModelResponse
from bot.model.script import Problem
from bot.model.scripted import ScriptedModel
from memory.log.events import Json
from tests.contracts.model_contract import asked, calls, said, spoken

MEMORY = (
    '<recalled_solutions>\n<solution outcome="answered" finished="2026-11-01" link="https://slack.example/p1">\n'
    "<problem>KeyError: 'tz'</problem>\n<fix>UTC</fix>\n</solution>\n</recalled_solutions>"
)


class Workplace:
    """Does in a plain clone what the tools do in a sandbox."""

    def __init__(self, root: Path, problem: Problem) -> None:
        (address,) = (a for a in materialise(root / "samples") if a.endswith(f"/{problem.repository}.git"))
        git("clone", "--quiet", address, "work", cwd=root)
        self.root = root / "work"
        self.test_results: list[int] = []

    def use(self, call: Json) -> str:
        match call["name"], call["input"]:
            case "bash", {"command": str(command)}:
                return self._bash(command)
            case "view", {"path": str(path)}:
                return (self.root / path).read_text()
            case "edit", {"path": str(path), "old": str(old), "new": str(new)}:
                before = (self.root / path).read_text()
                assert before.count(old) == 1
                (self.root / path).write_text(before.replace(old, new))
                return "edited"
            case "share_file", {"path": str(path)}:
                assert "OK" in (self.root / path).read_text()
                return f"{path} is in the thread."
            case other:
                raise AssertionError(f"no such tool: {other}")

    def _bash(self, command: str) -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root.parent),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        done = subprocess.run(
            ["bash", "-c", command],
            check=False,
            cwd=self.root,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if command == TESTS:
            self.test_results.append(done.returncode)
        return done.stdout


def play(model: Model, workplace: Workplace, opening: Json) -> ModelResponse:
    """Talk to the model until it stops asking for tools."""
    messages = [opening]
    while True:
        response = model.respond(asked(*messages), on_text=lambda _: None, cancelled=Event())
        if response.stop_reason == "end_turn":
            return response
        outputs = [
            {"type": "tool_result", "tool_use_id": call["id"], "content": workplace.use(call)}
            for call in calls(response)
        ]
        messages += [spoken(response), {"role": "user", "content": outputs}]


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
@pytest.mark.parametrize("memory", ["", MEMORY], ids=["without memory", "with memory"])
def test_the_tests_go_from_red_to_green_and_the_change_is_committed(
    tmp_path: Path, problem: Problem, memory: str
) -> None:
    workplace = Workplace(tmp_path, problem)
    answer = play(ScriptedModel(PROBLEMS), workplace, said(f"{memory}\n{problem.mention}"))
    (block,) = answer.blocks
    assert workplace.test_results == [1, 0]
    assert git("rev-list", "--count", "HEAD", cwd=workplace.root).strip() == "2"
    assert f"**Commit** `{git('rev-parse', '--short', 'HEAD', cwd=workplace.root).strip()}`" in block["text"]
    assert git("status", "--porcelain", "--untracked-files=no", cwd=workplace.root) == ""
    assert ("https://slack.example/p1" in block["text"]) == bool(memory and problem.shortcut)
