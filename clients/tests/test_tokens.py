"""Which token is sent."""

from __future__ import annotations

import getpass
import time

import jwt
import pytest

from connection import Server, is_loopback
from support import Response, problem, run_client

SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def sent_token(fake, tmp_path):
    """A function that runs the client and returns the Authorization header it sent."""
    fake.respond = lambda _: Response(200, [])

    def send(*options, environment=None):
        result = run_client("--url", fake.url, *options, "get", "Widget", cwd=tmp_path, environment=environment)
        assert result.returncode == 0, result.stderr
        return fake.requests[-1].headers.get("Authorization")

    return send


def write_token_file(folder, token):
    file = folder / "data" / "keys" / "client.token"
    file.parent.mkdir(parents=True)
    file.write_text(token + "\n")


def test_without_any_token_none_is_sent(sent_token):
    assert sent_token() is None


def test_a_token_given_wins_over_the_environment_and_that_over_the_file(sent_token, tmp_path):
    write_token_file(tmp_path, "from-file")
    environment = {"NODE_ORCHESTRATOR_TOKEN": "from-environment"}
    assert sent_token("--jwt", "given", environment=environment) == "Bearer given"
    assert sent_token(environment=environment) == "Bearer from-environment"
    assert sent_token() == "Bearer from-file"


def test_a_token_wins_over_netrc(sent_token, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password something\n")
    netrc.chmod(0o600)
    assert sent_token("--jwt", "given", environment={"NETRC": str(netrc)}) == "Bearer given"


def test_a_token_is_signed_with_the_secret_for_the_user(sent_token):
    scheme, token = sent_token("--gen-jwt-secret", SECRET).split()
    claims = jwt.decode(token, SECRET, algorithms=["HS256"], audience="node-orchestrator")
    assert scheme == "Bearer"
    assert claims["sub"] == getpass.getuser()
    assert claims["iss"] == "node-orchestrator-client"
    assert claims["nbf"] == claims["iat"] <= time.time() < claims["exp"]


def test_where_a_token_is_missing_the_client_says_how_to_give_one(fake, tmp_path):
    fake.respond = lambda _: problem(401, "This needs a token.")
    result = run_client("--url", fake.url, "create", "Widget", "--data", "{}", cwd=tmp_path)
    assert (result.returncode, result.stderr.splitlines()) == (
        1,
        [
            "401 Unauthorized: This needs a token.",
            "    no token was sent: give one by --jwt or in NODE_ORCHESTRATOR_TOKEN, "
            "or go to the folder that has data/keys/client.token",
        ],
    )
    remote = Server("http://nodes.example", None, 1).token_advice()
    assert remote == "no token was sent: give one by --jwt or in NODE_ORCHESTRATOR_TOKEN"


def test_a_short_secret_is_warned_of_in_one_line(fake, tmp_path):
    fake.respond = lambda _: Response(200, [])
    result = run_client("--url", fake.url, "--gen-jwt-secret", "short", "get", "Widget", cwd=tmp_path)
    assert result.returncode == 0
    assert all(line.startswith("warning: ") for line in result.stderr.splitlines())


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://localhost:8080", True),
        ("http://LOCALHOST", True),
        ("http://127.0.0.1:8080", True),
        ("http://127.8.9.10", True),
        ("https://[::1]:8443/inventory", True),
        ("http://10.0.0.1", False),
        ("http://localhost.example.org", False),
        ("http://127.0.0.1.example.org", False),
        ("http://localhost@example.org", False),
    ],
)
def test_the_local_token_is_for_loopback_addresses_only(url, loopback):
    assert is_loopback(url) is loopback
