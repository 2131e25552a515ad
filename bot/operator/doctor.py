"""`oxbow doctor`: every part looked at at once, none waiting for another, and one line about each."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeAlias

from bot.compose import build_secrets
from bot.operator import examinations
from bot.operator.findings import Finding, document, fit, told
from bot.settings import Settings, read_settings
from bot.slack.examination import examine_slack

Look: TypeAlias = Callable[[Settings], Iterable[Finding]]

PATIENCE = 90.0
"""Seconds for all parts together: the embedder's model loads in ten on an idle machine."""

PARTS: Mapping[str, Look] = {
    "host": examinations.examine_host,
    "slack": examine_slack,
    "database": examinations.examine_database,
    "sandbox": examinations.examine_sandbox,
    "embedder": examinations.examine_embedder,
    "repositories": examinations.examine_repositories,
    "github app": examinations.examine_github,
    "authority": examinations.examine_authority,
    "model": examinations.examine_model,
    "disk": examinations.examine_disk,
}


def doctor(*, as_json: bool) -> int:
    """Print what is found. 0: fit. 1: something that people need does not work."""
    settings = read_settings()
    findings = examine(settings, PARTS, seconds=PATIENCE)
    if as_json:
        print(json.dumps(document(findings), indent=2))  # noqa: T201 - a command's answer
    else:
        print("\n".join(map(told, findings)))  # noqa: T201 - the same
    sys.stdout.flush()
    code = 0 if fit(findings) else 1
    if any(finding.seen == HANGS for finding in findings):
        # What hangs would hold the end of the process too.
        os._exit(code)
    return code


HANGS = "no answer in time"


def examine(settings: Settings, parts: Mapping[str, Look], *, seconds: float) -> list[Finding]:
    """The findings of all parts, in their order; what is not found within `seconds` is wrong."""
    secrets = build_secrets(settings)
    until = time.monotonic() + seconds
    executor = ThreadPoolExecutor(max_workers=len(parts), thread_name_prefix="doctor")
    looks = {name: executor.submit(_all_of, look, settings) for name, look in parts.items()}
    executor.shutdown(wait=False)
    found = [it for name, look in looks.items() for it in _outcome(name, look, until - time.monotonic())]
    return [
        Finding(part=it.part, status=it.status, seen=secrets.text(it.seen), advice=it.advice) for it in found
    ]


def _all_of(look: Look, settings: Settings) -> list[Finding]:
    return list(look(settings))


def _outcome(part: str, look: Future[list[Finding]], seconds: float) -> list[Finding]:
    try:
        problem = look.exception(timeout=max(seconds, 0.0))
    except TimeoutError:
        return [Finding(part=part, status="wrong", seen=HANGS, advice="look at its log, and try again")]
    if problem is not None:
        return [Finding(part=part, status="wrong", seen=str(problem) or type(problem).__name__)]
    return look.result()
