"""Secrets: masked whatever they look like, and nothing else with them.

Every secret here is made up, and put together from parts, so that no scanner takes this file for a leak.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode, urlsafe_b64encode
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.secrets.mask import Masked, SecretMask
from memory.solutions.solution import Evidence, Utterance
from tests.memory.solution_makers import make_solution
from tests.support.secrets import secret_mask


def _bytes(length: int, seed: str) -> bytes:
    return b"".join(hashlib.sha256(f"{seed}{n}".encode()).digest() for n in range(length // 32 + 1))[:length]


def hexadecimal(length: int, seed: str = "h") -> str:
    return _bytes(length, seed).hex()[:length]


def letters(length: int, seed: str = "a") -> str:
    """Letters and digits that look random."""
    return b64encode(_bytes(2 * length, seed)).decode().translate(str.maketrans("", "", "+/="))[:length]


def url_safe(length: int, seed: str = "u") -> str:
    return urlsafe_b64encode(_bytes(length, seed)).decode()[:length]


def digits(length: int) -> str:
    return str(int(hexadecimal(length), 16))[:length]


def upper(length: int) -> str:
    return letters(length, "upper").upper().translate(str.maketrans("0189", "ABCD"))


def key_lines(count: int, width: int = 64) -> str:
    return "\n".join(b64encode(_bytes(width, f"line{n}")).decode()[:width] for n in range(count))


_JWT_HEAD = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"

SECRETS: dict[str, tuple[str, str]] = {
    "Slack bot token": ("use {} for it", f"xoxb-{digits(12)}-{digits(13)}-{letters(24)}"),
    "Slack user token": ("use {} for it", f"xoxp-{digits(12)}-{digits(12)}-{digits(12)}-{hexadecimal(32)}"),
    "Slack app token": ("use {} for it", f"xapp-1-A{upper(10)}-{digits(13)}-{hexadecimal(64)}"),
    "Slack configuration token": ("{}", f"xoxe.xoxp-1-{letters(166)}"),
    "Slack webhook": (
        "post to {} then",
        f"https://hooks.slack.com/services/T{upper(8)}/B{upper(10)}/{letters(24)}",
    ),
    "GitHub personal token": ("git clone with {}", "ghp" + "_" + letters(36)),
    "GitHub OAuth token": ("({})", "gho" + "_" + letters(36)),
    "GitHub app token": ('"{}"', "ghs" + "_" + letters(36)),
    "GitHub fine-grained token": ("`{}`", "github" + f"_pat_{letters(22)}_{letters(59)}"),
    "GitLab token": ("{} works", "gl" + f"pat-{letters(20)}"),
    "AWS key id": ("aws configure: {}", "AKIA" + upper(16)),
    "AWS secret key": ("aws_secret_access_key = {}", b64encode(_bytes(30, "aws")).decode()),
    "AWS session key in the environment": (
        "export AWS_SECRET_ACCESS_KEY={}",
        b64encode(_bytes(30, "aws2")).decode(),
    ),
    "Anthropic key": ("my key {}, keep it", "sk-" + f"ant-api03-{url_safe(93)}AA"),
    "OpenAI project key": ("{}", "sk-" + f"proj-{letters(74)}T3Blbk" + f"FJ{letters(74, 'b')}"),
    "OpenAI key": ("{}", "sk-" + f"{letters(20)}T3Blbk" + f"FJ{letters(20, 'b')}"),
    "Google API key": ("?key={}", "AI" + f"za{letters(35)}"),
    "Google access token": ("{}", "ya" + f"29.{url_safe(120)}"),
    "Google client secret": ("{}", "GOC" + f"SPX-{letters(28)}"),
    "Stripe live key": ("stripe.api_key = '{}'", "sk" + f"_live_{letters(24)}"),
    "Stripe test key": ("{}", "sk" + f"_test_{letters(24)}"),
    "Stripe restricted key": ("{}", "rk" + f"_live_{letters(24)}"),
    "webhook secret": ("{}", "wh" + f"sec_{letters(32)}"),
    "Twilio key": ("{}", "SK" + hexadecimal(32)),
    "SendGrid key": ("{}", f"SG.{letters(22)}.{letters(43, 'g')}"),
    "npm token": ("{}", "npm" + f"_{letters(36)}"),
    "npm token in a file": ("//registry.example.org/:_authToken={}", letters(36, "npm")),
    "PyPI token": ("{}", "pypi-" + f"AgEIcHlwaS5vcmc{url_safe(150)}"),
    "Docker Hub token": ("{}", "dckr" + f"_pat_{letters(27)}"),
    "Hugging Face token": (
        "{}",
        "hf" + "_" + letters(80).translate(str.maketrans("", "", "0123456789"))[:34],
    ),
    "DigitalOcean token": ("{}", "dop" + f"_v1_{hexadecimal(64)}"),
    "Shopify token": ("{}", "shp" + f"at_{hexadecimal(32)}"),
    "Linear key": ("{}", "lin" + f"_api_{letters(40)}"),
    "Notion token": ("{}", "ntn" + f"_{letters(46)}"),
    "Doppler token": ("{}", f"dp.pt.{letters(43)}"),
    "Vault token": ("{}", "hv" + f"s.{letters(90)}"),
    "Grafana token": ("{}", "gl" + f"sa_{letters(32)}_{hexadecimal(8)}"),
    "Databricks token": ("{}", "da" + f"pi{hexadecimal(32)}"),
    "Sentry token": ("{}", "sntr" + f"ys_eyJ{letters(90)}_{letters(43)}"),
    "Telegram token": ("{}", f"{digits(10)}:AA{letters(33)}"),
    "Discord token": ("{}", f"M{letters(23)}.{letters(6)}.{letters(27)}"),
    "age key": ("{}", "AGE-SECRET-" + f"KEY-1{'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L' * 2}"[:63]),
    "RSA private key": (
        "here:\n{}\nthat is all",
        f"-----BEGIN RSA PRIVATE KEY-----\n{key_lines(12)}\n-----END RSA PRIVATE KEY-----",
    ),
    "encrypted private key": (
        "{}",
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-EDE3-CBC,"
        f"{hexadecimal(16)}\n\n{key_lines(9)}\n-----END RSA PRIVATE KEY-----",
    ),
    "OpenSSH private key": (
        "{}",
        f"-----BEGIN OPENSSH PRIVATE KEY-----\n{key_lines(6, 70)}\n-----END OPENSSH PRIVATE KEY-----",
    ),
    "private key in one line": (
        '{{"key": "{}"}}',
        f"-----BEGIN PRIVATE KEY-----\\n{key_lines(4)}\\n-----END PRIVATE KEY-----\\n".replace("\n", "\\n"),
    ),
    "private key cut off": ("{}", f"-----BEGIN EC PRIVATE KEY-----\n{key_lines(3)}"),
    "JSON web token": ("cookie {};", f"{_JWT_HEAD}.eyJzdWIiOiIxMjM0NTY3ODkwIn0.{letters(43)}"),
    "password of a database address": ("postgres://app:{}@db.internal:5432/orders", letters(14)),
    "password of a cache address": ("redis://:{}@cache:6379/0", letters(20)),
    "password of a Git address": ("https://deploy:{}@git.example.com/x.git", letters(16)),
    "password with an at sign in an address": ("amqp://mq:{}@rabbit:5672//", "p@ss:w0rd"),
    "bearer header": ("Authorization: Bearer {}", letters(40)),
    "bearer header in curl": ("curl -H 'Authorization: Bearer {}' https://api.example.com", letters(40)),
    "basic header": ("Authorization: Basic {}", b64encode(b"ada:correct horse battery").decode()),
    "key header": ("x-api-key: {}", letters(32)),
    "user and password of curl": ("curl -u {} https://x.example.com", f"admin:{letters(14)}"),
    "key in an environment": ("API_KEY={}", letters(32)),
    "key in JSON": ('{{"client_secret": "{}"}}', letters(32)),
    "key in escaped JSON": ('"{{\\"api_key\\": \\"{}\\"}}"', letters(32)),
    "key in a Python call": ('Client(api_key="{}", timeout=3)', letters(32)),
    "key in a mapping": ('headers["X-Auth-Token"] = "{}"', letters(32)),
    "key of an address": ("https://api.example.com/v1?access_token={}&page=2", letters(32)),
    "hexadecimal token in YAML": ("  token: {}", hexadecimal(40)),
    "UUID that is a key": ("HEROKU_API_KEY={}", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"),
    "password in an environment": ("export DB_PASSWORD='{}'", "kT7#9x!pq"),
    "password with a dollar sign": ("password: {}", "Pa55$word"),
    "key of letters alone": ("AUTH_TOKEN={}", "PtYoAFEMofmLYYlJvDIA"),
    "key with a word in it": ("API_KEY={}", f"{letters(11)}int{letters(10, 'c')}str{letters(9, 'd')}none7"),
    "password in a sentence": ("the root password is {}.", "Tr0ub4dor&3"),
    "password of an option": ("mysqladmin --password={} status", "hunter2hunter2"),
    "password of a connection string": ("Server=db;User Id=sa;Password={};", "Pa55w.rd!"),
    "password of psql": ("PGPASSWORD={} psql -h db", letters(11)),
    "password of netrc": ("machine git.example.com login ada password {}", letters(12)),
    "Azure storage key": ("AccountName=x;AccountKey={}", b64encode(_bytes(64, "az")).decode()),
    "Azure signature": ("https://x.blob.core.windows.net/c?sp=r&sig={}", letters(43) + "%3D"),
    "AWS signature": ("https://b.s3.amazonaws.com/k?X-Amz-Signature={}", hexadecimal(64)),
    "Django key": ("SECRET_KEY = '{}'", f"django-insecure-{letters(50)}"),
}
"""A name, the words around it, and the secret."""

INNOCENTS = (
    f"commit {hexadecimal(40, 'innocent')}",
    "[main 4f2a9c1] Read the zone from the row",
    f"git checkout {hexadecimal(40, 'innocent')} -- orders/rows.py",
    f"sha256:{hexadecimal(64, 'innocent')}",
    f"docker pull ghcr.io/acme/app@sha256:{hexadecimal(64, 'innocent')}",
    f"pip install torch==2.4.0+cpu --hash=sha256:{hexadecimal(64, 'innocent')}",
    f"integrity sha512-{b64encode(_bytes(64, 'npm')).decode()}",
    "id 3f2504e0-4f89-41d3-9a0c-0305e82c3301 not found",
    "request_id=3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    f"trace_id={hexadecimal(32, 'innocent')} span_id={hexadecimal(16, 'innocent')}",
    f"traceparent: 00-{hexadecimal(32, 'innocent')}-{hexadecimal(16, 'innocent')}-01",
    f'etag: W/"{hexadecimal(16, "innocent")}"',
    f"E   AssertionError: assert '{hexadecimal(32, 'innocent')}' == '{hexadecimal(32, 'other')}'",
    "at com.acme.Orders$$EnhancerBySpringCGLIB$$1f0c9a2b.load(<generated>)",
    '  File "/usr/lib/python3.11/site-packages/sqlalchemy/engine/base.py", line 1969, in _exec',
    "thread 'main' panicked at 'index out of bounds', /rustc/9fc6b43126469e3858e2fe86cafb4f0fd5068869",
    "0x00007f8b2c003d60 in malloc () from /lib64/libc.so.6",
    f"data:image/png;base64,{b64encode(_bytes(200, 'png')).decode()}",
    f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{letters(43, 'innocent')} ada@laptop",
    f"-----BEGIN CERTIFICATE-----\n{key_lines(8)}\n-----END CERTIFICATE-----",
    f"-----BEGIN PUBLIC KEY-----\n{key_lines(2)}\n-----END PUBLIC KEY-----",
    "KeyError: 'token'",
    "token = token.strip()",
    "token = response.json()['token']",
    "self._token = other.token2",
    "token: str | None = None",
    "api_key: SecretStr",
    "password = getpass.getpass()",
    "password = read_password1(",
    "password: str = Field(min_length=12)",
    "api_key=os.environ['API_KEY']",
    "API_KEY=<your key>",
    "API_KEY=xxxxxxxxxxxxxxxx",
    "API_KEY=test",
    "token: SessionTokenProviderFactory",
    "secret = HTTPSConnectionPoolAdapter",
    "password=DATABASE_ROOT_PASSPHRASE",
    "password=********",
    "password: [redacted]",
    "secret: ${SECRET}",
    "Authorization: Bearer $TOKEN",
    "Authorization header is missing",
    "postgres://localhost/orders",
    "postgres://$USER:$PASS@localhost/orders",
    "postgres://user@host/orders",
    "http://localhost:8080/x@y",
    "the password is wrong",
    "your password is too short, it must have at least 12 characters",
    "the token is expired since 2024-05-01T10:00:00Z",
    "token: 2024-05-01T10:00:00Z",
    "max_tokens=4096 token_count: 123456789",
    "next_page_token=CAUQAA1b2c3d4e5f6g7h8",
    "csrf_token: 8f14e45fceea167a5a36dedd4bea2543",
    "AWS_REGION=eu-west-1",
    "SECRET_NAME=prod/orders/db2",
    "secret: arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders-AbCdEf",
    "secret: /run/secrets/db_password_2",
    "token: vault/data/orders2/token",
    "secret_file: ./conf/key1.pem",
    "password_hash = bcrypt.hashpw(pw, salt)",
    "primary_key=True, sort_key='created_at_2'",
    "cache_key = sha256(body).hexdigest()",
    "def test_password_reset_token_is_single_use_2(self):",
    "docker run -u 1000:1000 image",
    "channel C024BE91L user U012AB3CD team T0123ABCD ts 1512085950.000216",
    "tokenizer: cl100k_base",
    "secrets manager, token bucket, key=lambda pair: pair[1]",
    "lodash@4.17.21: https://registry.example.com/lodash/-/lodash-4.17.21.tgz#679591c564c3bffaae8454cf0b3df370c3d6911c",
    "SMTP AUTH failed: 535 5.7.8 Username and Password not accepted",
    "git@github.com:acme/orders.git",
    "mailto:ada@example.com?subject=password1",
)


@pytest.fixture(scope="module")
def secrets() -> SecretMask:
    return secret_mask()


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_masked_and_the_words_around_it_stay(secrets: SecretMask, name: str) -> None:
    words, secret = SECRETS[name]
    text = words.format(secret)
    before, after = words.replace("{{", "{").replace("}}", "}").split("{}")
    masked = secrets.mask(text)
    assert secret not in masked.text
    assert longest_shared(secret, masked.text) < 12
    assert masked.text.startswith(before)
    assert masked.text.endswith(after)
    assert len(masked.kinds) == 1


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_masked_amid_a_long_output(secrets: SecretMask, name: str) -> None:
    words, secret = SECRETS[name]
    noise = "\n".join(INNOCENTS)
    assert secret not in secrets.text(f"{noise}\n{words.format(secret)}\n{noise}")


@pytest.mark.parametrize("text", INNOCENTS)
def test_what_is_no_secret_stays_as_it_is(secrets: SecretMask, text: str) -> None:
    assert secrets.mask(text) == Masked(text=text, kinds=())


def test_masking_twice_is_masking_once(secrets: SecretMask) -> None:
    everything = "\n".join(words.format(secret) for words, secret in SECRETS.values())
    once = secrets.mask(everything)
    assert secrets.mask(once.text) == Masked(text=once.text, kinds=())


def test_the_mask_says_what_it_hides(secrets: SecretMask) -> None:
    token = "ghp" + "_" + letters(36)
    assert secrets.mask(f"push with {token}!") == Masked(
        text="push with [masked GitHub token]!", kinds=("GitHub token",)
    )


def test_each_place_of_a_secret_is_masked_and_counted(secrets: SecretMask) -> None:
    token = "ghp" + "_" + letters(36)
    assert secrets.mask(f"{token} and again {token}").kinds == ("GitHub token", "GitHub token")


def test_patterns_of_the_workspace_are_masked_too() -> None:
    own = SecretMask(patterns=[r"ACME-\d{6}"])
    assert own.mask("badge ACME-123456, room 4").text == "badge [masked pattern of this workspace], room 4"


def test_secrets_of_the_process_itself_are_masked_whatever_they_look_like() -> None:
    own = SecretMask(known=["entirely ordinary words", "short"])
    masked = own.mask("these entirely ordinary words are short")
    assert masked.text == "these [masked secret of this bot] are short"


def test_every_text_of_a_solution_is_masked(secrets: SecretMask) -> None:
    token = "ghp" + "_" + letters(36)
    told = replace(
        make_solution(f"p {token}", fix=f"f {token}"),
        symptoms=(f"s {token}",),
        evidence=(Evidence(command=f"c {token}", exit_code=0),),
        conversation=(Utterance(author="Ada", text=f"u {token}"),),
    )
    assert token in str(told)
    assert token not in str(secrets.solution(told))


@given(st.text(), st.text())
def test_any_text_can_be_masked_and_loses_nothing_else(before: str, after: str) -> None:
    token = "ghp" + "_" + letters(36)
    masked = secret_mask().text(f"{before} {token} {after}")
    assert token not in masked


def longest_shared(secret: str, text: str) -> int:
    """The length of the longest beginning, middle or end of the secret that the text still holds."""
    for length in range(len(secret), 0, -1):
        if any(secret[at : at + length] in text for at in range(len(secret) - length + 1)):
            return length
    return 0
