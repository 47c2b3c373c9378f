"""Files that options name take effect when they change, at once with SIGHUP; wrong ones change nothing."""

from __future__ import annotations

import base64
import signal
import subprocess
import time

import jwt
import pytest
import requests

from documentation import others
from issuer import AUDIENCE, Issuer, Key
from support import TIMEOUT_SECONDS

SECRETS = ["first secret of thirty-two bytes", "other secret of thirty-two bytes"]
CHANGED = "what they say now is in force"
KEPT = "what they said before stays in force"


@pytest.fixture(params=["told", "not told"])
def is_told(request):
    """Whether the program is told by SIGHUP that files have changed."""
    return request.param == "told"


def put(file, text, mode=0o600):
    """Replace a file, as tools do that leave none half written."""
    new = file.with_suffix(".new")
    new.write_bytes(text if isinstance(text, bytes) else text.encode())
    new.chmod(mode)
    new.rename(file)
    return file


def hang_up(program, is_told=True):
    if is_told:
        program.process.send_signal(signal.SIGHUP)


def signed(secret, **claims):
    claims = {"sub": "alice", "iss": "anybody", "aud": "here", "exp": int(time.time()) + 600, **claims}
    return jwt.encode(claims, secret, "HS256")


def status(program, token, method="DELETE", path="BMC/x"):
    headers = {"Authorization": f"Bearer {token}"}
    return requests.request(method, f"{program.url}/{path}", headers=headers, timeout=TIMEOUT_SECONDS).status_code


def test_a_new_secret_counts_and_the_old_one_no_longer(start_program, tmp_path, is_told):
    secret = put(tmp_path / "secret", SECRETS[0])
    program = start_program("--jwt-secret-file", str(secret))
    tokens = [signed(secret) for secret in SECRETS]
    assert [status(program, token) for token in tokens] == [404, 401]
    put(secret, SECRETS[1])
    hang_up(program, is_told)
    program.wait_for_log(CHANGED)
    assert [status(program, token) for token in tokens] == [401, 404]


def test_a_new_secret_of_the_programs_own_takes_back_all_tokens(start_program, tmp_path):
    program = start_program()
    old = program.token()
    assert status(program, old) == 404
    _, command = others("docs/operations.md", "Files that change")
    subprocess.run(["sh", "-ec", command], cwd=tmp_path, timeout=TIMEOUT_SECONDS, check=True)
    hang_up(program)
    program.wait_for_log(CHANGED)
    assert status(program, old) == 401
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while status(program, program.token()) != 404:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_new_role_map_counts_for_tokens_that_were_used_before(start_program, tmp_path, is_told):
    secret = put(tmp_path / "secret", SECRETS[0])
    roles = put(tmp_path / "roles.yaml", "groups: {hpc: viewer}")
    program = start_program("--jwt-secret-file", str(secret), "--role-map", str(roles))
    token = signed(SECRETS[0], groups=["hpc"])
    assert status(program, token) == 403
    put(roles, "groups: {hpc: operator}")
    hang_up(program, is_told)
    program.wait_for_log(CHANGED)
    assert status(program, token) == 404


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda roles, secret: put(roles, "groups: {hpc: root}"), "groups: hpc is none of the roles"),
        (lambda roles, secret: put(roles, "groups: ["), "roles.yaml (--role-map): "),
        (lambda roles, secret: put(roles, b"\xff\xfe"), "it is not UTF-8"),
        (lambda roles, secret: put(roles, "groups: {hpc: admin}", mode=0o666), "other users can write it"),
        (lambda roles, secret: roles.unlink(), "roles.yaml (--role-map): No such file or directory"),
        (lambda roles, secret: put(secret, ""), "secret (--jwt-secret-file): it is empty"),
        (lambda roles, secret: put(secret, SECRETS[1], mode=0o606), "other users can write it"),
    ],
)
def test_a_wrong_file_keeps_what_was_in_force(start_program, tmp_path, spoil, reason):
    secret = put(tmp_path / "secret", SECRETS[0])
    roles = put(tmp_path / "roles.yaml", "groups: {hpc: operator}")
    program = start_program("--jwt-secret-file", str(secret), "--role-map", str(roles))
    token = signed(SECRETS[0], groups=["hpc"])
    spoil(roles, secret)
    hang_up(program)
    program.wait_for_log(reason)
    assert program.has_logged(KEPT)
    assert status(program, token) == 404
    put(roles, "groups: {hpc: operator}")
    put(secret, SECRETS[0])
    hang_up(program)
    program.wait_for_log("are again those that are in force")
    assert status(program, token) == 404


def test_keys_of_an_issuer_are_read_at_sighup(start_program, tmp_path):
    first, second = Key("1"), Key("2")
    issuer = Issuer(tmp_path / "issuer", first)
    try:
        program = start_program("--jwks-url", issuer.url, "--jwt-audience", AUDIENCE)
        assert status(program, first.token()) == 404
        issuer.publish(second)
        hang_up(program)
        program.wait_for_log("SIGHUP: ")
        assert status(program, first.token()) == 401
        assert status(program, second.token()) == 404
    finally:
        issuer.go_away()


# Credential keys


def credential_key(number):
    return base64.b64encode(bytes([number]) * 32).decode()


def post_bmc(program, number):
    body = {
        "xname": f"x1000c0s{number}b0",
        "username": "root",
        "password": f"secret{number}",
        "mac_address": f"02:00:00:00:00:0{number}",
    }
    headers = {"Authorization": f"Bearer {program.token()}"}
    answer = requests.post(f"{program.url}/BMC", json=body, headers=headers, timeout=TIMEOUT_SECONDS)
    assert answer.status_code == 201, answer.text


def passwords(program, *numbers):
    headers = {"Authorization": f"Bearer {program.token()}"}
    return [
        requests.get(f"{program.url}/BMC/x1000c0s{number}b0/credentials", headers=headers, timeout=TIMEOUT_SECONDS)
        .json()
        .get("password")
        for number in numbers
    ]


def sealing_keys(tmp_path):
    """The ids of the keys that have sealed what the journal has."""
    text = b"".join(file.read_bytes() for file in (tmp_path / "data" / "journal").iterdir())
    return {part.split(b".")[1] for part in text.split(b'"v1')[1:]}


def test_a_new_credential_key_seals_and_the_old_one_opens(start_program, tmp_path, is_told):
    file = put(tmp_path / "keys", credential_key(1))
    program = start_program("--credentials-key-file", str(file))
    post_bmc(program, 1)
    put(file, f"{credential_key(2)}\n{credential_key(1)}\n", mode=0o640)
    hang_up(program, is_told)
    program.wait_for_log("the credential keys have changed")
    post_bmc(program, 2)
    assert passwords(program, 1, 2) == ["secret1", "secret2"]
    assert len(sealing_keys(tmp_path)) == 2
    # As long as something is sealed with the old key it cannot be left out.
    put(file, credential_key(2))
    hang_up(program)
    program.wait_for_log("no longer gives the credential key")
    assert passwords(program, 1, 2) == ["secret1", "secret2"]
    put(file, f"{credential_key(2)}\n{credential_key(1)}\n")
    headers = {"Authorization": f"Bearer {program.token()}"}
    answer = requests.post(f"{program.url}/credentials/rotate", headers=headers, timeout=TIMEOUT_SECONDS)
    assert answer.json()["resealed"] == 1
    put(file, credential_key(2))
    hang_up(program)
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while sum("the credential keys have changed" in line for line in program.lines) < 2:
        assert time.monotonic() < deadline, program.lines
        time.sleep(0.05)
    assert passwords(program, 1, 2) == ["secret1", "secret2"]


@pytest.mark.parametrize(
    ("text", "mode", "reason"),
    [
        ("nonsense", 0o600, "a credential key is 32 bytes, or a line of base64"),
        (credential_key(2), 0o600, "no longer gives the credential key"),
        (credential_key(1), 0o604, "other users can read it; do: chmod g-w,o-rwx"),
    ],
)
def test_wrong_credential_keys_keep_those_in_force(start_program, tmp_path, text, mode, reason):
    file = put(tmp_path / "keys", credential_key(1))
    program = start_program("--credentials-key-file", str(file))
    post_bmc(program, 1)
    put(file, text, mode)
    hang_up(program)
    program.wait_for_log(reason)
    post_bmc(program, 2)
    assert passwords(program, 1, 2) == ["secret1", "secret2"]
    put(file, credential_key(1))
    hang_up(program)
    program.wait_for_log("the credential keys are again those that are in force")


def test_a_key_is_changed_where_all_keys_are_given(start_program, tmp_path):
    secret = put(tmp_path / "secret", SECRETS[0])
    file = put(tmp_path / "keys", credential_key(1))
    program = start_program("--jwt-secret-file", str(secret), "--credentials-key-file", str(file))
    put(file, f"{credential_key(2)}\n{credential_key(1)}\n")
    assert status(program, signed(SECRETS[0], role="admin"), "POST", "credentials/rotate") == 200


def test_a_command_is_asked_for_credential_keys_at_sighup_only(start_program, tmp_path):
    file = put(tmp_path / "keys", credential_key(1))
    asked = tmp_path / "asked"
    program = start_program("--credentials-key-command", f"echo >> {asked}; cat {file}")
    post_bmc(program, 1)
    put(file, f"{credential_key(2)}\n{credential_key(1)}\n")
    assert len(asked.read_text()) == 1
    hang_up(program)
    program.wait_for_log("the credential keys have changed")
    post_bmc(program, 2)
    assert passwords(program, 1, 2) == ["secret1", "secret2"]
    assert len(asked.read_text()) == 2
