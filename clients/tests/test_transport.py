"""How clients reach the server: TLS, certificates of clients, Unix sockets."""

from __future__ import annotations

import datetime
import getpass
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from pathlib import Path

import jwt
import pytest
import requests
from cryptography import x509
from cryptography.x509.oid import NameOID

from authority import Authority
from program import Program, run_program
from support import TIMEOUT_SECONDS, run_client

NODE = {"hostname": "a", "architecture": "arm64"}


@pytest.fixture
def authority(tmp_path):
    """Who signs the server's certificate."""
    return Authority(tmp_path)


@pytest.fixture
def start_secure(start_program, authority):
    """A function that starts the program with TLS."""
    certificate, key = authority.common("server")
    return lambda *arguments, **options: start_program(
        "--tls-cert", certificate, "--tls-key", key, *arguments, **options
    )


def context(authority, certificate=None, **settings):
    """Return what a client of TLS trusts and shows."""
    context = ssl.create_default_context(cafile=authority.file)
    context.set_alpn_protocols(["h2", "http/1.1"])
    for name, value in settings.items():
        setattr(context, name, value)
    if certificate is not None:
        context.load_cert_chain(*certificate)
    return context


def connect(program, context) -> ssl.SSLSocket:
    """Return a connection behind TLS."""
    port = int(program.url.rsplit(":", 1)[1])
    plain = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS)
    return context.wrap_socket(plain, server_hostname="127.0.0.1", suppress_ragged_eofs=False)


def answer(connection, path="/healthz", version="1.1") -> bytes:
    """Ask on a connection, and return what comes until it ends or pauses at the end of a short answer."""
    connection.sendall(f"GET {path} HTTP/{version}\r\nHost: a\r\n\r\n".encode())
    text = b""
    while not text.endswith((b"}", b"]")) and (more := connection.recv(1 << 16)):
        text += more
    return text


def shown_certificate(program, authority) -> x509.Certificate:
    """Return the certificate that the server shows to a new connection."""
    with connect(program, context(authority)) as connection:
        return x509.load_der_x509_certificate(connection.getpeercert(binary_form=True))


# TLS


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2])
def test_versions_of_tls_from_1_2_on_are_spoken(start_secure, authority, version):
    program = start_secure()
    assert program.url.startswith("https://")
    client = context(authority, minimum_version=version, maximum_version=version)
    with connect(program, client) as connection:
        assert connection.version() == version.name.replace("_", ".")
        assert connection.selected_alpn_protocol() == "http/1.1"
        assert re.search("GCM|POLY1305", connection.cipher()[0])
        for _ in range(2):
            assert answer(connection).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("version", "suites"),
    [
        (ssl.TLSVersion.TLSv1_1, "DEFAULT@SECLEVEL=0"),
        (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-SHA"),
        (ssl.TLSVersion.TLSv1_2, "AES128-GCM-SHA256"),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_is_weak_is_refused(start_secure, authority, version, suites):
    program = start_secure()
    client = context(authority, minimum_version=ssl.TLSVersion.TLSv1, maximum_version=version)
    client.set_ciphers(suites)
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        connect(program, client)
    program.wait_for_log("a handshake of TLS has failed")
    assert shown_certificate(program, authority)


def test_http_without_tls_gets_no_answer(start_secure):
    program = start_secure()
    with pytest.raises(requests.ConnectionError):
        requests.get(program.url.replace("https", "http"), timeout=TIMEOUT_SECONDS)
    program.wait_for_log("http request")


def test_bodies_and_answers_of_any_length_come_whole(start_secure, authority):
    program = start_secure()
    session = requests.Session()
    session.trust_env = False
    session.verify = str(authority.file)
    session.headers = {"Authorization": f"Bearer {program.token()}"}
    nodes = [{**NODE, "hostname": f"n{number}", "description": "x" * 500} for number in range(20_000)]
    created = session.post(f"{program.url}/ComputeNode", json=nodes, timeout=TIMEOUT_SECONDS)
    assert created.status_code == 201
    listed = session.get(f"{program.url}/ComputeNode", timeout=TIMEOUT_SECONDS).json()
    assert listed == created.json()
    node = session.post(f"{program.url}/ComputeNode", json=NODE, timeout=TIMEOUT_SECONDS)
    assert session.get(f"{program.url}{node.headers['Location']}", timeout=TIMEOUT_SECONDS).json() == node.json()
    # HTTP/1.0 has an answer without length end with the connection, and TLS says that this is its end.
    with connect(program, context(authority)) as connection:
        connection.sendall(b"GET /ComputeNode?limit=100 HTTP/1.0\r\n\r\n")
        text = b""
        while more := connection.recv(1 << 16):
            text += more
    assert len(json.loads(text.partition(b"\r\n\r\n")[2])) == 100


def test_limits_of_time_hold_behind_tls(start_secure, authority):
    """A handshake that is not finished and a head that is not are ended after 20 seconds; a connection may be idle."""
    program = start_secure()
    port = int(program.url.rsplit(":", 1)[1])
    begin = time.monotonic()
    silent = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS)
    begun = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS)
    begun.sendall(b"\x16\x03\x01\x02\x00\x01")
    idle = connect(program, context(authority))
    head = connect(program, context(authority))
    head.sendall(b"GET / HTTP/1.1\r\nHost:")
    # A record of TLS, of which the end never comes.
    record = connect(program, context(authority))
    socket.socket(fileno=os.dup(record.fileno())).sendall(b"\x17\x03\x03\x40\x00begin")
    for connection in (silent, begun, record):
        plain = socket.socket(fileno=os.dup(connection.fileno()))
        plain.settimeout(TIMEOUT_SECONDS)
        while plain.recv(1 << 16):
            pass
    assert head.recv(1) == b""
    assert time.monotonic() - begin >= 20
    program.wait_for_log("the handshake of TLS came too slowly")
    program.wait_for_log("the head of a request came too slowly")
    assert answer(idle).startswith(b"HTTP/1.1 200")


def test_a_client_that_does_not_read_is_dropped(start_secure, authority):
    program = start_secure()
    headers = {"Authorization": f"Bearer {program.token()}"}
    nodes = [{**NODE, "description": "x" * 4000} for _ in range(8000)]
    requests.post(
        f"{program.url}/ComputeNode", json=nodes, headers=headers, verify=authority.file, timeout=TIMEOUT_SECONDS
    ).raise_for_status()
    connection = connect(program, context(authority))
    connection.sendall(b"GET /ComputeNode HTTP/1.1\r\nHost: a\r\n\r\n")
    program.wait_for_log("the client does not read its answer")
    # What is cut off does not look whole: TLS has no end.
    with pytest.raises((ssl.SSLEOFError, ConnectionResetError)):
        while connection.recv(1 << 16):
            pass


def test_where_there_are_too_many_connections_those_that_are_idle_go(start_secure, authority):
    program = start_secure(maximum_files=300)
    connections = [connect(program, context(authority)) for _ in range(100)]
    assert len(list(Path(f"/proc/{program.process.pid}/fd").iterdir())) < 100
    assert answer(connections[-1]).startswith(b"HTTP/1.1 200")
    assert connections[0].recv(1) == b""


def test_a_stop_ends_connections(start_secure, authority):
    program = start_secure()
    idle = connect(program, context(authority))
    assert answer(idle).startswith(b"HTTP/1.1 200")
    unfinished = socket.create_connection(("127.0.0.1", int(program.url.rsplit(":", 1)[1])), timeout=TIMEOUT_SECONDS)
    feed = connect(program, context(authority))
    feed.sendall(f"GET /events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {program.token()}\r\n\r\n".encode())
    assert feed.recv(12) == b"HTTP/1.1 200"
    program.stop()
    assert idle.recv(1) == unfinished.recv(1) == b""
    text = b""
    while more := feed.recv(1 << 16):
        text += more
    assert text.endswith(b"0\r\n\r\n")


def test_a_client_that_leaves_ends_its_connection(start_secure, authority):
    """Whether it says the end of TLS or not."""
    program = start_secure()
    descriptors = Path(f"/proc/{program.process.pid}/fd")
    before = len(list(descriptors.iterdir()))
    for says_end in (True, False):
        connections = [connect(program, context(authority)) for _ in range(20)]
        for connection in connections:
            answer(connection)
        assert len(list(descriptors.iterdir())) >= before + 20
        for connection in connections:
            if says_end:
                connection.unwrap()
            connection.close()
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while len(list(descriptors.iterdir())) > before + 5:
            assert time.monotonic() < deadline
            time.sleep(0.05)


# Files that change


@pytest.mark.parametrize("is_told", [True, False])
def test_a_new_certificate_is_taken_while_the_server_runs(start_secure, authority, is_told):
    program = start_secure()
    old = shown_certificate(program, authority)
    kept = connect(program, context(authority))
    authority.common("server", life=datetime.timedelta(days=90))
    if is_told:
        program.process.send_signal(signal.SIGHUP)
    program.wait_for_log("what they say now is in force")
    new = shown_certificate(program, authority)
    assert new.serial_number != old.serial_number
    assert answer(kept).startswith(b"HTTP/1.1 200")
    metrics = requests.get(f"{program.url}/metrics", verify=authority.file, timeout=TIMEOUT_SECONDS).text
    [end] = re.findall(r"^tls_certificate_end_timestamp_seconds (\S+)$", metrics, re.M)
    assert float(end) == new.not_valid_after_utc.timestamp()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda certificate, key, other: certificate.write_text("nonsense"), "it has no certificate in PEM"),
        (lambda certificate, key, other: certificate.unlink(), "server.pem (--tls-cert): "),
        (lambda certificate, key, other: key.write_text("nonsense"), "it has no private key in PEM"),
        (lambda certificate, key, other: key.write_bytes(other.read_bytes()), "it is not the key of the certificate"),
        (lambda certificate, key, other: key.chmod(0o644), "other users can read it"),
        (lambda certificate, key, other: certificate.write_bytes(b"x" * (2 << 20)), "it is larger than"),
    ],
)
def test_files_that_are_wrong_leave_the_certificate_in_force(start_secure, authority, tmp_path, spoil, reason):
    program = start_secure()
    old = shown_certificate(program, authority)
    certificate, key = tmp_path / "server.pem", tmp_path / "server.key"
    texts = (certificate.read_bytes(), key.read_bytes())
    _, other = authority.common("other")
    spoil(certificate, key, Path(other))
    for _ in range(2):
        program.process.send_signal(signal.SIGHUP)
    program.wait_for_log(reason)
    assert shown_certificate(program, authority) == old
    certificate.write_bytes(texts[0])
    key.write_bytes(texts[1])
    key.chmod(0o600)
    program.process.send_signal(signal.SIGHUP)
    program.wait_for_log("are again those that are in force")
    assert any("what they said before stays in force" in line for line in program.lines)


def test_authorities_of_clients_are_read_again(start_secure, authority, tmp_path):
    program = start_secure("--tls-client-ca", str(authority.file), "--auth-reads")
    other = Authority(tmp_path, "other")
    bob = other.common("bob")
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        answer(connect(program, context(authority, bob)))
    own = authority.file.read_text()
    client = context(authority, bob)
    authority.file.write_text(own + other.file.read_text())
    program.wait_for_log("what they say now is in force")
    assert answer(connect(program, client), "/snapshots").startswith(b"HTTP/1.1 200")


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_a_certificate_that_has_ended_is_warned_of(start_program, authority):
    certificate, key = authority.common("ended", life=-datetime.timedelta(hours=1))
    program = start_program("--tls-cert", certificate, "--tls-key", key)
    program.wait_for_log("the TLS certificate has ended")
    assert requests.get(f"{program.url}/healthz", verify=False, timeout=TIMEOUT_SECONDS).ok


# Clients with certificates


@pytest.fixture
def mutual(start_secure, authority, tmp_path):
    """A program that takes certificates of the authority, where alice writes."""
    roles = tmp_path / "roles.yaml"
    roles.write_text(
        "certificate: {alice: operator, 'spiffe://site/boot': service, dns.example: [viewer, admin]}\n"
        "user: {root: admin}\n"
    )
    return start_secure("--tls-client-ca", str(authority.file), "--role-map", str(roles), "--auth-reads")


def statuses(program, authority, certificate, token=None, **headers) -> list[int]:
    """Return whether a client may read, write, and delete a snapshot."""
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return [
        requests.request(
            method, program.url + path, json=body, headers=headers, cert=certificate, verify=authority.file,
            timeout=TIMEOUT_SECONDS,
        ).status_code
        for method, path, body in (
            ("GET", "/ComputeNode", None), ("POST", "/ComputeNode", NODE), ("DELETE", "/snapshots/x", None)
        )
    ]  # fmt: skip


def test_a_certificate_has_the_roles_of_the_map_else_those_of_a_viewer(mutual, authority):
    assert statuses(mutual, authority, authority.common("alice")) == [200, 201, 403]
    assert statuses(mutual, authority, authority.common("bob")) == [200, 403, 403]
    uri = [x509.UniformResourceIdentifier("spiffe://site/boot")]
    assert statuses(mutual, authority, authority.sign("boot", others=uri)) == [200, 201, 403]
    dns = [x509.RFC822Name("a@b.example"), x509.DNSName("dns.example"), uri[0]]
    assert statuses(mutual, authority, authority.sign("dns", others=dns)) == [200, 201, 404]
    # The common name counts, whatever other names there are.
    organization = (NameOID.COMMON_NAME, "bob")
    assert statuses(mutual, authority, authority.sign("named", organization, others=uri)) == [200, 403, 403]


def test_changes_have_the_name_of_the_certificate(mutual, authority):
    statuses(mutual, authority, authority.common("alice"))
    journal = "".join(file.read_text() for file in (mutual.folder / "data" / "journal").glob("*.ndjson"))
    assert re.findall('"by":"([^"]*)"', journal) == ["alice"]


def test_a_refusal_says_what_would_help(mutual, authority):
    answer = requests.post(
        f"{mutual.url}/ComputeNode", json=NODE, cert=authority.common("bob"), verify=authority.file,
        timeout=TIMEOUT_SECONDS,
    )  # fmt: skip
    assert answer.status_code == 403
    assert answer.json()["detail"] == (
        "This needs the role operator, service or admin. The certificate bob has viewer; --role-map gives others, "
        "and so does a token."
    )


def test_a_token_wins_over_a_certificate(mutual, authority):
    alice = authority.common("alice")
    assert statuses(mutual, authority, alice, "nonsense") == [401, 401, 401]
    arguments = ("token", "--data-dir", str(mutual.folder / "data"), "--subject", "x", "--role")
    viewer = run_program(*arguments, "viewer").stdout.strip()
    assert statuses(mutual, authority, alice, viewer) == [200, 403, 403]
    assert statuses(mutual, authority, None, mutual.token()) == [200, 201, 404]
    assert statuses(mutual, authority, None) == [401, 401, 401]


def test_a_token_cannot_claim_to_be_a_certificate(mutual, authority, tmp_path):
    secret = tmp_path / "data" / "keys" / "token.key"
    now = int(time.time())
    claims = {"sub": "x", "iss": "node-orchestrator", "aud": "node-orchestrator", "exp": now + 60, "role": "viewer"}
    for claim in ({"certificate": "alice"}, {"user": "root"}):
        token = jwt.encode({**claims, **claim}, secret.read_bytes(), "HS256")
        assert statuses(mutual, authority, None, token) == [200, 403, 403]


def test_what_a_proxy_passes_on_is_not_its_own(mutual, authority):
    alice = authority.common("alice")
    for name, value in (("X-Forwarded-For", "203.0.113.9"), ("Forwarded", "for=203.0.113.9")):
        assert statuses(mutual, authority, alice, **{name: value}) == [401, 401, 401]


def test_a_certificate_of_somebody_else_is_refused(mutual, authority, tmp_path):
    other = Authority(tmp_path, "other")
    ended = authority.common("ended", life=-datetime.timedelta(hours=1))
    for certificate in (other.common("alice"), ended):
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            answer(connect(mutual, context(authority, certificate)))
    mutual.wait_for_log("certificate verify failed")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2])
def test_a_session_that_goes_on_is_still_of_its_certificate(mutual, authority, version):
    client = context(authority, authority.common("alice"), minimum_version=version, maximum_version=version)
    session = None
    for _ in range(3):
        port = int(mutual.url.rsplit(":", 1)[1])
        plain = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS)
        with client.wrap_socket(plain, server_hostname="127.0.0.1", session=session) as connection:
            text = json.dumps(NODE)
            connection.sendall(
                f"POST /ComputeNode HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(text)}\r\n\r\n{text}".encode()
            )
            assert connection.recv(12) == b"HTTP/1.1 201"
            session = connection.session


# Programs


def test_commands_ask_a_server_behind_tls(start_secure, authority):
    program = start_secure()
    arguments = ("query", "--server", program.url, "--token", program.token(), "SELECT 1 AS one", "--format", "csv")
    result = run_program(*arguments, "--ca", str(authority.file))
    assert (result.returncode, result.stdout) == (0, "one\n1\n"), result.stderr
    result = run_program(*arguments)
    assert (result.returncode, "--ca" in result.stderr) == (1, True), result.stderr
    result = run_program(*arguments, "--ca", str(program.folder / "server.key"))
    assert (result.returncode, "cannot read certificates in --ca" in result.stderr) == (1, True), result.stderr


def test_the_client_asks_a_server_behind_tls(start_secure, authority):
    program = start_secure()
    result = run_client(
        "--url", program.url, "get", "ComputeNode", cwd=program.folder,
        environment={"REQUESTS_CA_BUNDLE": str(authority.file)},
    )  # fmt: skip
    assert (result.returncode, json.loads(result.stdout)) == (0, []), result.stderr


# Unix sockets


class Local(http.client.HTTPConnection):
    """A connection to a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=TIMEOUT_SECONDS)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(TIMEOUT_SECONDS)
        self.sock.connect(str(self.path))


def ask(path: Path, method: str, target: str, body=None, **headers: str):
    """Return the status of an answer of a Unix socket, and its body."""
    connection = Local(path)
    if body is not None:
        headers = {"Content-Type": "application/json", **headers}
        body = json.dumps(body)
    connection.request(method, target, body, headers)
    with connection.getresponse() as answer:
        return answer.status, answer.read()


@pytest.fixture
def place():
    """A short path that all users can reach."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    yield folder / "inventory.sock"
    shutil.rmtree(folder)


def start_at(start_program, place, *arguments) -> Program:
    """Start the program with a socket."""
    program = start_program("--listen", f"unix:{place}", *arguments)
    program.wait_for_log(f"ready: listening on unix:{place}")
    return program


def test_the_user_of_the_server_may_do_everything_at_its_socket(start_program, place):
    program = start_at(start_program, place, "--auth-reads")
    assert ask(place, "GET", "/ComputeNode")[0] == 200
    assert ask(place, "POST", "/ComputeNode", NODE)[0] == 201
    assert ask(place, "DELETE", "/snapshots/x")[0] == 404
    assert ask(place, "GET", "/ComputeNode", Authorization="Bearer nonsense")[0] == 401
    assert ask(place, "GET", "/ComputeNode", **{"X-Forwarded-For": "203.0.113.9"})[0] == 401
    # On the network it is nobody.
    assert requests.get(f"{program.url}/ComputeNode", timeout=TIMEOUT_SECONDS).status_code == 401
    journal = "".join(file.read_text() for file in (program.folder / "data" / "journal").glob("*.ndjson"))
    assert re.findall('"by":"([^"]*)"', journal) == [getpass.getuser()]
    program.wait_for_log("address=unix")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_other_users_have_the_roles_of_the_map_else_those_of_a_viewer(start_program, place, tmp_path):
    roles = tmp_path / "roles.yaml"
    roles.write_text("user: {daemon: operator, 'uid:54321': credentials}\n")
    start_at(start_program, place, "--auth-reads", "--socket-mode", "0666", "--role-map", str(roles))

    def statuses(user) -> list[str]:
        return [
            subprocess.run(
                ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", str(place), *arguments],
                user=user, group=65534, extra_groups=[], capture_output=True, text=True, timeout=TIMEOUT_SECONDS,
            ).stdout
            for arguments in (
                ["http://a/ComputeNode"],
                ["http://a/ComputeNode", "-d", json.dumps(NODE), "-H", "Content-Type: application/json"],
                ["http://a/snapshots/x", "-X", "DELETE"],
            )
        ]  # fmt: skip

    assert statuses("daemon") == ["200", "201", "403"]
    assert statuses("nobody") == ["200", "403", "403"]
    assert statuses(54321) == ["200", "403", "403"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
@pytest.mark.parametrize(("mode", "expected"), [(None, 0o660), ("0600", 0o600), ("0666", 0o666)])
def test_the_file_of_a_socket_has_the_mode_that_says_who_may_connect(start_program, place, mode, expected):
    program = start_at(start_program, place, *([] if mode is None else ["--socket-mode", mode]))
    assert place.stat().st_mode & 0o777 == expected
    code = subprocess.run(
        ["curl", "-s", "--unix-socket", str(place), "http://a/healthz"],
        user="nobody", group=65534, extra_groups=[], capture_output=True, timeout=TIMEOUT_SECONDS,
    ).returncode  # fmt: skip
    assert (code == 0) == (expected == 0o666)
    program.stop()
    assert not place.exists()


def test_a_socket_of_a_server_that_has_ended_is_replaced_and_one_in_use_is_not(start_program, place, tmp_path):
    first = start_at(start_program, place)
    first.kill()
    assert place.exists()
    second = start_at(start_program, place)
    assert ask(place, "GET", "/healthz")[0] == 200
    arguments = ("serve", "--data-dir", str(tmp_path / "other"), "--listen")
    result = run_program(*arguments, f"unix:{place}")
    assert (result.returncode, "it is in use by another server" in result.stderr) == (1, True), result.stderr
    assert ask(place, "GET", "/healthz")[0] == 200
    second.stop()
    place.write_text("precious")
    result = run_program(*arguments, f"unix:{place}")
    assert (result.returncode, "there is something else, no socket" in result.stderr) == (1, True), result.stderr
    assert place.read_text() == "precious"
    result = run_program(*arguments, f"unix:{place}{'x' * 200}")
    assert (result.returncode, "cannot listen on unix:" in result.stderr) == (1, True), result.stderr


def test_a_proxy_at_a_socket_is_believed_when_it_is_trusted(start_program, place):
    program = start_at(start_program, place, "--trusted-proxy", "unix")
    token = {"Authorization": f"Bearer {program.token()}"}
    word = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "inventory.example"}
    connection = Local(place)
    body = json.dumps(NODE)
    connection.request("POST", "/ComputeNode", body, {"Content-Type": "application/json", **token, **word})
    answer = connection.getresponse()
    assert answer.status == 201
    assert answer.headers["Location"].startswith("https://inventory.example/ComputeNode/")
    program.wait_for_log("address=203.0.113.9")


# What is warned of and refused at the start


def test_other_machines_without_tls_are_warned_of(start_program, start_secure):
    program = start_program("--listen", "0.0.0.0:0", "--listen", "[::1]:0", "--listen", "localhost:0")
    program.stop()
    warnings = [line for line in program.lines if "without TLS" in line]
    assert len(warnings) == 1 and "0.0.0.0:0" in warnings[0]
    secure = start_secure("--listen", "0.0.0.0:0")
    assert not secure.has_logged("without TLS")


@pytest.mark.parametrize("address", ["0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:80", "inventory.example:80"])
def test_no_tokens_on_other_machines_must_be_meant(tmp_path, address):
    result = run_program("serve", "--data-dir", str(tmp_path / "data"), "--listen", address, "--insecure-no-auth")
    assert (result.returncode, "--allow-insecure-remote" in result.stderr) == (64, True), result.stderr
    assert not (tmp_path / "data").exists()


def test_no_tokens_are_needed_where_that_is_meant(start_program, place):
    first = start_program("--listen", "0.0.0.0:0", "--insecure-no-auth", "--allow-insecure-remote")
    assert requests.get(f"{first.url}/snapshots", timeout=TIMEOUT_SECONDS).ok
    first.stop()
    arguments = ("--listen", "127.1.2.3:0", "--listen", "[::1]:0", "--listen", "localhost:0", "--insecure-no-auth")
    start_at(start_program, place, *arguments)
    assert ask(place, "GET", "/snapshots")[0] == 200


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--tls-cert", "server.pem"], 64, "--tls-cert and --tls-key need each other"),
        (["--tls-key", "server.key"], 64, "--tls-cert and --tls-key need each other"),
        (["--tls-client-ca", "authority.pem"], 64, "--tls-client-ca needs"),
        (["--allow-insecure-remote"], 64, "--allow-insecure-remote needs --insecure-no-auth"),
        (["--listen", "unix:"], 64, "unix:"),
        (["--socket-mode", "0060"], 64, "octal"),
        (["--socket-mode", "rw"], 64, "octal"),
        (["--tls-cert", "nowhere.pem", "--tls-key", "server.key"], 1, "nowhere.pem"),
        (["--tls-cert", "server.key", "--tls-key", "server.key"], 1, "it has no certificate in PEM"),
        (["--tls-cert", "server.pem", "--tls-key", "server.pem"], 1, "other users can read it"),
        (["--tls-cert", "server.pem", "--tls-key", "other.key"], 1, "it is not the key of the certificate"),
        (
            ["--tls-cert", "server.pem", "--tls-key", "server.key", "--tls-client-ca", "server.key"],
            1,
            "it has no certificate in PEM",
        ),
    ],
)
def test_options_that_make_no_sense_end_the_program(authority, tmp_path, arguments, status, message):
    authority.common("server")
    authority.common("other")
    (tmp_path / "server.pem").chmod(0o644)
    files = [str(tmp_path / word) if word.endswith((".pem", ".key")) else word for word in arguments]
    result = run_program("serve", "--listen", "127.0.0.1:0", "--data-dir", str(tmp_path / "data"), *files)
    assert (result.returncode, message in result.stderr) == (status, True), result.stderr
