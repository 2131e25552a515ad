"""The settings: read once from the environment, and everything that is wrong with them said at once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.settings import Settings, SettingsProblem, read_settings

SECRETS = {
    "SLACK_BOT_TOKEN": "xoxb-secret-bot",
    "SLACK_APP_TOKEN": "xapp-secret-app",
    "SLACK_SIGNING_SECRET": "secret-signing",
    "ANTHROPIC_API_KEY": "sk-secret-key",
    "DATABASE_URL": "postgresql://oxbow:secret-password@db/oxbow",
}
NAMES = {*SECRETS, *(name.upper() for name in Settings.model_fields)}


@contextmanager
def environment(**variables: str) -> Iterator[None]:
    """The process's environment, with these settings and no other."""
    before = {name: os.environ.pop(name) for name in NAMES if name in os.environ}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            del os.environ[name]
        os.environ.update(before)


def read(**variables: str) -> Settings:
    with environment(**variables):
        return read_settings()


def problem(**variables: str) -> list[str]:
    """What is said of wrong settings, line by line."""
    with environment(**variables), pytest.raises(SettingsProblem) as raised:
        read_settings()
    return str(raised.value).splitlines()


def test_a_model_that_distils_needs_a_key() -> None:
    assert problem(OXBOW_DISTIL_MODEL="claude-haiku-5-5") == [
        "OXBOW_DISTIL_MODEL: needs company: set ANTHROPIC_API_KEY, or leave it out"
    ]
    named = read(OXBOW_DISTIL_MODEL="claude-haiku-5-5", ANTHROPIC_API_KEY="sk-secret-key")
    assert named.oxbow_distil_model == "claude-haiku-5-5"


def test_without_any_setting_the_local_workspace_takes_slacks_place() -> None:
    settings = read()
    assert (settings.local, settings.http) == (True, False)
    assert (settings.oxbow_embedder, settings.oxbow_sandbox) == ("minilm", "auto")


@pytest.mark.parametrize(
    ("variables", "local", "http"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}, False, False),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s", "PORT": "3000"}, False, True),
        (
            {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_SIGNING_SECRET": "s"},
            False,
            False,
        ),
        ({"PORT": "0"}, True, False),
        ({"SLACK_BOT_TOKEN": "", "SLACK_APP_TOKEN": ""}, True, False),
    ],
    ids=["Socket Mode", "HTTP", "both: Socket Mode", "any port for the page", "empty is not set"],
)
def test_how_slack_is_heard(variables: dict[str, str], *, local: bool, http: bool) -> None:
    settings = read(**variables)
    assert (settings.local, settings.http) == (local, http)


ALONE = (
    "SLACK_BOT_TOKEN: needs company: SLACK_APP_TOKEN (xapp-…) for Socket Mode, or SLACK_SIGNING_SECRET and "
    "PORT for HTTP"
)
MISSING = "SLACK_BOT_TOKEN: is missing: copy it from the app's page OAuth & Permissions (xoxb-…)"


TOKEN_KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
SEVERAL = {
    "SLACK_CLIENT_ID": "1.2",
    "SLACK_CLIENT_SECRET": "client-secret",
    "SLACK_SIGNING_SECRET": "signing-secret",
    "PORT": "3000",
    "OXBOW_TOKEN_KEY": f"{TOKEN_KEY},{TOKEN_KEY}",
    "OXBOW_TEAMS": "T1, T2",
}


def test_several_workspaces_are_served_with_everything_that_this_needs() -> None:
    settings = read(**SEVERAL)
    assert (settings.oauth, settings.local, settings.oxbow_teams) == (True, False, ("T1", "T2"))
    assert {"client-secret", "signing-secret", TOKEN_KEY} <= set(settings.secrets)


@pytest.mark.parametrize("missing", sorted({*SEVERAL} - {"SLACK_CLIENT_ID"}))
def test_of_what_several_workspaces_need_the_missing_part_is_named(missing: str) -> None:
    [said] = problem(**{name: value for name, value in SEVERAL.items() if name != missing})
    assert said.startswith(f"SLACK_BOT_TOKEN: is not set, but SLACK_CLIENT_ID is: that needs {missing} ")


def test_a_token_of_one_workspace_has_no_place_beside_several() -> None:
    [said] = problem(**SEVERAL, SLACK_BOT_TOKEN="xoxb-1")
    assert "no place beside SLACK_CLIENT_ID" in said


@pytest.mark.parametrize("key", ["secret", ",", f"{TOKEN_KEY},secret"])
def test_a_key_that_seals_nothing_is_refused_and_not_repeated(key: str) -> None:
    [said] = problem(OXBOW_TOKEN_KEY=key)
    assert said.startswith("OXBOW_TOKEN_KEY: is no Fernet key: 32 bytes in URL-safe base64")
    assert "secret" not in said


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"SLACK_APP_TOKEN": "xapp-1"}, MISSING),
        ({"SLACK_SIGNING_SECRET": "s", "PORT": "3000"}, MISSING),
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, ALONE),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "PORT": "3000"}, ALONE),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s"}, ALONE),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s", "PORT": "0"}, ALONE),
        ({"PORT": "70000"}, "PORT: Input should be less than or equal to 65535"),
        (
            {"PORT": "http"},
            "PORT: Input should be a valid integer, unable to parse string as an integer",
        ),
        (
            {"OXBOW_SANDBOX": "podman"},
            "OXBOW_SANDBOX: 'podman' is not known; choose one of "
            "auto, local, docker, kubernetes, e2b, unisolated",
        ),
        ({"OXBOW_EMBEDDER": "gpt"}, "OXBOW_EMBEDDER: 'gpt' is not known; choose one of minilm, hashing"),
        ({"SLACK_API_URL": "slack.com/api"}, "SLACK_API_URL: 'slack.com/api' is no http address"),
        ({"ANTHROPIC_BASE_URL": "ftp://a"}, "ANTHROPIC_BASE_URL: 'ftp://a' is no http address"),
        (
            {"OXBOW_REPOSITORIES": "git@github.com:a/b.git"},
            "OXBOW_REPOSITORIES: 'git@github.com:a/b.git' is no address that can be read; use file:// or "
            "https://",
        ),
        ({"OXBOW_REPOSITORIES": "file:///nowhere"}, "OXBOW_REPOSITORIES: there is no repository at /nowhere"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_a_wrong_setting_is_named_with_the_way_out(variables: dict[str, str], said: str) -> None:
    assert problem(**variables) == [said]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    said = problem(
        SLACK_APP_TOKEN="xapp-1",
        PORT="70000",
        OXBOW_SANDBOX="podman",
        OXBOW_EMBEDDER="gpt",
        OXBOW_REPOSITORIES="[1",
    )
    assert [line.split(":")[0] for line in said] == [
        "PORT",
        "SLACK_BOT_TOKEN",
        "OXBOW_EMBEDDER",
        "OXBOW_SANDBOX",
        "OXBOW_REPOSITORIES",
    ]


# Repositories


@pytest.mark.parametrize(
    ("given", "read_as"),
    [
        ("", ()),
        ("https://a.example/x", ("https://a.example/x",)),
        (" https://a.example/x , https://a.example/y,", ("https://a.example/x", "https://a.example/y")),
        (
            '["https://a.example/x,1", "https://a.example/y"]',
            ("https://a.example/x,1", "https://a.example/y"),
        ),
        ("[]", ()),
    ],
)
def test_repositories_are_a_json_list_or_stand_between_commas(given: str, read_as: tuple[str, ...]) -> None:
    assert read(OXBOW_REPOSITORIES=given).oxbow_repositories == read_as


def test_a_repository_of_this_machine_must_be_there(tmp_path: Path) -> None:
    assert read(OXBOW_REPOSITORIES=tmp_path.as_uri()).oxbow_repositories == (tmp_path.as_uri(),)


def test_a_list_that_is_none_is_said_to_be_none() -> None:
    assert "is not a JSON list" in problem(OXBOW_REPOSITORIES='["https://a.example')[0]


@pytest.mark.parametrize(
    "address",
    [
        "https://ada:hunter2@a.example/x",
        "https://hunter2@a.example/x",
        "ssh://ada:hunter2@a.example/x",
    ],
)
def test_a_credential_in_an_address_is_refused_and_not_repeated(address: str) -> None:
    said = problem(OXBOW_REPOSITORIES=address)
    assert said == ["OXBOW_REPOSITORIES: the address at a.example holds a credential; take it out"]


# GitHub

KEY = "-----BEGIN RSA PRIVATE KEY-----\nsecret-key\n-----END RSA PRIVATE KEY-----"


def test_a_github_app_is_a_number_and_a_key() -> None:
    app = read(GITHUB_APP_ID="4711", GITHUB_APP_PRIVATE_KEY=KEY)
    assert app.github_app_private_key is not None
    assert (app.github_app_id, app.github_app_private_key.get_secret_value()) == ("4711", KEY)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"GITHUB_APP_ID": "4711"}, "needs company"),
        ({"GITHUB_APP_PRIVATE_KEY": KEY}, "needs company"),
        ({"GITHUB_APP_ID": "4711", "GITHUB_APP_PRIVATE_KEY": "key.pem"}, "is no private key"),
    ],
)
def test_half_of_a_github_app_is_a_mistake(given: dict[str, str], says: str) -> None:
    [line] = problem(**given)
    assert line.startswith("GITHUB_APP_PRIVATE_KEY: ")
    assert says in line
    assert "secret-" not in line


# Secrets


def test_secrets_do_not_show() -> None:
    settings = read(**SECRETS)
    for shown in (str(settings), repr(settings), settings.model_dump_json(), str(settings.model_dump())):
        assert "secret-" not in shown
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == SECRETS["DATABASE_URL"]


def test_secrets_do_not_show_in_errors() -> None:
    wrong = SECRETS | {"PORT": "http", "SLACK_APP_TOKEN": "", "OXBOW_SANDBOX": "podman"}
    assert not [line for line in problem(**wrong) if "secret-" in line]
    with environment(**wrong), pytest.raises(ValidationError) as raised:
        Settings()
    assert "secret-" not in str(raised.value)


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        read().port = 1


def test_the_address_of_the_web_api_ends_with_a_slash() -> None:
    assert read(SLACK_API_URL="http://127.0.0.1:1/api").slack_api_url == "http://127.0.0.1:1/api/"


def test_patterns_of_secrets_are_a_json_list() -> None:
    settings = read(OXBOW_SECRET_PATTERNS=r'["ACME-\\d{6}", "x,y"]')
    assert settings.oxbow_secret_patterns == (r"ACME-\d{6}", "x,y")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("ACME-[0-9]+", "OXBOW_SECRET_PATTERNS: is not a JSON list"),
        ('["(ACME"]', "OXBOW_SECRET_PATTERNS: '(ACME' is no regular expression"),
        ('["x*"]', "OXBOW_SECRET_PATTERNS: 'x*' matches the empty text"),
    ],
)
def test_a_pattern_that_will_not_do_is_named(value: str, said: str) -> None:
    [line] = problem(OXBOW_SECRET_PATTERNS=value)
    assert line.startswith(said)


def test_every_secret_of_the_settings_is_known_to_be_one() -> None:
    known = read(**SECRETS).secrets
    assert {*SECRETS.values(), "secret-password"} == set(known)


def test_routing_words_belong_to_a_repository_of_the_list() -> None:
    given = {"OXBOW_REPOSITORIES": "https://a.example/ada/cart", "OXBOW_ROUTING": "cart: basket"}
    assert [it.words for it in read(**given).repositories] == [("basket",)]
    [said] = problem(**{**given, "OXBOW_ROUTING": "orders: csv"})
    assert said.startswith("OXBOW_ROUTING: 'orders' is no name of OXBOW_REPOSITORIES")
