"""Servers that share a log in a real PostgreSQL: one leads, the others follow, and another one leads when it has gone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from cable import Cable
from conftest import missing
from documentation import others
from program import Program, executable, run_program
from sites import free_port
from support import CHECKOUT, TIMEOUT_SECONDS, client_environment

LEADS = "this server leads"
FOLLOWS = "this server follows"


class Site:
    """Servers, each in a folder of its own, that share a log."""

    def __init__(self, postgres, folder):
        self.postgres = postgres
        self.folder = folder
        self.environment = {"PGPASSWORD": postgres.password}
        self.started = []
        self.cable = Cable(postgres.port)

    def options(self):
        location = self.postgres.url().replace(str(self.postgres.port), str(self.cable.port))
        return ["--log", location, "--log-lease", "1s"]

    def start(self, name, *arguments):
        """Start a server, with the keys of the first one where it has none."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        port = free_port()
        arguments = ("--listen", f"127.0.0.1:{port}", "--replica-url", f"http://127.0.0.1:{port}", *arguments)
        if self.started and not (folder / "data").exists():
            shutil.copytree(self.started[0].folder / "data" / "keys", folder / "data" / "keys")
        server = Program(folder, *self.options(), *arguments, environment=self.environment)
        server.replica_url = f"http://127.0.0.1:{port}"
        self.started.append(server)
        return server

    def leader(self, servers):
        """Which of some servers leads."""
        url = self.postgres.execute("SELECT url FROM node_orchestrator.head").strip()
        return next(server for server in servers if server.replica_url == url)

    def refused(self, name, *arguments, keys_of=None, address="http://127.0.0.1:1"):
        """What a server says that does not start, with the keys of another one or none."""
        if keys_of:
            shutil.copytree(keys_of.folder / "data" / "keys", self.folder / name / "data" / "keys")
        command = [str(executable()), "serve", "--data-dir", str(self.folder / name / "data")]
        command += ["--listen", "127.0.0.1:0", *([] if address is None else ["--replica-url", address])]
        environment = {**client_environment(), **self.environment}
        done = subprocess.run(
            [*command, *arguments], capture_output=True, encoding="utf-8", env=environment, timeout=TIMEOUT_SECONDS, check=False
        )
        assert done.returncode != 0, done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def site(postgres, tmp_path):
    postgres.start()
    site = Site(postgres, tmp_path)
    yield site
    for server in site.started:
        server.stop()
    site.cable.close()


def request(server, method, path, body=None):
    headers = {"Authorization": f"Bearer {server.token()}"}
    return requests.request(method, f"{server.url}/{path}", json=body, headers=headers, timeout=TIMEOUT_SECONDS)


def node(index):
    return {"hostname": f"n{index}", "xname": f"x1000c0s{index}b0n0", "architecture": "x86_64"}


def sequence(answer):
    return int(answer.headers["Inventory-Sequence"])


def wait_for_sequence(server, number):
    """The nodes of a server once it has a transaction."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        answer = request(server, "GET", "ComputeNode")
        if sequence(answer) >= number:
            return answer.json()
        assert time.monotonic() < deadline, "".join(server.lines)
        time.sleep(0.02)


def accepted(server, body):
    """The answer to a write, once the server accepts it."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        answer = request(server, "POST", "ComputeNode", body)
        if answer.status_code == 201:
            return answer
        assert answer.status_code == 503 and time.monotonic() < deadline, answer.text
        time.sleep(0.05)


def lines(server):
    """The transactions in a server's journal, without what is local to it."""
    found = {}
    for segment in sorted((server.folder / "data" / "journal").glob("*.ndjson")):
        for line in segment.read_text().splitlines():
            record = json.loads(line)
            if "seq" in record:
                found[record["seq"]] = {key: record[key] for key in record if key not in ("synced", "crc")}
    return found


def test_one_leads_and_the_others_have_all_that_it_answers(site):
    first = site.start("a")
    written = sequence(accepted(first, node(0)))
    second = site.start("b")
    assert wait_for_sequence(second, written) == request(first, "GET", "ComputeNode").json()
    second.wait_for_log(FOLLOWS)
    first.wait_for_log(LEADS)
    for index in range(1, 30):
        written = sequence(accepted(first, node(index)))
    assert wait_for_sequence(second, written) == request(first, "GET", "ComputeNode").json()
    history = f"ComputeNode/{node(7)['xname']}/history"
    assert request(second, "GET", history).json() == request(first, "GET", history).json()
    assert lines(first) == lines(second)


def test_another_one_leads_when_the_leader_is_killed_and_nothing_is_lost(site):
    servers = [site.start("a")]
    accepted(servers[0], node(0))
    servers += [site.start("b"), site.start("c")]
    known = {"n0"}
    for turn in range(4):
        leader = site.leader(servers)
        others = [server for server in servers if server is not leader]
        names = []
        is_over = threading.Event()

        def write(server=leader, start=10 + 10 * turn, names=names):
            for index in range(start, start + 10):
                try:
                    if request(server, "POST", "ComputeNode", node(index)).status_code == 201:
                        names.append(f"n{index}")
                except requests.ConnectionError:
                    return
                if len(names) == 5:
                    is_over.set()

        writer = threading.Thread(target=write)
        writer.start()
        is_over.wait(TIMEOUT_SECONDS)
        leader.kill()
        writer.join()
        known |= set(names)
        start = time.monotonic()
        written = None
        while written is None:
            for server in others:
                answer = request(server, "POST", "ComputeNode", node(100 + turn))
                # It may have been done before, where nobody knew.
                if answer.status_code in (201, 409):
                    written = sequence(answer)
                    break
            assert time.monotonic() - start < TIMEOUT_SECONDS
        servers = others
        known.add(f"n{100 + turn}")
        assert written > 1_000_000 * (turn + 1)
        servers.append(site.start(leader.folder.name))
        for server in servers:
            found = {found["hostname"] for found in wait_for_sequence(server, written)}
            # What was under way when the leader was killed may be there, too.
            assert known <= found and len(found - known) <= 1 + turn
    assert lines(servers[0]) == lines(servers[1]) == lines(servers[2])


def test_a_stop_hands_the_lead_over_at_once(site):
    first = site.start("a", "--log-lease", "1h")
    written = sequence(accepted(first, node(0)))
    second = site.start("b")
    first.stop()
    answer = accepted(second, node(1))
    assert sequence(answer) == written + 1


def test_reads_go_on_without_postgresql_and_writes_by_themselves_once_it_is_back(site):
    server = site.start("a")
    accepted(server, node(0))
    site.postgres.stop()
    answer = request(server, "POST", "ComputeNode", node(1))
    assert answer.status_code == 503
    assert [found["hostname"] for found in request(server, "GET", "ComputeNode").json()] == ["n0"]
    server.wait_for_log("the log in PostgreSQL cannot be used")
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while (ready := requests.get(f"{server.url}/readyz?max-staleness=1.5s", timeout=TIMEOUT_SECONDS)).status_code == 200:
        assert time.monotonic() < deadline and ready.json()["staleness"] <= 1.5
        time.sleep(0.1)
    assert ready.status_code == 503 and "whether the log has more" in ready.json()["detail"]
    ready = requests.get(f"{server.url}/readyz", timeout=TIMEOUT_SECONDS)
    assert ready.status_code == 200 and ready.json()["staleness"] > 1
    assert requests.get(f"{server.url}/readyz?max-staleness=soon", timeout=TIMEOUT_SECONDS).status_code == 400
    metrics = requests.get(f"{server.url}/metrics", timeout=TIMEOUT_SECONDS).text
    assert "\nreplica_leads 0" in metrics and "\nreplica_staleness_seconds " in metrics
    server.kill()
    again = site.start("a")
    assert [found["hostname"] for found in request(again, "GET", "ComputeNode").json()] == ["n0"]
    assert "PostgreSQL" in site.refused("empty", *site.options())
    site.postgres.start()
    accepted(again, node(2))
    again.wait_for_log("the log in PostgreSQL can be used again")
    assert requests.get(f"{again.url}/readyz?max-staleness=30s", timeout=TIMEOUT_SECONDS).status_code == 200


@pytest.mark.parametrize("direction", ["toward", "back"])
def test_what_became_of_a_write_is_found_out_when_the_connection_breaks(site, direction):
    server = site.start("a")
    wanted, doubtful = [], []
    for index in range(0, 10, 2):
        written = sequence(accepted(server, node(index)))
        wanted.append(f"n{index}")
        sent = threading.Event()

        def toward(data, sent=sent):
            if b"node_orchestrator.append(" not in data:
                return True
            sent.set()
            return direction != "toward"

        def back(_, sent=sent):
            # The answer to what was committed gets lost.
            return direction != "back" or not sent.is_set()

        def mend(sent=sent):
            assert sent.wait(TIMEOUT_SECONDS)
            time.sleep(0.2)
            site.cable.toward = site.cable.back = lambda data: True

        site.cable.toward, site.cable.back = toward, back
        mender = threading.Thread(target=mend)
        mender.start()
        answer = request(server, "POST", "ComputeNode", node(index + 1))
        mender.join()
        # The answer that got lost is found out, for as long as the cable is not broken.
        assert direction == "toward" or answer.status_code == 201, answer.text
        if answer.status_code == 201:
            wanted.append(f"n{index + 1}")
        elif answer.json()["type"] == "urn:problem-type:may-have-been-done":
            doubtful.append(f"n{index + 1}")
        else:
            assert answer.status_code == 503 and answer.headers["Retry-After"] and direction == "toward", answer.text
            written = sequence(accepted(server, node(index + 1)))
            wanted.append(f"n{index + 1}")
    written = sequence(accepted(server, node(10)))
    wanted.append("n10")
    names = [item["hostname"] for item in wait_for_sequence(server, written)]
    assert set(wanted) <= set(names) <= {*wanted, *doubtful} and len(names) == len(set(names))
    count = site.postgres.execute("SELECT count(*) FROM node_orchestrator.lines").strip()
    assert int(count) == len(names)


def test_a_connection_that_says_nothing_is_given_up(site):
    server = site.start("a")
    accepted(server, node(0))
    halt = threading.Event()
    site.cable.back = lambda data: halt.wait(TIMEOUT_SECONDS) and False
    start = time.monotonic()
    assert request(server, "POST", "ComputeNode", node(1)).status_code == 503
    assert time.monotonic() - start < 20
    assert request(server, "GET", "ComputeNode").status_code == 200
    site.cable.back = lambda data: True
    halt.set()
    site.cable.cut()
    answer = accepted(server, node(2))
    names = {item["hostname"] for item in wait_for_sequence(server, sequence(answer))}
    assert {"n0", "n2"} <= names


def test_who_leads_and_how_far_each_is_can_be_seen(site):
    first = site.start("a")
    second = site.start("b")
    written = sequence(accepted(second, node(0)))
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        found = request(second, "GET", "replicas").json()
        rows = {row["url"]: row for row in found["replicas"]}
        if len(rows) == 2 and all(row["sequence"] == written for row in rows.values()):
            break
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    assert rows[first.replica_url]["leads"] and not rows[second.replica_url]["leads"]
    assert all(row["behind"] == 0 and row["oldest"] == 0 and row["age"] < 10 and row["since"] for row in rows.values())
    command = [str(executable()), "replicas", "--server", first.url, "--data-dir", str(first.folder / "data")]
    shown = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=TIMEOUT_SECONDS, check=True).stdout
    head, *body = shown.splitlines()
    assert head.split() == ["NAME", "URL", "LEADS", "SEQUENCE", "BEHIND", "OLDEST", "SINCE", "AGE"]
    assert [first.replica_url in line for line in body if " yes " in line] == [True] and len(body) == 2
    first.stop()
    while [row["url"] for row in request(second, "GET", "replicas").json()["replicas"] if row["leads"]] != [second.replica_url]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert len(request(second, "GET", "replicas").json()["replicas"]) == 1


def test_the_lead_moves_on_purpose_without_a_gap(site):
    servers = [site.start(name) for name in "abc"]
    accepted(servers[0], node(0))
    for server in servers[1:]:
        server.wait_for_log(FOLLOWS)
    answers, is_over = [], threading.Event()

    def write():
        while not is_over.is_set():
            body = {"hostname": f"w{len(answers)}", "architecture": "x86_64"}
            answers.append(request(servers[len(answers) % 3], "POST", "ComputeNode", body))

    def lead(server, *arguments):
        command = [str(executable()), "replicas", "lead", *arguments, "--server", server.url]
        command += ["--data-dir", str(server.folder / "data")]
        environment = client_environment()
        return subprocess.run(
            command, capture_output=True, encoding="utf-8", env=environment, timeout=TIMEOUT_SECONDS, check=False
        )

    # All three have told the log of themselves.
    while len(request(servers[0], "GET", "replicas").json()["replicas"]) < 3:
        time.sleep(0.05)
    writer = threading.Thread(target=write)
    writer.start()
    # By the server that is asked, by another one, which is named, and to the leader itself.
    for asked, heir, arguments in ((1, 1, ()), (0, 2, ("--to", servers[2].replica_url)), (2, 2, ())):
        moved = lead(servers[asked], *arguments)
        assert (moved.stdout, moved.stderr) == (f"{servers[heir].replica_url} leads\n", "")
        before = len(answers)
        while len(answers) < before + 10:
            time.sleep(0.01)
        assert site.leader(servers) is servers[heir]
    is_over.set()
    writer.join()
    # Those on their way to a server that does not lead any more are to be sent again.
    assert {answer.status_code for answer in answers} <= {201, 503}
    assert all("Retry-After" in answer.headers for answer in answers if answer.status_code == 503)
    numbers = [sequence(answer) for answer in answers if answer.status_code == 201]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    unknown = lead(servers[0], "--to", "elsewhere")
    assert (unknown.returncode, unknown.stdout) == (1, "") and "no replica elsewhere" in unknown.stderr
    same = lead(servers[0], "--to", request(servers[0], "GET", "replicas").json()["replicas"][0]["name"])
    assert same.returncode == 1 and "Several replicas" in same.stderr
    servers[1].kill()
    while {row["url"]: row["age"] for row in request(servers[0], "GET", "replicas").json()["replicas"]}[servers[1].replica_url] < 6:
        time.sleep(0.2)
    silent = lead(servers[0], "--to", servers[1].replica_url)
    assert silent.returncode == 1 and "has said nothing for" in silent.stderr


def wait_until_forgotten(site, number):
    """Wait until the log begins behind a number."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while int(site.postgres.execute("SELECT oldest FROM node_orchestrator.head").strip()) < number:
        assert time.monotonic() < deadline
        time.sleep(0.05)


class Impostor(BaseHTTPRequestHandler):
    """Says that it has a snapshot that is newer than any other."""

    def do_GET(self):
        body = json.dumps([{"id": "2100-01-01T00-00-00.000Z", "sequence": 1_000_000_000}]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def test_a_server_joins_with_a_snapshot_where_the_log_begins_later(site):
    keep = ("--log-keep-for", "1s")
    first = site.start("a", *keep)
    for index in range(5):
        written = sequence(accepted(first, node(index)))
    assert request(first, "POST", "snapshots").status_code == 201
    wait_until_forgotten(site, written)
    last = sequence(accepted(first, node(5)))
    impostor = ThreadingHTTPServer(("127.0.0.1", 0), Impostor)
    threading.Thread(target=impostor.serve_forever).start()
    row = f"'http://127.0.0.1:{impostor.server_port}', 'z', 5, 0, clock_timestamp(), version"
    site.postgres.execute(
        "INSERT INTO node_orchestrator.replicas (url, name, sequence, oldest, seen, version) "
        f"SELECT {row} FROM node_orchestrator.replicas"
    )
    second = site.start("b", *keep)
    impostor.shutdown()
    second.wait_for_log("is not signed with the credential key")
    second.wait_for_log("joins with a snapshot")
    assert wait_for_sequence(second, last) == request(first, "GET", "ComputeNode").json()
    assert lines(second) == lines(first)
    assert request(second, "GET", f"ComputeNode?at={written}").json() == request(first, "GET", f"ComputeNode?at={written}").json()
    second.wait_for_log("the history from before this server joined is there")
    assert request(second, "GET", "ComputeNode?at=1").json() == request(first, "GET", "ComputeNode?at=1").json()
    # One that was away joins anew by itself, and what it had is kept beside.
    second.stop()
    last = sequence(accepted(first, node(6)))
    assert request(first, "POST", "snapshots").status_code == 201
    wait_until_forgotten(site, last)
    last = sequence(accepted(first, node(7)))
    again = site.start("b", *keep)
    again.wait_for_log("away for longer than the log is kept")
    assert wait_for_sequence(again, last) == request(first, "GET", "ComputeNode").json()
    [aside] = (again.folder / "data").glob("aside-*")
    assert {"head", "journal", "shared-log"} <= {file.name for file in aside.iterdir()}
    # With nobody to ask there are the copies.
    shutil.copytree(first.folder / "data" / "snapshots", site.folder / "copies")
    for server in (first, again):
        server.stop()
    refusal = site.refused("c", *site.options(), *keep, keys_of=first)
    assert "no server that can be reached has a snapshot" in refusal
    third = site.start("c", *keep, "--snapshot-copy", str(site.folder / "copies"))
    third.wait_for_log(f"{site.folder}/copies")
    assert len(wait_for_sequence(third, last)) == 8


def test_the_key_of_the_passwords_changes_when_all_servers_have_it(site):
    first, second = site.start("a"), site.start("b")
    document = {"xname": "x1000c0s0b0", "username": "root", "password": "initial0", "mac_address": "02:00:00:00:00:01"}
    made = request(second, "POST", "BMC", document)
    assert made.status_code == 201, made.text
    path = f"BMC/{made.json()['id']}/credentials"
    second.wait_for_log(FOLLOWS)
    refused = request(second, "POST", "credentials/rotate")
    key = first.folder / "data" / "keys" / "credential.key"
    assert refused.status_code == 409 and second.replica_url in refused.text and str(key) in refused.text
    assert request(first, "GET", path).json()["password"] == request(second, "GET", path).json()["password"] == "initial0"
    shutil.copy(key, second.folder / "data" / "keys")
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while (answer := request(second, "POST", "credentials/rotate")).status_code == 409:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert answer.status_code == 200 and (answer.json()["resealed"], answer.json()["unreadable"]) == (1, 0)
    assert answer.json()["key"] in refused.text
    for server in (first, second):
        wait_for_sequence(server, sequence(answer))
        assert request(server, "GET", path).json()["password"] == "initial0"
    # Whoever leads seals with it, too, which it knows within seconds.
    assert request(second, "POST", "replicas/lead").status_code == 200
    attempt, last = 0, {}
    while f"v1.{answer.json()['key']}." not in json.dumps(last):
        assert time.monotonic() < deadline
        attempt += 1
        changed = request(first, "PATCH", f"BMC/{made.json()['id']}", {"password": f"initial{attempt}"})
        assert changed.status_code == 200, changed.text
        last = lines(second)[sequence(changed)]
    for server in (first, second):
        wait_for_sequence(server, sequence(changed))
        assert request(server, "GET", path).json()["password"] == f"initial{attempt}"
    # A server that has only the old one is told.
    new, old = key.read_text().splitlines()
    shutil.copytree(first.folder / "data" / "keys", site.folder / "c" / "data" / "keys")
    (site.folder / "c" / "data" / "keys" / "credential.key").write_text(old + "\n")
    assert answer.json()["key"] in site.refused("c", *site.options())
    (site.folder / "c" / "data" / "keys" / "credential.key").write_text(f"{old}\n{new}\n")
    (site.folder / "c" / "data" / "keys" / "token.key").unlink()
    assert "copy token.key from one of them" in site.refused("c", *site.options())
    shutil.copy(first.folder / "data" / "keys" / "token.key", site.folder / "c" / "data" / "keys")
    third = site.start("c")
    wait_for_sequence(third, sequence(changed))
    assert request(third, "GET", path).json()["password"] == f"initial{attempt}"


def test_nothing_is_written_that_an_older_server_cannot_read(site):
    server = site.start("a")
    accepted(server, node(0))
    older = "'http://old', 'old', sequence, oldest, clock_timestamp(), 'older'"
    site.postgres.execute(
        "INSERT INTO node_orchestrator.versions "
        "SELECT 'older', array_remove(knows, 'ComputeNode.xname') FROM node_orchestrator.versions;"
        "INSERT INTO node_orchestrator.replicas (url, name, sequence, oldest, seen, version) "
        f"SELECT {older} FROM node_orchestrator.replicas"
    )
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while "waiting" not in (found := request(server, "GET", "replicas").json()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert found["waiting"] == [{"feature": "ComputeNode.xname", "for": ["http://old"]}]
    refused = request(server, "POST", "ComputeNode", node(1))
    assert refused.status_code == 409 and "ComputeNode.xname waits until" in refused.text and "http://old" in refused.text
    assert request(server, "POST", "ComputeNode", {"hostname": "n7", "architecture": "x86_64"}).status_code == 201
    command = [str(executable()), "replicas", "--server", server.url, "--data-dir", str(server.folder / "data")]
    shown = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=TIMEOUT_SECONDS, check=True).stdout
    assert shown.splitlines()[-1] == "ComputeNode.xname waits for http://old"
    site.postgres.execute("DELETE FROM node_orchestrator.replicas WHERE name = 'old'")
    while request(server, "POST", "ComputeNode", node(1)).status_code != 201:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def crc32c(data):
    """The checksum of bytes (RFC 3720, appendix B.4)."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def add_line(site, changes):
    """Append a transaction to the log in the name of nobody; return its number."""
    last, chain = site.postgres.execute("SELECT last, chain FROM node_orchestrator.head").strip().split("|")
    number = int(last) + 1
    line = json.dumps({"seq": number, "at": "2026-11-28T00:00:00.000Z", "changes": changes}, separators=(",", ":"))
    content = line[:-1].encode()
    block = bytes.fromhex(chain) + len(content).to_bytes(8, "little") + crc32c(content).to_bytes(4, "little")
    after = hashlib.sha256(block).hexdigest()[:32]
    site.postgres.execute(
        f"INSERT INTO node_orchestrator.lines (seq, part, chain, line) VALUES ({number}, 1, '{after}', '{line}');"
        f"UPDATE node_orchestrator.head SET last = {number}, chain = '{after}'"
    )
    return number


def test_a_server_stops_before_what_its_version_does_not_know(site):
    server = site.start("a")
    made = accepted(server, node(0))
    document = {"id": "01a20000-0000-7000-8000-000000000001", "hostname": "n1", "architecture": "x86_64", "colour": "blue"}
    change = {"op": "put", "kind": "ComputeNode", "id": document["id"], "document": document}
    number = add_line(site, [change])
    refused = request(server, "POST", "ComputeNode", node(2))
    assert refused.status_code == 503
    server.wait_for_log(f"transaction {number} has fields that this version does not know, ComputeNode.colour")
    assert wait_for_sequence(server, sequence(made)) == [made.json()]
    deadline = time.monotonic() + TIMEOUT_SECONDS
    # Others may lead, who know it.
    while site.postgres.execute("SELECT count(holder) FROM node_orchestrator.head").strip() != "0":
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM node_orchestrator.lines WHERE seq = 3",
        "UPDATE node_orchestrator.lines SET line = replace(line, 'n2', 'n7') WHERE seq = 3",
        "UPDATE node_orchestrator.lines SET line = '{' WHERE seq = 3",
        "UPDATE node_orchestrator.lines SET chain = 'x' WHERE seq = 3",
        "UPDATE node_orchestrator.lines SET part = 2 WHERE seq = 3",
    ],
)
def test_what_somebody_has_changed_in_the_log_is_not_guessed_at(site, damage):
    first = site.start("a")
    for index in range(5):
        written = sequence(accepted(first, node(index)))
    site.postgres.execute(damage)
    # Who joins says what is wrong, and where; who has read it before goes on.
    refused = site.refused("b", *site.options(), keys_of=first)
    assert "the log is damaged" in refused and re.search(r"\b[234]\b", refused.split("the log is damaged")[1]), refused
    last = sequence(accepted(first, node(5)))
    assert last == written + 1
    # With a snapshot that is behind it others join.
    assert request(first, "POST", "snapshots").status_code == 201
    site.postgres.execute(
        f"DELETE FROM node_orchestrator.lines WHERE seq < {last};"
        f"UPDATE node_orchestrator.head SET (oldest, oldest_chain) = ({last}, chain)"
    )
    second = site.start("b")
    assert len(wait_for_sequence(second, last)) == 6


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE node_orchestrator.head SET version = 2", "the log's tables have version 2"),
        ("UPDATE node_orchestrator.head SET format = 9", "the log's lines have format 9"),
        ("UPDATE node_orchestrator.head SET chain = 'x'", "its head cannot be read"),
        ("UPDATE node_orchestrator.head SET oldest = last + 5", "its head begins behind its end"),
        ("DELETE FROM node_orchestrator.head", "its head is missing, though it has transactions"),
        ("DROP TABLE node_orchestrator.lines", "lines"),
    ],
)
def test_tables_that_somebody_has_changed_are_refused(site, change, words):
    first = site.start("a")
    accepted(first, node(0))
    nodes = request(first, "GET", "ComputeNode").json()
    site.postgres.execute(change)
    assert words in site.refused("b", *site.options(), keys_of=first)
    # The server that runs answers reads, and says that it cannot write.
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while request(first, "POST", "ComputeNode", node(1)).status_code not in (503, 409):
        assert time.monotonic() < deadline
    first.stop()
    assert words in site.refused("a", *site.options())
    assert len(nodes) == 1


def test_files_of_snapshots_are_for_administrators(site):
    server = site.start("a")
    accepted(server, node(0))
    snapshot = request(server, "POST", "snapshots").json()["id"]
    path = f"{server.url}/snapshots/{snapshot}/files/"
    made = run_program("token", "--subject", "v", "--role", "viewer", "--data-dir", str(server.folder / "data"))
    viewer = {"Authorization": f"Bearer {made.stdout.strip()}"}
    for name in ("manifest.json", "ComputeNode.parquet"):
        assert requests.get(path + name, timeout=TIMEOUT_SECONDS).status_code == 401
        assert requests.get(path + name, headers=viewer, timeout=TIMEOUT_SECONDS).status_code == 403
        found = request(server, "GET", f"snapshots/{snapshot}/files/{name}")
        assert found.content == (server.folder / "data" / "snapshots" / f"snapshot={snapshot}" / name).read_bytes()
    for name in ("nothing", "..%2F..%2Fhead", "%2Fetc%2Fpasswd"):
        assert request(server, "GET", f"snapshots/{snapshot}/files/{name}").status_code == 404


def test_a_load_through_a_follower_is_the_same_everywhere(site):
    count = int(os.environ.get("REPLICA_NODES", "3000"))
    servers = [site.start(name) for name in "abc"]
    accepted(servers[0], {"hostname": "first", "architecture": "x86_64"})
    servers[1].wait_for_log(FOLLOWS)
    generate = [sys.executable, str(CHECKOUT / "scripts" / "generate-nodes"), str(count), "--seed", "7"]
    with open(site.folder / "nodes.ndjson", "wb") as file:
        subprocess.run(generate, stdout=file, timeout=TIMEOUT_SECONDS, check=True)
    # Which reads the answers while it sends.
    send = ["curl", "-sS", "-X", "POST", "-T", str(site.folder / "nodes.ndjson"), f"{servers[1].url}/ComputeNode"]
    send += ["-H", f"Authorization: Bearer {servers[1].token()}", "-H", "Content-Type: application/x-ndjson"]
    answer = subprocess.run(send, capture_output=True, encoding="utf-8", timeout=20 * TIMEOUT_SECONDS, check=True).stdout
    assert answer.splitlines()[-1] == f'{{"created":{count},"failed":0}}', answer[-500:]
    number = max(sequence(request(server, "GET", "healthz")) for server in servers)
    for server in servers:
        assert len(wait_for_sequence(server, number)) == count + 1
        server.stop()
    journals = [lines(server) for server in servers]
    assert journals[0] == journals[1] == journals[2] and max(journals[0]) == number
    # The hash after the last covers all before.
    assert len({journal[number]["chain"] for journal in journals}) == 1


def test_a_transaction_may_take_longer_than_a_lease(site):
    first, second = site.start("a"), site.start("b")
    accepted(first, node(0))
    body = "".join(f"{json.dumps({'hostname': f'm{index}', 'architecture': 'x86_64'})}\n" for index in range(25_000))
    headers = {"Authorization": f"Bearer {first.token()}", "Content-Type": "application/x-ndjson"}
    loaded = requests.post(f"{first.url}/ComputeNode", data=body, headers=headers, timeout=TIMEOUT_SECONDS)
    assert loaded.status_code == 200, loaded.text
    second.wait_for_log(FOLLOWS)

    def slow(data):
        """Some 12 MB in a second, which makes three of this transaction."""
        time.sleep(len(data) / 12e6)
        return True

    site.cable.piece, site.cable.toward = 1 << 20, slow
    site.cable.cut()
    accepted(first, node(1))
    start = time.monotonic()
    changes = {"description": "d" * 1000}
    answer = request(first, "PATCH", "ComputeNode?hostname=m*&expect=25000", changes)
    assert answer.status_code == 200, answer.text
    assert time.monotonic() - start > 2.5
    site.cable.toward = lambda data: True
    written = sequence(answer)
    found = [each.get("description") for each in wait_for_sequence(second, written)]
    assert found.count(changes["description"]) == 25_000
    assert sequence(accepted(second, node(2))) == written + 1


def test_a_leader_whose_disk_is_full_hands_over_and_loses_nothing(site):
    first, second = site.start("a"), site.start("b")
    accepted(first, node(0))
    second.wait_for_log(FOLLOWS)
    first.fill_disk()
    written = sequence(accepted(first, node(1)))
    second.wait_for_log(LEADS)
    # What it could not write it knows all the same.
    last = sequence(accepted(second, node(2)))
    nodes = wait_for_sequence(second, last)
    assert wait_for_sequence(first, last) == nodes and len(nodes) == 3
    assert written not in lines(first)
    # Others write for it.
    last = sequence(accepted(first, node(3)))
    nodes = wait_for_sequence(second, last)
    first.free_disk()
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while lines(first) != lines(second):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    # Whoever waits for the last of them has it, though nothing comes behind it.
    headers = {"Authorization": f"Bearer {first.token()}", "Inventory-Min-Sequence": str(last)}
    found = requests.get(f"{first.url}/ComputeNode", headers=headers, timeout=TIMEOUT_SECONDS)
    assert found.status_code == 200 and found.json() == nodes
    first.kill()
    again = site.start("a")
    assert wait_for_sequence(again, last) == nodes


def test_no_snapshot_is_ahead_of_files_that_could_not_be_written(site):
    first, second = site.start("a"), site.start("b")
    written = sequence(accepted(first, node(0)))
    wait_for_sequence(second, written)
    second.fill_disk()
    written = sequence(accepted(first, node(1)))
    nodes = wait_for_sequence(second, written)
    site.postgres.stop()
    second.free_disk()
    second.stop()
    site.postgres.start()
    second = site.start("b")
    assert wait_for_sequence(second, written) == nodes


def test_a_server_that_started_without_postgresql_says_what_it_knows(site):
    first, second = site.start("a"), site.start("b")
    wait_for_sequence(second, sequence(accepted(first, node(0))))
    second.stop()
    site.postgres.execute("DELETE FROM node_orchestrator.versions")
    site.postgres.stop()
    second = site.start("b")
    site.postgres.start()
    known = "SELECT count(*) FROM node_orchestrator.versions"
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while site.postgres.execute(known).strip() != "1":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    accepted(second, node(1))


def test_servers_start_and_read_while_commits_wait_for_a_standby(site):
    first, second = site.start("a"), site.start("b")
    nodes = wait_for_sequence(second, sequence(accepted(first, node(0))))
    second.kill()
    setting = "ALTER SYSTEM SET synchronous_standby_names = '{}'"
    try:
        site.postgres.execute(setting.format("nobody"))
        site.postgres.execute("SELECT pg_reload_conf()")
        second = site.start("b")
        assert request(second, "GET", "ComputeNode").json() == nodes
        # Connections that are given up would stay at PostgreSQL.
        count = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'node-orchestrator%'"
        end = time.monotonic() + 25
        while time.monotonic() < end:
            assert int(site.postgres.execute(count)) < 12
            time.sleep(0.5)
    finally:
        site.postgres.execute(setting.format(""))
        site.postgres.execute("SELECT pg_reload_conf()")
    accepted(second, node(1))


def test_numbers_of_other_servers_are_waited_for(site):
    first = site.start("a")
    accepted(first, node(0))
    second = site.start("b")
    read = requests.Session()
    read.headers["Authorization"] = f"Bearer {second.token()}"

    def get(path, **headers):
        return read.get(f"{second.url}/{path}", headers=headers, timeout=TIMEOUT_SECONDS)

    for index in range(1, 60):
        answer = accepted(first, node(index))
        number = sequence(answer)
        path = f"ComputeNode/{answer.json()['id']}"
        if index % 6 == 0:
            statement = {"sql": "SELECT count(*) AS nodes FROM compute_nodes", "at": number}
            found = read.post(f"{second.url}/query", json=statement, timeout=TIMEOUT_SECONDS)
        elif index % 3 == 0:
            found = get(path, **{"Inventory-Min-Sequence": str(number)})
        elif index % 3 == 1:
            found = get(f"{path}?at={number}")
        else:
            found = get(f"diff?from={number - 1}&to={number}")
        assert found.status_code == 200, found.text
        assert sequence(found) >= number or "diff" in found.url or "at=" in found.url
    # What no server has is not waited for endlessly.
    start = time.monotonic()
    late = get("ComputeNode", **{"Inventory-Min-Sequence": str(number + 1)})
    assert late.status_code == 503 and late.headers["Retry-After"] and str(number + 1) in late.json()["detail"]
    assert get(f"ComputeNode?at={number + 1}").status_code == 400
    assert 9 < time.monotonic() - start < 30
    assert get("ComputeNode", **{"Inventory-Min-Sequence": "soon"}).status_code == 400
    # What comes while it is waited for is answered then.
    answers = []
    waiter = threading.Thread(target=lambda: answers.append(get("ComputeNode", **{"Inventory-Min-Sequence": str(number + 1)})))
    waiter.start()
    accepted(first, node(60))
    waiter.join()
    assert answers[0].status_code == 200 and len(answers[0].json()) == 61


def test_whoever_cannot_take_part_is_told_why(site, start_program):
    assert "--replica-url is missing" in site.refused("nowhere", *site.options(), address=None)
    for address in ("inventory1:8443", "https://inventory1/inventory", "ftp://inventory1", "https://"):
        assert "address without a path" in site.refused("nowhere", *site.options(), address=address)
    alone = start_program()
    request(alone, "POST", "ComputeNode", node(0))
    alone.stop()
    site.folder.joinpath("alone").mkdir()
    shutil.copytree(alone.folder / "data", site.folder / "alone" / "data")
    assert "begin with an empty data directory" in site.refused("alone", *site.options())
    first = site.start("a")
    accepted(first, node(1))
    assert "use another data directory or another log" in site.refused("alone", *site.options())
    output = site.refused("keyless", *site.options())
    assert "copy" in output and "credential.key" in output
    output = site.refused("secret", "--log", site.postgres.url(site.postgres.password))
    assert "password" in output and site.postgres.password not in output
    output = site.refused("wrong", "--log", "mysql://db/x")
    assert "postgres://" in output
    assert not any(site.postgres.password in line for line in first.lines)


def test_the_documented_set_up(site):
    serve, copy = others("docs/replicas.md", "Setting up")
    words = shlex.split(serve.replace("\\\n", " "))
    assert words[:3] == ["node-orchestrator", "serve", "--data-dir"] and words[4:6] == ["--listen", ":8080"]
    assert words[6] == "--log" and words[7].startswith("postgres://inventory@db1,db2/")
    first = site.start("a")
    (site.folder / "b" / "data" / "keys").mkdir(parents=True)
    copy = copy.replace("scp -p first:/var/lib/node-orchestrator", f"cp -p {first.folder / 'data'}")
    copy = copy.replace("/var/lib/node-orchestrator", str(site.folder / "b" / "data"))
    subprocess.run(["bash", "-ec", copy], check=True, timeout=TIMEOUT_SECONDS)
    second = site.start("b")
    assert wait_for_sequence(second, sequence(accepted(first, node(0))))[0]["hostname"] == "n0"
    # The same tokens are good at both.
    headers = {"Authorization": f"Bearer {first.token()}"}
    answer = requests.post(f"{second.url}/snapshots", headers=headers, timeout=TIMEOUT_SECONDS)
    assert answer.status_code == 201, answer.text
    [statement] = others("docs/formats/log.md", "Log in PostgreSQL")
    assert site.postgres.execute(statement).splitlines()[0].split("|")[3] == "2"


def test_the_documented_balancer(site, tmp_path):
    if shutil.which("haproxy") is None:
        missing("NO HAPROXY: on Debian 'apt-get install haproxy'")
    # Patroni's is not tried out; the balancer is, without certificates.
    _, options, balancer = others("docs/replicas.md", "An example")
    log = re.search(r"^log: (.*)$", options, re.M)[1]
    assert log.startswith("postgres://inventory@db1.example,db2.example,db3.example/")
    lines = [line for line in options.splitlines() if not re.match("listen|data-dir|log|replica-url|replica-ca|tls-", line)]
    (tmp_path / "node-orchestrator.yaml").write_text("\n".join(lines).replace("10.0.0.10", "127.0.0.1") + "\n")
    servers = [site.start(name, "--config", str(tmp_path / "node-orchestrator.yaml")) for name in "abc"]
    port = free_port()
    text = balancer.replace("bind :443 ssl crt /etc/haproxy/inventory.pem", f"bind 127.0.0.1:{port}")
    text = text.replace(" ssl verify required ca-file /etc/haproxy/site-ca.pem", "")
    for number, server in enumerate(servers, 1):
        text = text.replace(f"inventory{number}.example:8443", server.replica_url.removeprefix("http://"))
    (tmp_path / "haproxy.cfg").write_text(text)
    process = subprocess.Popen(["haproxy", "-db", "-f", str(tmp_path / "haproxy.cfg")], stderr=subprocess.DEVNULL)
    try:
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {servers[0].token()}"
        url, deadline, index, highest = f"http://127.0.0.1:{port}/ComputeNode", time.monotonic() + TIMEOUT_SECONDS, 0, 0
        killed = False
        while index < 30:
            assert time.monotonic() < deadline
            headers = {"Idempotency-Key": f"k{index}", "Inventory-Min-Sequence": str(highest)}
            try:
                answer = session.post(url, json=node(index), headers=headers, timeout=10)
                if answer.status_code == 201:
                    highest = sequence(answer)
                    found = session.get(f"{url}?count=true", headers={"Inventory-Min-Sequence": str(highest)}, timeout=10)
                    assert found.status_code == 503 or found.json()["count"] == index + 1
                    index += 1
            except requests.ConnectionError:
                pass
            if index == 10 and not killed:
                killed = True
                site.leader(servers).kill()
    finally:
        process.terminate()
        process.wait(TIMEOUT_SECONDS)


def test_a_directory_that_belongs_to_a_log_is_not_used_without_it(site):
    first = site.start("a")
    written = sequence(accepted(first, node(0)))
    first.stop()
    for arguments in ([], ["--no-restore"]):
        output = site.refused("a", *arguments, address=None)
        assert "--log" in output and "shared-log" in output
    data = first.folder / "data"
    command = [str(executable()), "snapshot", "create", "--data-dir", str(data)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=TIMEOUT_SECONDS, check=False)
    assert done.returncode == 1 and "--log" in done.stderr
    # What only reads does.
    listing = [str(executable()), "query", "--data-dir", str(data), "--format", "csv", "SELECT hostname FROM compute_nodes"]
    assert subprocess.run(listing, capture_output=True, encoding="utf-8", check=True).stdout.splitlines()[1:] == ["n0"]
    (data / "shared-log").unlink()
    alone = Program(first.folder)
    assert sequence(accepted(alone, node(1))) > written
    alone.stop()
    # Which the log then does not take for its own.
    assert "not in the log" in site.refused("a", *site.options())


def test_a_server_that_has_what_the_log_lost_does_not_guess(site):
    first = site.start("a")
    for index in range(3):
        written = sequence(accepted(first, node(index)))
    first.stop()
    site.postgres.execute(
        f"DELETE FROM node_orchestrator.lines WHERE seq = {written};"
        f"UPDATE node_orchestrator.head SET (last, chain) = (SELECT seq, chain FROM node_orchestrator.lines"
        f" ORDER BY seq DESC LIMIT 1)"
    )
    output = site.refused("a", *site.options())
    assert f"the log ends at transaction {written - 1}" in output and f"up to {written}" in output


def command(site, *arguments):
    """Run a command of the program with the password of the database."""
    return run_program(*arguments, environment=site.environment)


def lose(site, number):
    """Have the log lose what is behind a transaction, as a failover to a standby can."""
    site.postgres.execute(
        f"DELETE FROM node_orchestrator.lines WHERE seq > {number};"
        "UPDATE node_orchestrator.head SET (last, chain) = (SELECT seq, chain FROM node_orchestrator.lines ORDER BY seq DESC LIMIT 1)"
    )


def test_what_the_log_has_lost_is_put_back(site):
    first, second = site.start("a"), site.start("b")
    for index in range(4):
        written = sequence(accepted(first, node(index)))
    wait_for_sequence(second, written)
    second.stop()
    nodes = request(first, "GET", "ComputeNode").json()
    lose(site, 2)
    # The server says so while it runs, and writes no more.
    first.wait_for_log(f"the log ends at transaction 2, and this server has transactions up to {written}")
    assert request(first, "POST", "ComputeNode", node(8)).status_code == 503
    assert request(first, "GET", "ComputeNode").json() == nodes
    first.stop()
    log = ("--log", site.options()[1], "--data-dir", str(first.folder / "data"))
    pushed = command(site, "log", "push", *log)
    assert (pushed.stdout, pushed.returncode) == (f"the log has the transactions 3 to {written} again\n", 0), pushed.stderr
    assert command(site, "log", "push", *log).stdout == "the log has all that this server has\n"
    again, other = site.start("a"), site.start("b")
    last = sequence(accepted(other, node(4)))
    assert wait_for_sequence(again, last) == wait_for_sequence(other, last)
    assert len(request(other, "GET", "ComputeNode").json()) == 5
    assert lines(again) == lines(other)


def test_where_others_have_gone_on_only_a_fresh_start_is_left(site):
    first, second = site.start("a"), site.start("b")
    for index in range(4):
        written = sequence(accepted(first, node(index)))
    wait_for_sequence(second, written)
    first.stop()
    second.stop()
    lose(site, 2)
    # One that had not got that far.
    third = site.start("c")
    last = sequence(accepted(third, node(7)))
    log = ("--log", site.options()[1], "--data-dir", str(first.folder / "data"))
    refused = command(site, "log", "push", *log)
    assert refused.returncode == 1 and "replicas reset" in refused.stderr
    assert "not in the log" in site.refused("a", *site.options())
    reset = command(site, "replicas", "reset", "--data-dir", str(first.folder / "data"))
    [aside] = [line.removeprefix("set aside in ") for line in reset.stdout.splitlines() if "snapshots" not in line]
    assert (site.folder / aside / "journal").is_dir() and reset.returncode == 0
    again = site.start("a")
    assert wait_for_sequence(again, last) == wait_for_sequence(third, last)
    assert lines(again) == lines(third)
    assert command(site, "replicas", "reset", "--data-dir", str(site.folder)).returncode == 1


def test_a_server_that_ran_alone_begins_a_log(site, start_program):
    alone = start_program()
    for index in range(3):
        written = sequence(request(alone, "POST", "ComputeNode", node(index)))
    before = lines(alone)
    history = request(alone, "GET", f"ComputeNode/{node(1)['xname']}/history").json()
    alone.stop()
    shutil.copytree(alone.folder / "data", site.folder / "a" / "data")
    arguments = ("log", "import", "--log", site.options()[1], "--data-dir", str(site.folder / "a" / "data"))
    done = command(site, *arguments)
    assert done.returncode == 0 and f"the log goes on from transaction {written}" in done.stdout, done.stderr
    assert "belongs to a log already" in command(site, *arguments).stderr
    # As if it had been interrupted.
    (site.folder / "a" / "data" / "shared-log").unlink()
    assert command(site, *arguments).stdout == done.stdout
    first = site.start("a")
    assert lines(first) == before
    assert request(first, "GET", f"ComputeNode/{node(1)['xname']}/history").json() == history
    last = sequence(accepted(first, node(3)))
    assert last == written + 1
    second = site.start("b")
    second.wait_for_log("joins with a snapshot")
    assert wait_for_sequence(second, last) == request(first, "GET", "ComputeNode").json()
    second.wait_for_log("the history from before this server joined is there")
    assert request(second, "GET", f"ComputeNode/{node(1)['xname']}/history").json() == history
    # Another one has an inventory of its own.
    (site.folder / "other").mkdir()
    other = Program(site.folder / "other")
    request(other, "POST", "ComputeNode", node(9))
    other.stop()
    foreign = command(site, "log", "import", "--log", site.options()[1], "--data-dir", str(other.folder / "data"))
    assert foreign.returncode == 1 and "another log" in foreign.stderr
    assert request(other_again := Program(other.folder), "GET", "ComputeNode").status_code == 200
    other_again.stop()


@pytest.mark.parametrize("interrupted", [False, True])
def test_a_directory_parts_with_its_log(site, interrupted):
    first = site.start("a")
    for index in range(3):
        accepted(first, node(index))
    assert request(first, "POST", "snapshots").status_code == 201
    written = sequence(accepted(first, node(3)))
    nodes = request(first, "GET", "ComputeNode").json()
    first.stop()
    data = site.folder / "copy" / "data"
    shutil.copytree(first.folder / "data", data)
    arguments = ("log", "export", "--data-dir", str(data))
    done = command(site, *arguments)
    if interrupted:
        # Everything is in place but the end.
        (data / "identity").mkdir()
        (data / "identity" / "inventory").write_text(done.stdout.split()[6].rstrip(";"))
        shutil.move(data / "head", data / "identity")
        shutil.copy(first.folder / "data" / "shared-log", data)
        done = command(site, *arguments)
    assert done.returncode == 0, done.stderr
    inventory = json.loads((first.folder / "data" / "head").read_text().splitlines()[0])["inventory"]
    assert inventory not in done.stdout and not (data / "identity").exists()
    assert command(site, "journal", "verify", "--data-dir", str(data)).returncode == 0
    for snapshot in json.loads(command(site, "snapshot", "list", "--json", "--data-dir", str(data)).stdout):
        assert command(site, "snapshot", "verify", snapshot["id"], "--data-dir", str(data)).returncode == 0
    alone = Program(data.parent)
    assert request(alone, "GET", "ComputeNode").json() == nodes
    assert len(request(alone, "GET", "ComputeNode?at=1").json()) == 1
    assert sequence(request(alone, "POST", "ComputeNode", node(4))) == written + 1
    alone.stop()
    # The log and what goes on with it do not take it for theirs.
    assert "use another data directory or another log" in site.refused("copy", *site.options())
    assert "belongs to no log" in command(site, *arguments).stderr
    again = site.start("a")
    assert request(again, "GET", "ComputeNode").json() == nodes


def test_a_stop_while_a_connection_is_made_is_a_clean_one(site):
    server = site.start("a")
    accepted(server, node(0))
    # Who logs in computes for some seconds.
    salt, rounds = b"salt", 5_000_000
    key = hashlib.pbkdf2_hmac("sha256", site.postgres.password.encode(), salt, rounds)
    stored = hashlib.sha256(hmac.digest(key, b"Client Key", "sha256")).digest()
    parts = [base64.b64encode(part).decode() for part in (salt, stored, hmac.digest(key, b"Server Key", "sha256"))]
    [held] = site.postgres.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'").split()
    change = "UPDATE pg_authid SET rolpassword = '{}' WHERE rolname = 'postgres';"
    slow = change.format(f"SCRAM-SHA-256${rounds}:{parts[0]}${parts[1]}:{parts[2]}")
    listens = "application_name = 'node-orchestrator listens'"
    site.postgres.execute(slow + f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {listens}")
    try:
        time.sleep(1.5)
        server.stop()
    finally:
        site.postgres.execute(change.format(held))
