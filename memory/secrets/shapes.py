"""Secrets that are known by their own form. Pure.

They stand beside the rules of the detector (`memory.secrets.mask`): forms that it reports only together with
something else, such as one half of a pair of keys, and those that its rules do not hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where in a text a secret stands, in characters, and what it is in words for people."""

    start: int
    end: int
    kind: str


SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        # With its end, or as far as its lines go: half a key that was pasted is still a secret.
        (
            "private key",
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
            r"(?:(?:[^-]|-(?!----)){0,20000}-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
            r"|(?:(?:\s|\\[nr])*[A-Za-z0-9+/=]{16,})*)",
        ),
        ("Slack token", r"\bxox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,}"),
        ("Slack token", r"\bxapp-\d-[A-Za-z0-9-]{10,}"),
        ("Slack webhook", r"(?<=hooks\.slack\.com/)(?:services|workflows|triggers)/[A-Za-z0-9/_-]{20,}"),
        ("GitHub token", r"\b(?:gh[opsur]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,})"),
        ("AWS access key", r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b"),
        ("Anthropic key", r"\bsk-ant-[\w-]{20,}"),
        ("OpenAI key", r"\bsk-(?:(?:proj|svcacct|admin)-[\w-]{20,}|[A-Za-z0-9]{40,})"),
        ("Google key", r"\bAIza[\w-]{35}"),
        ("Google token", r"\bya29\.[\w-]{20,}"),
        ("Google client secret", r"\bGOCSPX-[\w-]{28}"),
        ("Stripe key", r"\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}"),
        ("webhook secret", r"\bwhsec_[A-Za-z0-9+/=]{24,}"),
        ("Sentry token", r"\bsntry[su]_[A-Za-z0-9+/=_]{40,}"),
        ("Notion token", r"\bntn_[A-Za-z0-9]{40,}"),
        ("Telegram token", r"\b\d{8,10}:AA[\w-]{33}\b"),
        ("Discord token", r"\b[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,}"),
        ("JSON web token", r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
        ("signature of an address", r"(?<=[?&]sig=)[\w%+/=-]{20,}"),
        ("signature of an address", r"(?<=X-Amz-Signature=)[0-9a-f]{64}"),
    )
)
"""What the secret is called, and a form that hardly anything else has; the whole match is the secret."""


def spots_by_shape(text: str) -> Iterator[Spot]:
    """Every place that has one of the `SHAPES`."""
    for kind, pattern in SHAPES:
        for match in pattern.finditer(text):
            yield Spot(start=match.start(), end=match.end(), kind=kind)
