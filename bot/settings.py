"""The settings: read once from the environment, checked all at once, frozen, passed down."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.brain.budget import Budget
from bot.brain.policy import Unlinked, read_rules
from bot.forge.lists import read_lists
from bot.forge.repository import Repository, repositories
from bot.model.capabilities import DEFAULT_MODEL
from memory.embedding.embedder import EMBEDDERS
from sandbox.choose import CHOICES, DEFAULT_IMAGE, DEFAULT_NAMESPACE, DEFAULT_TEMPLATE
from sandbox.egress_policy import EgressPolicy, parse_policies

REPOSITORY_SCHEMES = ("file", "https")


class SettingsProblem(Exception):
    """Settings are missing or wrong; the text names each one and the way out."""


class Settings(BaseSettings):
    """Everything the process takes from its environment. Secrets do not show in text or tracebacks."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, populate_by_name=True, hide_input_in_errors=True
    )

    port: int | None = Field(default=None, ge=0, le=65535)
    """Of the HTTP server, or of the local workspace's page."""
    slack_app_token: SecretStr | None = None
    """With the bot token: Socket Mode."""
    slack_signing_secret: SecretStr | None = None
    """With the bot token and `port`: HTTP at /slack/events."""
    slack_client_id: str | None = None
    """With the next three, the signing secret and `port`: several workspaces install the app by OAuth."""
    slack_client_secret: SecretStr | None = None
    oxbow_token_key: SecretStr | None = None
    """Fernet keys between commas; the first seals the workspaces' tokens, any opens them."""
    oxbow_teams: Annotated[tuple[str, ...], NoDecode] = ()
    """The workspaces that may install it."""
    slack_bot_token: SecretStr | None = Field(default=None, validate_default=True)
    """Without it the local workspace takes Slack's place. Its check looks at the fields above."""
    slack_api_url: str = "https://slack.com/api/"

    anthropic_api_key: SecretStr | None = None
    anthropic_base_url: str | None = None
    oxbow_model: str = DEFAULT_MODEL
    oxbow_distil_model: str | None = None
    """Of the same provider: reads what finished turns taught. None: rules alone do."""

    database_url: SecretStr | None = None
    oxbow_data_dir: Path = Path("data")
    oxbow_embedder: str = "minilm"
    oxbow_sandbox: str = "auto"
    oxbow_sandbox_image: str = DEFAULT_IMAGE
    """Of the containers: has bash, Git and Python 3.11 or newer, and whatever the repositories need."""
    oxbow_sandbox_namespace: str = DEFAULT_NAMESPACE
    """Of the pods."""
    oxbow_sandbox_template: str = DEFAULT_TEMPLATE
    """Of the machines at E2B."""
    e2b_api_key: SecretStr | None = None
    oxbow_workspace_days: int = Field(default=7, ge=1)
    """Of rest after which a workspace is kept as a snapshot only."""
    oxbow_workspace_gib: int = Field(default=50, ge=1)
    """Of all workspaces on disk, above which those that rest for longest go first."""
    oxbow_prepared_workspaces: int = Field(default=0, ge=0)
    """For each repository, kept ready for the next threads."""
    oxbow_egress: SecretStr | None = None
    """The hosts that workspaces may reach, by repository, in the JSON of `parse_policies`."""
    oxbow_repositories: Annotated[tuple[str, ...], NoDecode] = ()
    oxbow_routing: str = ""
    """What people say when they mean one of them: `shop-cart: checkout, basket; orders: csv import`."""
    oxbow_writers: str = ""
    """Slack users who may let changes be pushed where the forge knows no accounts: `shop-cart: U1, U2`."""
    oxbow_unlinked: Unlinked | None = None
    """What holds for people whose rights are not known; None: refuse, but in the local workspace."""
    oxbow_tools: str = ""
    """What every channel's policy must at least be: `bash=ask, write=deny`."""
    oxbow_digest_channel: str | None = None
    """Name or identifier of the public channel that is told once a week what came up again."""
    oxbow_instruction_file: str | None = None
    """Path in the repositories of what agents are told, such as AGENTS.md: additions to it are proposed."""
    oxbow_session_steps: int = Field(default=Budget().steps, ge=1)
    oxbow_session_tokens: int = Field(default=Budget().tokens, ge=1)
    oxbow_session_dollars: Decimal | None = Field(default=Budget().dollars, gt=0)
    github_api_url: str = "https://api.github.com"
    github_app_id: str | None = None
    github_app_private_key: SecretStr | None = Field(default=None, validate_default=True)
    """PEM, with the app's number: repositories on that server are used as the app. Its check looks above."""
    github_client_id: str | None = None
    """Of the app: with it people link their accounts."""
    github_webhook_secret: SecretStr | None = None
    """With HTTP: what GitHub signs its webhooks with."""
    oxbow_secret_patterns: Annotated[tuple[str, ...], NoDecode] = ()
    """Regular expressions of what counts as a secret here besides what is known to be one."""

    @property
    def local(self) -> bool:
        """Whether the local workspace takes Slack's place."""
        return self.slack_bot_token is None and not self.oauth

    @property
    def oauth(self) -> bool:
        """Whether workspaces install the app themselves."""
        return self.slack_client_id is not None

    @property
    def token_keys(self) -> tuple[str, ...]:
        """What seals and opens the tokens of workspaces that installed the app."""
        return _parts(self.oxbow_token_key.get_secret_value()) if self.oxbow_token_key else ()

    @property
    def http(self) -> bool:
        """Whether Slack delivers by HTTP."""
        return not self.local and self.slack_app_token is None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret that these settings hold: none may appear in a text."""
        given = (getattr(self, name) for name in type(self).model_fields)
        whole = [value.get_secret_value() for value in given if isinstance(value, SecretStr)]
        passwords = [urlsplit(value).password for value in whole if "://" in value]
        sent = (
            secret
            for policy in self.egress.values()
            for host in policy.hosts
            for secret in host.secrets.values()
        )
        return tuple(filter(None, (*whole, *passwords, *sent, *self.token_keys)))

    @property
    def repositories(self) -> tuple[Repository, ...]:
        """What sessions may work on, with the words that mean each."""
        names = [repository.name for repository in repositories(self.oxbow_repositories)]
        return repositories(self.oxbow_repositories, read_lists(self.oxbow_routing, names))

    @property
    def writers(self) -> dict[str, tuple[str, ...]]:
        """Slack users who may let changes be pushed, by the name of a repository."""
        return read_lists(self.oxbow_writers, [repository.name for repository in self.repositories])

    @property
    def unlinked(self) -> Unlinked:
        """In the local workspace everybody is the one person at the keyboard."""
        return self.oxbow_unlinked or ("bot" if self.local else "refuse")

    @property
    def egress(self) -> dict[str, EgressPolicy]:
        """The hosts that workspaces may reach, by repository."""
        return parse_policies(self.oxbow_egress.get_secret_value()) if self.oxbow_egress else {}

    @field_validator("oxbow_egress")
    @classmethod
    def _hosts(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parse_policies(value.get_secret_value())
        return value

    @field_validator("oxbow_secret_patterns", mode="before")
    @classmethod
    def _patterns(cls, value: object) -> object:
        """A JSON list, since commas belong to regular expressions."""
        if not isinstance(value, str):
            return value
        try:
            return tuple(json.loads(value))
        except (ValueError, TypeError) as error:
            raise ValueError(f'is not a JSON list ({error}); write ["ACME-[0-9]{{6}}"]') from error

    @field_validator("oxbow_secret_patterns")
    @classmethod
    def _useful_patterns(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in value:
            try:
                found = re.compile(pattern).search("")
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
            if found:
                raise ValueError(f"{pattern!r} matches the empty text; say what it must hold")
        return value

    @field_validator("oxbow_repositories", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        """A JSON list, or addresses between commas."""
        if not isinstance(value, str):
            return value
        if value.lstrip().startswith("["):
            try:
                return tuple(json.loads(value))
            except ValueError as error:
                raise ValueError(f'is not a JSON list ({error}); write ["https://…"] or commas') from error
        return _parts(value)

    @field_validator("oxbow_teams", mode="before")
    @classmethod
    def _team_ids(cls, value: object) -> object:
        return _parts(value) if isinstance(value, str) else value

    @field_validator("oxbow_token_key")
    @classmethod
    def _keys(cls, value: SecretStr | None) -> SecretStr | None:
        """Imported here: nothing but these keys needs it."""
        if value is not None:
            from cryptography.fernet import Fernet  # noqa: PLC0415

            keys = _parts(value.get_secret_value())
            try:
                known = [Fernet(key) for key in keys]
            except ValueError:
                known = []
            if not known:
                raise ValueError("is no Fernet key: 32 bytes in URL-safe base64, or several between commas")
        return value

    @field_validator("oxbow_repositories")
    @classmethod
    def _readable(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            parts = urlsplit(address)
            if parts.password or (parts.username and parts.scheme == "https"):
                raise ValueError(f"the address at {parts.hostname} holds a credential; take it out")
            if parts.scheme not in REPOSITORY_SCHEMES:
                raise ValueError(f"{address!r} is no address that can be read; use file:// or https://")
            if parts.scheme == "file" and not Path(parts.path).is_dir():
                raise ValueError(f"there is no repository at {parts.path}")
        return value

    @field_validator("oxbow_routing", "oxbow_writers")
    @classmethod
    def _by_repository(cls, value: str, info: ValidationInfo) -> str:
        named = repositories(info.data.get("oxbow_repositories", ()))
        read_lists(value, [repository.name for repository in named])
        return value

    @field_validator("oxbow_instruction_file")
    @classmethod
    def _text_in_a_repository(cls, value: str | None) -> str | None:
        if value is not None and re.fullmatch(r"(?:[\w-][\w.-]*/)*[\w-][\w.-]*\.md", value) is None:
            raise ValueError(
                f"{value!r} is no Markdown file in a repository; write AGENTS.md or docs/agents.md"
            )
        return value

    @field_validator("oxbow_tools")
    @classmethod
    def _policy(cls, value: str) -> str:
        read_rules(value)
        return value

    @field_validator("oxbow_distil_model")
    @classmethod
    def _with_key(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("anthropic_api_key") is None:
            raise ValueError("needs company: set ANTHROPIC_API_KEY, or leave it out")
        return value

    @field_validator("oxbow_embedder")
    @classmethod
    def _known_embedder(cls, value: str) -> str:
        return _one_of(value, EMBEDDERS)

    @field_validator("oxbow_sandbox")
    @classmethod
    def _known_sandbox(cls, value: str) -> str:
        return _one_of(value, CHOICES)

    @field_validator("slack_api_url", "anthropic_base_url", "github_api_url")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is not None and urlsplit(value).scheme not in ("http", "https"):
            raise ValueError(f"{value!r} is no http address")
        return value

    @field_validator("slack_api_url")
    @classmethod
    def _ends_with_slash(cls, value: str) -> str:
        return value if value.endswith("/") else value + "/"

    @field_validator("github_app_private_key")
    @classmethod
    def _both(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        """A number without a key, or a key without a number, is a mistake."""
        number = info.data.get("github_app_id")
        if (value is None) != (number is None):
            raise ValueError("needs company: set GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY together")
        if value is not None and "PRIVATE KEY-----" not in value.get_secret_value():
            raise ValueError("is no private key: paste the file that GitHub gave (-----BEGIN …), whole")
        return value

    @field_validator("slack_bot_token")
    @classmethod
    def _complete(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        """Half of a Slack configuration is a mistake, not the local workspace."""
        app, signing, port = (
            info.data.get(name) for name in ("slack_app_token", "slack_signing_secret", "port")
        )
        if info.data.get("slack_client_id") is not None:
            _require_all(value, info)
            return None
        if value is None and (app is not None or signing is not None):
            raise ValueError("is missing: copy it from the app's page OAuth & Permissions (xoxb-…)")
        if value is not None and app is None and (signing is None or not port):
            raise ValueError(
                "needs company: SLACK_APP_TOKEN (xapp-…) for Socket Mode, or SLACK_SIGNING_SECRET and PORT "
                "for HTTP"
            )
        return value


def read_settings() -> Settings:
    """The settings of this process. Raises `SettingsProblem` with everything that is wrong, at once."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsProblem("\n".join(map(_described, error.errors(include_input=False)))) from None


def _described(problem: object) -> str:
    match problem:
        case {"loc": (str(name), *_), "msg": str(message)}:
            return f"{name.upper()}: {message.removeprefix('Value error, ')}"
        case {"msg": str(message)}:
            return message.removeprefix("Value error, ")
        case _:
            return str(problem)


def _require_all(value: SecretStr | None, info: ValidationInfo) -> None:
    """Where workspaces install the app themselves, each has its own token; the rest must be there."""
    if value is not None or info.data.get("slack_app_token") is not None:
        raise ValueError(
            "and SLACK_APP_TOKEN have no place beside SLACK_CLIENT_ID: one workspace, or several by HTTP"
        )
    needed = ("slack_client_secret", "slack_signing_secret", "port", "oxbow_token_key", "oxbow_teams")
    missing = ", ".join(name.upper() for name in needed if not info.data.get(name))
    if missing:
        raise ValueError(f"is not set, but SLACK_CLIENT_ID is: that needs {missing} as well")


def _parts(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _one_of(value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise ValueError(f"{value!r} is not known; choose one of {', '.join(choices)}")
    return value
