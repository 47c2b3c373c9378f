"""The real program and a real issuer of tokens, which changes its keys, goes away, comes back, and answers badly."""

from __future__ import annotations

import base64
import functools
import hmac
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from authority import Authority
from documentation import others
from issuer import AUDIENCE, NAME, Issuer, Key, key_set
from program import run_program
from support import TIMEOUT_SECONDS

# How often the program asks for keys because a token names one that it does not know, at most.
PAUSE_SECONDS = 5


@pytest.fixture
def start_issuer(tmp_path):
    """A function that starts an issuer with keys."""
    started = []

    def start(*keys):
        started.append(Issuer(tmp_path / f"issuer{len(started)}", *keys))
        return started[-1]

    yield start
    for issuer in started:
        issuer.go_away()


@pytest.fixture
def start(start_program):
    """A function that starts the program with the keys of an issuer."""

    def start(issuer, *arguments):
        return start_program("--jwks-url", issuer.url, "--jwt-audience", AUDIENCE, *arguments)

    return start


def answer(program, token):
    """Return what the program answers to a request that needs a token."""
    headers = {"Authorization": f"Bearer {token}"}
    return requests.delete(program.url + "/ComputeNode/none", headers=headers, timeout=TIMEOUT_SECONDS)


def is_taken(program, token):
    """Return whether a token is good."""
    status = answer(program, token).status_code
    assert status in (401, 404), status
    return status == 404


def ask_until(condition):
    """Ask until something is true, which takes no longer than the pause between two looks at the keys, and some."""
    deadline = time.monotonic() + 6 * PAUSE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def bytes_of(refusal):
    """Return all of an answer but what differs from request to request."""
    changing = ("date", "x-request-id")
    headers = [(name, value) for name, value in refusal.headers.items() if name.lower() not in changing]
    return refusal.status_code, headers, refusal.content


def signed_by_secret(token, secret):
    """Return the header and the claims of a token with another signature, of HS256, which libraries do not make of all keys."""
    text = ".".join(token.split(".")[:2])
    code = hmac.digest(secret, text.encode(), "sha256")
    return f"{text}.{base64.urlsafe_b64encode(code).decode().rstrip('=')}"


def log_until(program, token, text):
    """Ask with a token whose key is not known until the log says something."""
    ask_until(lambda: not is_taken(program, token) and program.has_logged(text))


def test_tokens_of_each_algorithm_of_another_library_are_taken(start_issuer, start):
    algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
    keys = [Key(f"{algorithm}-1", algorithm) for algorithm in algorithms]
    program = start(start_issuer(*keys))
    for key in keys:
        assert is_taken(program, key.token()), key.algorithm
    assert is_taken(program, keys[0].token(aud=["other", AUDIENCE]))
    assert is_taken(program, keys[0].token({"typ": "at+jwt"}))


def test_keys_that_the_issuer_changes_are_those_that_count(start_issuer, start):
    first, second = Key("1"), Key("2", "EdDSA")
    issuer = start_issuer(first)
    program = start(issuer)
    assert is_taken(program, first.token())
    issuer.publish(first, second)
    ask_until(lambda: is_taken(program, second.token()))
    kept = first.token()
    assert is_taken(program, kept)
    issuer.publish(second)
    stranger = Key("3").token()
    ask_until(lambda: not is_taken(program, stranger) and not is_taken(program, kept))
    assert is_taken(program, second.token())


def test_strangers_do_not_make_the_program_ask_the_issuer_often(start_issuer, start):
    issuer = start_issuer(Key("1"))
    begin = time.monotonic()
    program = start(issuer)
    tokens = [Key(str(number), "EdDSA").token() for number in range(2, 12)]
    with ThreadPoolExecutor(8) as pool:
        while time.monotonic() < begin + 2 * PAUSE_SECONDS:
            assert not any(pool.map(lambda token: is_taken(program, token), tokens))
    assert 2 <= issuer.count <= (time.monotonic() - begin) / PAUSE_SECONDS + 1


def test_keys_are_kept_while_the_issuer_is_away(start_issuer, start):
    first, second = Key("1"), Key("2")
    issuer = start_issuer(first)
    program = start(issuer)
    issuer.go_away()
    log_until(program, second.token(), "keys of tokens cannot be read")
    assert program.has_logged("Connection refused") and program.has_logged("kept=1")
    assert is_taken(program, first.token())
    issuer.publish(first, second)
    issuer.start()
    ask_until(lambda: is_taken(program, second.token()))
    assert program.has_logged("keys of tokens can be read again")


def test_keys_are_kept_no_longer_than_the_program_is_told_to(start_issuer, start):
    key = Key("1")
    issuer = start_issuer(key)
    program = start(issuer, "--jwks-keep-for", "1s")
    token = key.token()
    assert is_taken(program, token)
    issuer.go_away()
    log_until(program, Key("2").token(), "keys of tokens cannot be read")
    program.wait_for_log("keys of tokens are dropped")
    assert bytes_of(answer(program, token)) == bytes_of(answer(program, "x"))
    issuer.start()
    ask_until(lambda: is_taken(program, token))


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("wrongly", "they are not JSON"),
        ("brokenly", "the answer is 500"),
        ("hugely", "the answer is larger than 1048576 bytes"),
        ("in_a_circle", "there are more than 3 redirects"),
        ("slowly", "it takes longer than 10 s"),
    ],
)
def test_answers_that_are_no_keys_change_nothing(start_issuer, start, behaviour, reason):
    first, second = Key("1"), Key("2")
    issuer = start_issuer(first)
    program = start(issuer)
    issuer.behave(behaviour)
    log_until(program, second.token(), "keys of tokens cannot be read")
    assert program.has_logged(reason)
    assert is_taken(program, first.token())
    issuer.publish(first, second)
    issuer.behave("well")
    ask_until(lambda: is_taken(program, second.token()))


def test_requests_wait_together_and_not_long_for_a_slow_issuer(start_issuer, start):
    first, second = Key("1"), Key("2")
    issuer = start_issuer(first)
    program = start(issuer)
    issuer.behave("slowly")
    asked = issuer.count
    token = second.token()
    ask_until(lambda: not is_taken(program, token) and issuer.count > asked)
    # The first who asked has waited; while the program still waits for the issuer, nobody else does, nor asks again.
    begin = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        assert not any(pool.map(lambda _: is_taken(program, token), range(32)))
    assert is_taken(program, first.token())
    assert issuer.count == asked + 1
    assert time.monotonic() - begin < PAUSE_SECONDS


def test_all_who_ask_get_a_new_key_by_one_look(start_issuer, start):
    first, second = Key("1"), Key("2")
    issuer = start_issuer(first)
    program = start(issuer)
    issuer.publish(first, second)
    barrier, token = threading.Barrier(8), second.token()

    def ask(_):
        barrier.wait()
        ask_until(lambda: is_taken(program, token))

    asked = issuer.count
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8)))
    assert issuer.count == asked + 1


def test_keys_may_be_elsewhere(start_issuer, start):
    key = Key("1")
    issuer = start_issuer(key)
    issuer.behave("elsewhere")
    assert is_taken(start(issuer), key.token())


def test_an_issuer_that_is_not_there_at_the_start_is_asked_again(start_issuer, start):
    key = Key("1")
    issuer = start_issuer(key)
    issuer.go_away()
    program = start(issuer)
    assert program.has_logged("keys of tokens cannot be read")
    assert bytes_of(answer(program, key.token())) == bytes_of(answer(program, "x"))
    issuer.start()
    program.wait_for_log("keys of tokens can be read again")
    assert is_taken(program, key.token())


def test_a_file_of_keys_is_read_again_when_it_changes(start_program, tmp_path):
    first, second = Key("1"), Key("2", "RS256")
    file = tmp_path / "keys.json"

    def write(text):
        new = tmp_path / "new"
        new.write_text(text)
        new.chmod(0o644)
        new.rename(file)

    write(key_set(first))
    program = start_program("--jwks-file", str(file), "--jwt-audience", AUDIENCE)
    assert is_taken(program, first.token())
    write(key_set(first, second))
    program.wait_for_log("keys=2")
    assert is_taken(program, second.token())
    write('{"keys":')
    program.wait_for_log("keys of tokens cannot be read")
    assert is_taken(program, second.token())
    file.unlink()
    program.wait_for_log("No such file or directory")
    assert is_taken(program, second.token())
    write(key_set(second))
    program.wait_for_log("keys of tokens can be read again")
    assert not is_taken(program, first.token())
    assert is_taken(program, second.token())


def test_keys_that_cannot_be_used_have_a_line_in_the_log(start_program, tmp_path):
    good, bad = Key("1"), Key("2")
    bad.jwk["use"] = "enc"
    file = tmp_path / "keys.json"
    file.write_text(key_set(bad, good))
    file.chmod(0o644)
    program = start_program("--jwks-file", str(file), "--jwt-audience", AUDIENCE)
    assert program.has_logged("a key of tokens is not used") and program.has_logged("its use is not sig")
    assert is_taken(program, good.token())
    assert not is_taken(program, bad.token())


def test_a_refusal_says_nothing_before_the_signature_is_good(start_issuer, start):
    key = Key("1", "RS256")
    program = start(start_issuer(key), "--jwt-issuer", NAME)
    good = key.token()
    head, claims, signature = good.split(".")
    public = key.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    bad = [
        "", "x", "..", f"{head}.{claims}.", f"{good}=", f"{good[:-4]}AAAA", "A" * 10_000, Key("1").token(),
        Key("2").token(), key.token({"crit": ["exp"]}), key.token({"typ": "x"}),
        jwt.encode({"sub": "a"}, None, "none"), signed_by_secret(f"{head}.{claims}", public),
        signed_by_secret(jwt.encode({"sub": "a"}, "x" * 32, "HS256", {"kid": "1"}), public),
        Key("1", "RS256").token(exp=1), Key("1", "RS256").token(aud="another"),
    ]  # fmt: skip
    refusals = {repr(bytes_of(answer(program, token))) for token in bad}
    assert len(refusals) == 1, refusals
    for claims, reason in (
        ({"exp": 1}, "expired"),
        ({"nbf": int(time.time()) + 300}, "not valid before"),
        ({"aud": "another"}, "audience"),
        ({"iss": "another"}, "issuer"),
    ):
        refusal = answer(program, key.token(**claims))
        assert refusal.status_code == 401 and reason in refusal.json()["detail"]
        assert reason in refusal.headers["WWW-Authenticate"]
    assert is_taken(program, good)


def test_tokens_of_a_secret_count_only_where_there_is_one(start_issuer, start_program, start, tmp_path):
    own = start_program()
    generated = own.token()
    own.stop()
    issuer = start_issuer(Key("1"))
    program = start(issuer)
    assert not is_taken(program, generated)
    program.stop()
    secret = tmp_path / "secret"
    secret.write_text("0123456789abcdef0123456789abcdef")
    secret.chmod(0o600)
    program = start(issuer, "--jwt-secret-file", str(secret))
    made = run_program("token", "--jwt-secret-file", str(secret), "--subject", "bob", "--audience", AUDIENCE).stdout
    assert is_taken(program, made.strip())
    other = run_program("token", "--jwt-secret-file", str(secret), "--subject", "bob").stdout
    assert "audience" in answer(program, other.strip()).json()["detail"]
    assert not is_taken(program, generated)


def test_an_issuer_whose_certificate_nobody_knows_has_no_keys(start_program, tmp_path):
    key = Key("1")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "jwks.json").write_text(key_set(key))
    certificate, private = Authority(tmp_path).common("issuer")
    handler = functools.partial(SimpleHTTPRequestHandler, directory=tmp_path / "keys")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as issuer:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, private)
        issuer.socket = context.wrap_socket(issuer.socket, server_side=True)
        threading.Thread(target=issuer.serve_forever, daemon=True).start()
        url = f"https://127.0.0.1:{issuer.server_port}/jwks.json"
        program = start_program("--jwks-url", url, "--jwt-audience", AUDIENCE)
        program.wait_for_log("keys of tokens cannot be read")
        assert program.has_logged("TLS fails; its certificate must be for its name")
        assert not is_taken(program, key.token())
        issuer.shutdown()


def test_a_folder_of_a_program_with_an_issuer_has_no_secret(start_issuer, start, tmp_path):
    start(start_issuer(Key("1")))
    keys = {file.name for file in (tmp_path / "data" / "keys").iterdir()}
    assert keys.isdisjoint({"token.key", "client.token"})


def test_the_generated_secret_is_for_the_names_of_the_options(start_program):
    program = start_program("--jwt-issuer", "site", "--jwt-audience", "nodes")
    claims = jwt.decode(program.token(), options={"verify_signature": False})
    assert (claims["iss"], claims["aud"]) == ("site", "nodes")
    assert is_taken(program, program.token())
    program.stop()
    program = start_program("--jwt-audience", "others")
    assert is_taken(program, program.token())


def test_the_configuration_of_the_documents_is_enough(start_issuer, start_program, tmp_path):
    key = Key("1")
    [text] = others("docs/service.md", "Tokens of an issuer")
    options = dict(line.split(": ") for line in text.splitlines())
    configuration = tmp_path / "issuer.yaml"
    configuration.write_text(text.replace(options["jwks-url"], start_issuer(key).url))
    program = start_program("--config", str(configuration))
    names = {"iss": options["jwt-issuer"], "aud": options["jwt-audience"]}
    assert is_taken(program, key.token(**names))
    assert not is_taken(program, key.token(**{**names, "iss": NAME}))


def test_a_token_without_a_role_only_reads_and_the_role_map_of_the_documents_gives_roles(
    start_issuer, start_program, tmp_path
):
    key = Key("1")
    [text] = others("docs/service.md", "Roles")
    roles = tmp_path / "roles.yaml"
    roles.write_text(text)
    arguments = ("--jwks-url", start_issuer(key).url, "--jwt-audience", AUDIENCE, "--role-map", str(roles))
    program = start_program(*arguments)

    def statuses(**claims):
        token = key.token(**{"role": None, **claims})
        headers = {"Authorization": f"Bearer {token}"}
        return [
            requests.request(method, f"{program.url}/{path}", headers=headers, timeout=30).status_code
            for method, path in (("GET", "snapshots"), ("DELETE", "BMC/x"), ("DELETE", "snapshots/x"))
        ]

    for claims, expected in (
        ({}, [200, 403, 403]),
        ({"scope": "admin"}, [200, 403, 403]),
        ({"groups": ["staff", "hpc-admins"]}, [200, 404, 404]),
        ({"groups": "hpc-operators"}, [200, 404, 403]),
        ({"realm_access": {"roles": ["power-control"]}}, [200, 404, 403]),
        ({"scope": "openid inventory.write"}, [200, 404, 403]),
        ({"roles": ["admin"]}, [200, 404, 404]),
    ):
        assert statuses(**claims) == expected, claims


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--jwks-url", "https://issuer.example/"], 64, "need --jwt-audience"),
        (["--jwks-file", "keys.json"], 64, "need --jwt-audience"),
        (["--jwks-url", "issuer.example", "--jwt-audience", "a"], 64, "--jwks-url: give an address"),
        (["--jwks-url", "https://u:p@i.example/", "--jwt-audience", "a"], 64, "--jwks-url: give an address"),
        (["--jwks-url", "https://i/", "--jwks-file", "f", "--jwt-audience", "a"], 64, "--jwks-url cannot be used with"),
        (["--jwks-keep-for", "1h"], 64, "--jwks-keep-for needs"),
        (["--jwks-keep-for", "1w"], 64, "give a whole number"),
        (["--jwt-issuer", ""], 64, "--jwt-issuer is empty"),
        (["--insecure-no-auth", "--jwt-audience", "a"], 64, "--insecure-no-auth cannot be used"),
        (["--jwks-file", "/nowhere.json", "--jwt-audience", "a"], 1, "No such file or directory"),
    ],
)
def test_options_that_make_no_sense_end_the_program(tmp_path, arguments, status, message):
    result = run_program("serve", "--listen", "127.0.0.1:0", "--data-dir", str(tmp_path / "data"), *arguments)
    assert (result.returncode, message in result.stderr) == (status, True), result.stderr
