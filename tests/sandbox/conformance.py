"""`python -m tests.sandbox.conformance`: run the contract on every backend and write the table of the docs.

Each row is one test of the contract in words, each column a backend. Nothing of the page is written by hand.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]
PAGE = _ROOT / "docs/sandbox-conformance.md"
CONTRACTS = ("sandbox_contract", "workspace_contract", "process_contract")
BACKENDS = {
    "local": "TestLocalSandbox",
    "docker, on a stand-in": "TestDockerSandbox",
    "kubernetes, on a stand-in": "TestKubernetesSandbox",
    "e2b, on a stand-in": "TestE2BSandbox",
    "unisolated": "TestUnisolatedSandbox",
    "fake": "TestFakeSandbox",
}
"""Each backend and the class with its tests."""

_HEAD = """\
# Sandbox conformance

`make conformance` runs the contract of `tests/contracts` on every backend and writes this page.

*On a stand-in* means that no engine and no cluster runs where this was written, and that no account of E2B
is used: a small server in `tests/support` speaks the part of the API that is used, and its containers are
namespaces with real users, capabilities and volumes, without images, control groups and seccomp; a machine of
E2B is one of them there, and loses its memory when it pauses. With `OXBOW_TEST_DOCKER_HOST` set the same
cases run on a real engine, with `OXBOW_TEST_E2B_API_KEY` on a real account.

The escapes of `tests/contracts/escape_contract.py` mean something on `local` alone, where this project itself
isolates, and are no part of the table. What keeps a container's, a pod's or a machine's command in is the
engine: on the stand-in they test the agent, and say nothing about any engine. At every start each isolated
backend tries the escapes of its self-test on whatever it really runs on.

✓ it holds; ✗ it does not; n/a: the fake has no real processes; · it was not run.
"""


@dataclass(slots=True)
class Results:
    """A pytest plugin that keeps what became of each test of a backend's class."""

    failed: dict[tuple[str, str], bool] = field(default_factory=dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        _, kind, name = (*report.nodeid.split("::"), "", "")[:3]
        if report.skipped or not name:
            return
        case = (kind, name.partition("[")[0])
        self.failed[case] = self.failed.get(case, False) or report.failed


def cases() -> Iterator[str]:
    """The names of the contract's tests in their order."""
    for contract in CONTRACTS:
        tree = ast.parse((_ROOT / f"tests/contracts/{contract}.py").read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield node.name


def sentence(case: str) -> str:
    """A test's name as a sentence."""
    return case.removeprefix("test_").replace("_", " ")


def page(results: Results) -> str:
    """The whole page."""
    rows = [f"| case | {' | '.join(BACKENDS)} |", f"|---|{'---|' * len(BACKENDS)}"]
    for case in cases():
        marks = [_mark(results, backend, case) for backend in BACKENDS]
        rows.append(f"| {sentence(case)} | {' | '.join(marks)} |")
    return _HEAD + "\n" + "\n".join(rows) + "\n"


def _mark(results: Results, backend: str, case: str) -> str:
    failed = results.failed.get((BACKENDS[backend], case))
    if failed is None:
        return "n/a" if backend == "fake" else "·"
    return "✗" if failed else "✓"


def main() -> int:
    """Run and write; the exit code is pytest's."""
    results = Results()
    arguments = [str(_ROOT / "tests/sandbox"), "-m", "", "--ignore-glob=*/test_conformance.py"]
    code = pytest.main(arguments, plugins=[results])
    PAGE.write_text(page(results), encoding="utf-8")
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
