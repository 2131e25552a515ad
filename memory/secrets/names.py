"""Secrets that are known by the name they are given to: `DB_PASSWORD=…`, `"client_secret": "…"`. Pure.

A name that promises a secret is not enough, since code is full of `token = response.token`: the value must
look like one that a machine or a careful person made up.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

from memory.secrets.shapes import Spot

PASSWORD_LENGTH, KEY_LENGTH = 6, 14
"""Characters. People choose short passwords; whatever issues keys makes them longer."""

KEY_ENTROPY = 2.4
"""Bits a character. 16 random hexadecimal digits hardly ever have less; `1111222233334444` has 2."""

LONGEST_HUMP = 3.5
"""Characters between two changes of case, on average; `SessionTokenProvider` has 6, random letters 2.7."""

_CHOSEN = r"passw(?:or)?d|passwd|pwd|passphrase|passcode"
_ISSUED = (
    r"secret(?:[_-]?(?:access)?[_-]?key)?|token|(?:api|access|account|auth|encryption|license|master|"
    r"private|service|shared[_-]?access|signing|storage)[_-]?key|credentials?|_auth|bearer"
)
_VALUE = r"(?:[^\s\"'`,;<>(){}\[\]|\\&]|&(?![\w.-]+=))*[^\s\"'`,;<>(){}\[\]|\\&.:?]"
"""Up to what ends a value in any language, the next part of an address, or the sentence."""

_ASSIGNED = re.compile(
    rf"(?P<name>(?P<password>{_CHOSEN})|{_ISSUED})(?:_?\d)?"
    r"(?P<sign>(?:\\?[\"'`])?\]?\s{0,4}(?::=|=>|[:=])\s{0,4}|\s+is\s+|[\"']\s*,\s*(?=[\"']))"
    rf"(?P<quote>\\?[\"'`]?)(?P<value>{_VALUE})(?P<after>[(\[{{<]?)",
    re.IGNORECASE,
)
_OPTION = re.compile(
    rf"--(?P<name>[\w-]*(?:(?P<password>{_CHOSEN})|{_ISSUED}))[ =](?P<quote>[\"']?)"
    rf"(?P<value>{_VALUE})(?P<after>[(\[{{<]?)",
    re.IGNORECASE,
)
_AUTHORISED = re.compile(
    r"\b(?:authorization[\"']?\s*[:=]\s*[\"']?(?:bearer|basic|token|digest|apikey)|bearer)\s+"
    r"(?P<value>[\w.~+/=-]{16,})",
    re.IGNORECASE,
)
_LOGIN = re.compile(r"\blogin\s+\S+\s+password\s+(?P<value>[^\s\[]\S{5,})")
_ADDRESS = re.compile(
    r"[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"'<>]{0,100}:(?P<value>[^\s/\"'<>]{3,200})@(?=[\w\[])",
    re.IGNORECASE,
)

_NOT_SECRET_NAME = re.compile(
    r"(?:next|page|continuation|sync|csrf|xsrf|cancel|cancellation|idempotency|pagination|public|max|num|eos|"
    r"bos|pad|unk|stop)[_-]?\Z",
    re.IGNORECASE,
)
"""Before a name: tokens that open nothing, and those that language models count."""

_PLACEHOLDER = re.compile(
    r"\A(?:\$[A-Za-z_]\w*\Z|\$\(|%\(|%[A-Z_]+%\Z|your|insert|replace|my[_-]|env[.:]|sha\d+[:-]|arn:|(?:todo|none|null|true|false|undefined)\Z)"
    r"|\$\{|\*{3}|x{4}|\.{3}|…|example|change[_-]?me|dummy|placeholder|redacted|masked",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\Z"
    r"|(?=.*(?:pass|secret|token|key|cred|value|default|conf|param|arg|env|str|int|char|bytes))"
    r"[A-Za-z]+(?:[_.-][A-Za-z]+)*_?\d{0,3}\Z",
    re.IGNORECASE,
)
"""Names in a program: an attribute's path, or a variable or a type that says what it holds."""

_PLACE = re.compile(
    r"(?:https?|file|s3|gs|vault)://|[~.]{0,2}/?[a-z0-9_.@-]*(?:/[a-z0-9_.@-]+)+\Z|[\w.-]+:\d+\Z"
)
"""Where something is kept: an address, a path in lower case, a host with its port."""

_HUMPS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)
_TIME = re.compile(r"\d{4}-\d\d-\d\d")


def spots_by_name(text: str) -> Iterator[Spot]:
    """Every value that its name or its place calls a secret and that looks like one."""
    for pattern in (_ASSIGNED, _OPTION):
        for match in pattern.finditer(text):
            if _named_a_secret(text, match) and _looks_made_up(match):
                yield _spot(match, "password" if match["password"] else "secret")
    for pattern, kind in ((_AUTHORISED, "credential of a request"), (_LOGIN, "password")):
        for match in pattern.finditer(text):
            if _varied(match["value"]) and not _PLACEHOLDER.match(match["value"]):
                yield _spot(match, kind)
    for match in _ADDRESS.finditer(text):
        if not _PLACEHOLDER.match(match["value"]) and not match["value"].isdigit():
            yield _spot(match, "password in an address")


def _spot(match: re.Match[str], kind: str) -> Spot:
    return Spot(start=match.start("value"), end=match.end("value"), kind=kind)


def _named_a_secret(text: str, match: re.Match[str]) -> bool:
    return _NOT_SECRET_NAME.search(text, max(0, match.start() - 16), match.start()) is None


def _looks_made_up(match: re.Match[str]) -> bool:
    value = match["value"]
    if match["after"] or _PLACEHOLDER.search(value) or _PLACE.match(value) or _TIME.match(value):
        return False
    if not match["quote"] and _CODE.match(value):
        return False
    if _UUID.match(value):
        return match["name"].lower() != "token"
    if match["password"]:
        return len(value) >= PASSWORD_LENGTH and _varied(value)
    return len(value) >= KEY_LENGTH and _varied(value) and _entropy(value) >= KEY_ENTROPY


def _varied(value: str) -> bool:
    """Letters beside a digit or a sign, or in wild case: no word of a language or a program has these."""
    letters = any(sign.isalpha() for sign in value)
    if letters and any(sign.isdigit() or not (sign.isalnum() or sign in "_-./:") for sign in value):
        return True
    return len(value) >= KEY_LENGTH and len(value) < LONGEST_HUMP * len(_HUMPS.findall(value))


def _entropy(value: str) -> float:
    return -sum(n / len(value) * math.log2(n / len(value)) for n in Counter(value).values())
