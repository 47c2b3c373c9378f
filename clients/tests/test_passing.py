"""Writes that reach a follower of a shared log go on to the leader."""

from __future__ import annotations

import base64
import contextlib
import getpass
import http.client
import json
import signal
import socket
import struct
import subprocess
import threading
import time
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from support import TIMEOUT_SECONDS
from test_replicas import FOLLOWS, LEADS, accepted, lines, node, request, sequence, site


def test_each_write_can_be_sent_to_a_follower_and_is_read_there(site):
    first = site.start("a")
    second = site.start("b")

    def write(method, path, body=None, status=200):
        answer = request(second, method, path, body)
        assert answer.status_code == status, answer.text
        return answer

    created = write("POST", "ComputeNode", node(1), 201)
    path = f"ComputeNode/{created.json()['id']}"
    assert created.headers["Location"] == f"/{path}"
    assert request(second, "GET", path).content == created.content
    start = sequence(created)
    assert write("PATCH", path, {"description": "a"}).json()["description"] == "a"
    assert request(second, "GET", path).json()["description"] == "a"
    assert write("PUT", path, {**node(1), "description": "b"}).json() == request(second, "GET", path).json()
    write("POST", "ComputeNode", [node(index) for index in range(2, 5)], 201)
    assert len(request(second, "GET", "ComputeNode").json()) == 4
    assert write("PATCH", "ComputeNode?hostname=n*&expect=4", {"description": "c"}).json()["changed"] == 4
    changes = {"changes": [{"op": "delete", "kind": "ComputeNode", "ref": node(4)["xname"]}]}
    assert write("POST", "transactions?dry_run=true", changes).json()["dry_run"]
    write("POST", "transactions", changes)
    assert request(second, "GET", f"ComputeNode/{node(4)['xname']}").status_code == 404
    write("DELETE", f"ComputeNode/{node(3)['xname']}", status=204)
    # What is refused is refused there, too.
    assert write("POST", "ComputeNode", node(1), 409).json()["holder"]["kind"] == "ComputeNode"
    assert write("POST", "ComputeNode", {**node(9), "colour": "red"}, 400).json()["errors"]
    # A snapshot of the follower's own, which the leader does not have.
    snapshot = write("POST", "snapshots", status=201).json()["id"]
    assert request(first, "GET", f"snapshots/{snapshot}").status_code == 404
    write("DELETE", f"ComputeNode/{node(2)['xname']}", status=204)
    assert write("POST", f"snapshots/{snapshot}/restore?dry_run=true").json()["summary"]["added"] == 1
    write("POST", f"snapshots/{snapshot}/restore")
    assert len(request(second, "GET", "ComputeNode").json()) == 2
    write("POST", f"restore?at={start}")
    assert request(second, "GET", path).content == created.content
    history = request(second, "GET", f"{path}/history").json()
    assert {version["by"] for version in history} == {"local-admin"}
    assert lines(first) == lines(second)
    records = [record for record in lines(first).values() if record.get("from")]
    assert {record["from"] for record in records} == {"127.0.0.1"}


def test_an_address_is_passed_on_as_it_was_typed(site):
    first = site.start("a")
    second = site.start("b")
    for index in range(1, 6):
        accepted(second, node(index))
    targets = {
        b"/ComputeNode?xname=x1000c0s[2-4]b0n0&expect=3": 200,
        b"/ComputeNode?xname=x1000c0s%5b2-4%5D%620n0&expect=3": 200,
        b"http://elsewhere:1/ComputeNode?xname=x1000c0s[2-4]b0n0&expect=3#end": 200,
        "/ComputeNode?hostname=né*&expect=0".encode(): 400,
        b'/ComputeNode?description="n^|{`}<>\\*"&expect=0': 200,
        b"/ComputeNode?hostname=n%zz": 400,
        b"/ComputeNode/n%zz": 400,
    }
    for target, status in targets.items():
        found = []
        for server in (first, second):
            body = json.dumps({"description": f"by {server.url}"}).encode()
            head = f"HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token()}\r\nContent-Length: {len(body)}\r\n"
            with socket.create_connection(("127.0.0.1", int(server.url.rsplit(":", 1)[1])), timeout=TIMEOUT_SECONDS) as client:
                client.sendall(b"PATCH " + target + f" {head}Connection: close\r\n\r\n".encode() + body)
                found.append(client.makefile("rb").read())
        assert [int(answer.split()[1]) for answer in found] == [status, status], (target, found)


def test_a_stream_goes_through_a_follower(site):
    first = site.start("a")
    accepted(first, node(0))
    second = site.start("b")
    body = "".join(f"{json.dumps({**node(index), 'xname': f'x{2000 + index}c0s0b0n0'})}\n" for index in range(1, 3001))
    headers = {"Authorization": f"Bearer {second.token()}", "Content-Type": "application/x-ndjson"}
    pieces = (body[start : start + 50_000].encode() for start in range(0, len(body), 50_000))
    for data, created in ((body.encode(), 3000), (pieces, 0)):
        answer = requests.post(f"{second.url}/ComputeNode", data=data, headers=headers, timeout=TIMEOUT_SECONDS)
        last = json.loads(answer.text.splitlines()[-1])
        assert last == {"created": created, "failed": 3000 - created}
        assert len(request(second, "GET", "ComputeNode").json()) == 3001
    assert request(first, "GET", "ComputeNode").json() == request(second, "GET", "ComputeNode").json()


def test_a_key_of_a_request_holds_at_all_servers(site):
    first = site.start("a")
    accepted(first, node(0))
    second = site.start("b")
    answers = []
    for server in (second, first, second):
        headers = {"Authorization": f"Bearer {server.token()}", "Idempotency-Key": "once"}
        answer = requests.post(f"{server.url}/ComputeNode", json=node(1), headers=headers, timeout=TIMEOUT_SECONDS)
        answers.append((answer.status_code, answer.content, answer.headers["Location"], answer.headers["ETag"]))
    assert answers[0][0] == 201 and len(set(answers)) == 1
    # A follower asks the leader for a moment by its number.
    moment = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    accepted(first, node(3))
    for server in (second, first, second):
        headers = {"Authorization": f"Bearer {server.token()}", "Idempotency-Key": "back"}
        answer = requests.post(f"{server.url}/restore?at={moment}", headers=headers, timeout=TIMEOUT_SECONDS)
        assert answer.status_code == 200, answer.text
        answers.append(sequence(answer))
    assert len(set(answers[3:])) == 1
    first.kill()
    accepted(second, node(2))
    headers = {"Authorization": f"Bearer {second.token()}", "Idempotency-Key": "once"}
    answer = requests.post(f"{second.url}/ComputeNode", json=node(1), headers=headers, timeout=TIMEOUT_SECONDS)
    assert (answer.status_code, answer.content) == answers[0][:2]


def test_callers_without_tokens_are_known_to_the_leader(site):
    first = site.start("a")
    accepted(first, node(0))
    path = site.folder / "socket"
    second = site.start("b", "--listen", f"unix:{path}")
    second.wait_for_log(FOLLOWS)
    command = ["curl", "-sS", "--unix-socket", str(path), "http://b/ComputeNode", "-d", json.dumps(node(1))]
    done = subprocess.run(
        [*command, "-H", "Content-Type: application/json"], capture_output=True, timeout=TIMEOUT_SECONDS, check=True
    )
    created = json.loads(done.stdout)
    [version] = request(first, "GET", f"ComputeNode/{created['id']}/history").json()
    assert version["by"] == getpass.getuser()


def test_nobody_else_can_speak_for_a_replica(site):
    first = site.start("a")
    accepted(first, node(0))
    seen = []

    class Leader(BaseHTTPRequestHandler):
        """What a follower passes on is taken down here."""

        def do_DELETE(self):
            seen.append((self.path, self.headers["Replica-Request"], self.headers["Authorization"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Leader) as tap:
        threading.Thread(target=tap.serve_forever, daemon=True).start()
        second = site.start("b")
        second.wait_for_log(FOLLOWS)
        site.postgres.execute(f"UPDATE node_orchestrator.head SET url = 'http://127.0.0.1:{tap.server_port}'")
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while not seen:
            request(second, "DELETE", "ComputeNode/nobody")
            assert time.monotonic() < deadline
        tap.shutdown()
    path, signed, token = seen[0]
    assert path == "/ComputeNode/nobody" and token is None

    def status(path, value, method="DELETE"):
        headers = {"Replica-Request": value}
        return requests.request(method, f"{first.url}{path}", headers=headers, timeout=TIMEOUT_SECONDS).status_code

    # It is good for this request, for a minute.
    assert status(path, signed) == 404
    payload, code = signed.split(".")
    claims = json.loads(base64.b64decode(payload))
    assert claims["subject"] == "local-admin" and claims["roles"] == ["admin"]
    other = base64.b64encode(json.dumps({**claims, "subject": "mallory"}).encode()).decode()
    flipped = base64.b64encode(bytes([base64.b64decode(code)[0] ^ 1]) + base64.b64decode(code)[1:]).decode()
    for value in ("", ".", "a.b", payload, f"{payload}.", f"{other}.{code}", f"{payload}.{flipped}", f"{signed}.{code}"):
        assert status(path, value) == 401, value
    assert status(f"/ComputeNode/{node(0)['xname']}", signed) == 401
    assert status(path, signed, "PATCH") == 401
    # A server by itself takes no such word.
    assert not any("mallory" in line for line in first.lines)


def test_a_leader_that_cannot_be_reached_is_said(site):
    first = site.start("a", "--replica-url", "http://127.0.0.1:9")
    accepted(first, node(0))
    second = site.start("b")
    answer = request(second, "POST", "ComputeNode", node(1))
    assert answer.status_code == 503 and answer.headers["Retry-After"] and "127.0.0.1:9" in answer.json()["detail"]
    # The connection goes on, however late the body comes.
    body = json.dumps(node(2)).encode()
    with contextlib.closing(http.client.HTTPConnection(second.url.removeprefix("http://"), timeout=TIMEOUT_SECONDS)) as client:
        client.connect()
        connection = client.sock
        for _ in range(20):
            client.putrequest("POST", "/ComputeNode")
            client.putheader("Authorization", f"Bearer {second.token()}")
            client.putheader("Content-Length", str(len(body)))
            client.putheader("Expect", "100-continue")
            client.endheaders()
            assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
            client.send(body)
            answer = client.getresponse()
            assert answer.status == 503 and answer.read()
            assert client.sock is connection


def test_a_leader_that_goes_while_a_body_is_passed_on_to_it_harms_nobody(site):
    server = site.start("a")
    accepted(server, node(0))
    leader = FakeLeader(site, server)

    def answer():
        """Read something of each request, and hang up."""
        while True:
            try:
                connection, _ = leader.listener.accept()
            except OSError:
                return
            connection.recv(1000)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()

    threading.Thread(target=answer, daemon=True).start()
    head = f"POST /ComputeNode HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token()}\r\n"
    endings = set()
    for attempt in range(150):
        client = socket.create_connection(("127.0.0.1", int(server.url.rsplit(":", 1)[1])), timeout=TIMEOUT_SECONDS)
        if attempt % 2:
            # Smaller ones are read before they are passed on.
            client.sendall(f"{head}Content-Length: 100000\r\n\r\n".encode())
            pieces = [b"x" * 25_000] * 4
        else:
            client.sendall(f"{head}Transfer-Encoding: chunked\r\nContent-Type: application/x-ndjson\r\n\r\n".encode())
            pieces = [b"5\r\n{}\r\n\n\r\n"] * 4 + [b"0\r\n\r\n"]
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                client.sendall(piece)
                time.sleep(0.002 * (attempt % 5))
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            found = b""
            while some := client.recv(10_000):
                found += some
            endings.add(found.split(b"\r\n", 1)[0])
        client.close()
    leader.listener.close()
    assert server.process.poll() is None, "".join(server.lines[-20:])
    assert b"HTTP/1.1 503 Service Unavailable" in endings
    assert request(server, "GET", "healthz").status_code == 200


def test_a_leader_that_says_nothing_more_is_waited_for_while_it_leads(site):
    first = site.start("a")
    accepted(first, node(0))
    second = site.start("b")
    first.process.send_signal(signal.SIGSTOP)
    try:
        answers = []

        def stream():
            """Lines of which the last ones come too late."""
            yield (json.dumps(node(1)) + "\n").encode()
            second.wait_for_log(LEADS)
            yield b"\n"

        def write(**body):
            headers = {"Authorization": f"Bearer {second.token()}", "Content-Type": "application/x-ndjson"}
            answers.append(requests.post(f"{second.url}/ComputeNode", headers=headers, timeout=TIMEOUT_SECONDS, **body))

        writers = [threading.Thread(target=write, kwargs={"data": body}) for body in (json.dumps(node(2)), stream())]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert [answer.status_code for answer in answers] == [503, 503]
        assert {answer.json()["type"].rsplit(":")[-1] for answer in answers} == {"may-have-been-done"}
        accepted(second, node(3))
    finally:
        first.process.send_signal(signal.SIGCONT)


class FakeLeader:
    """Something that the log has for the leader, which answers a request with what it is told to."""

    def __init__(self, site, server):
        self.listener = socket.create_server(("127.0.0.1", 0))
        site.postgres.execute(
            "UPDATE node_orchestrator.head SET tenure = gen_random_uuid(), backend = NULL, holder = 'z',"
            f" ends = now() + interval '1 day', url = 'http://127.0.0.1:{self.listener.getsockname()[1]}'"
        )
        server.wait_for_log("leader=z")

    def request(self):
        """A connection and what has come on it."""
        connection, _ = self.listener.accept()
        return connection, connection.recv(100_000)


def test_a_follower_that_stops_waits_for_the_answer_to_a_write(site):
    server = site.start("a")
    accepted(server, node(0))
    leader = FakeLeader(site, server)
    answers = []
    writer = threading.Thread(target=lambda: answers.append(request(server, "POST", "ComputeNode", node(1))))
    writer.start()
    connection, _ = leader.request()
    server.process.terminate()
    # Refused, or reset where it had not been taken yet.
    with pytest.raises(ConnectionError):
        while True:
            socket.create_connection(("127.0.0.1", int(server.url.rsplit(":", 1)[1])), timeout=TIMEOUT_SECONDS).close()
    connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}")
    writer.join()
    assert answers[0].status_code == 201


def test_a_stream_is_answered_where_the_leader_stops_behind_it(site):
    server = site.start("a")
    accepted(server, node(0))
    leader = FakeLeader(site, server)
    answers = []
    headers = {"Authorization": f"Bearer {server.token()}", "Content-Type": "application/x-ndjson"}
    url = f"{server.url}/ComputeNode"
    writer = threading.Thread(
        target=lambda: answers.append(requests.post(url, data=json.dumps(node(1)), headers=headers, timeout=TIMEOUT_SECONDS))
    )
    writer.start()
    connection, _ = leader.request()
    leader.listener.close()
    body = b'{"created": 1, "failed": 0}\n'
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
    connection.sendall(f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n")
    connection.close()
    writer.join()
    assert answers[0].content == body
