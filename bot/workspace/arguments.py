"""The arguments of a Web API call, whichever way they were sent."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

from bot.workspace.errors import SlackError
from bot.workspace.wire import Json

_TRUE = ("1", "true", "True", True, 1)


def parse(body: bytes, content_type: str) -> Json:
    """A JSON or a form-encoded body. Raises SlackError `invalid_json`."""
    if not content_type.startswith("application/json"):
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    try:
        parsed = json.loads(body or b"{}")
    except ValueError:
        raise SlackError("invalid_json") from None
    if not isinstance(parsed, dict):
        raise SlackError("json_not_object")
    return parsed


class Arguments:
    """Typed access; an argument of the wrong form is refused with `invalid_arguments`."""

    def __init__(self, values: Json) -> None:
        self.values = values

    def text(self, name: str, default: str = "") -> str:
        """A string, or the default."""
        value = self.values.get(name)
        return default if value is None else str(value)

    def given(self, name: str, error: str = "invalid_arguments") -> str:
        """A string that must be there."""
        value = self.text(name)
        if not value:
            message = f"[ERROR] missing required field: {name}"
            raise SlackError(error, response_metadata={"messages": [message]})
        return value

    def flag(self, name: str) -> bool:
        """A truth value, absent means false."""
        return self.values.get(name) in _TRUE

    def number(self, name: str, default: int) -> int:
        """A whole number, or the default."""
        value = self.text(name)
        if not value:
            return default
        if not value.isdigit():
            raise SlackError("invalid_arguments")
        return int(value)

    def value(self, name: str) -> object:
        """A JSON value; form-encoded bodies carry it as text. None when absent or empty."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            parsed: object = json.loads(value)
        except ValueError:
            raise SlackError("invalid_arguments") from None
        return parsed
