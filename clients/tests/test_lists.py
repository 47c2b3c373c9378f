"""Lists of documents: concurrency, failures item by item, and the summary."""

from __future__ import annotations

import fcntl
import json
import os
import re
import socket
import struct
import subprocess
import termios
import threading

from support import TIMEOUT_SECONDS, Response, client_command, client_environment, problem, run_client


def write_list(path, documents):
    path.write_text(json.dumps(documents))
    return path


def test_every_document_is_sent_once_over_few_connections(fake, tmp_path):
    documents = [{"name": f"w{number}"} for number in range(100)]
    file = write_list(tmp_path / "list.json", documents)
    result = run_client("--url", fake.url, "create", "--file", file, "Widget", cwd=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "100 created\n", "")
    assert sorted(request.document["name"] for request in fake.requests) == sorted(d["name"] for d in documents)
    assert fake.connections <= 8


def test_a_byte_order_mark_before_the_documents_is_read_over(fake, tmp_path):
    text = "\ufeff" + json.dumps([{"name": "w"}])
    (tmp_path / "list.json").write_text(text, encoding="utf-8")
    for source in (("--file", tmp_path / "list.json"), ("--data", text)):
        result = run_client("--url", fake.url, "create", *source, "Widget", cwd=tmp_path)
        assert (result.returncode, result.stdout, result.stderr) == (0, "1 created\n", "")
    assert [request.document for request in fake.requests] == [{"name": "w"}] * 2


def test_eight_documents_are_under_way_at_once(fake, tmp_path):
    together = threading.Barrier(8, timeout=20)

    def respond(_: object) -> Response:
        together.wait()  # breaks, and so answers 500 by closing, unless eight requests wait here at once
        return Response(201, {})

    fake.respond = respond
    result = run_client("--url", fake.url, "create", "Widget", "--data", json.dumps([{}] * 16), cwd=tmp_path)
    assert (result.returncode, result.stdout) == (0, "16 created\n")


def test_conflicts_are_counted_and_told_item_by_item(fake, tmp_path):
    fake.respond = lambda request: problem(409, f"xname {request.document['xname']} is taken")
    documents = [{"xname": f"x1000c0s0b0n{number}"} for number in range(3)]
    result = run_client("--url", fake.url, "create", "Node", "--data", json.dumps(documents), cwd=tmp_path)
    assert (result.returncode, result.stdout) == (1, "0 created, 3 failed: 3 conflicts (409)\n")
    assert sorted(result.stderr.splitlines()) == [
        f"item {n} (xname x1000c0s0b0n{n}): 409 Conflict: xname x1000c0s0b0n{n} is taken" for n in range(3)
    ]


def test_where_nobody_listens_it_is_told_once_and_nothing_more_is_tried(tmp_path):
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))  # and does not listen
        url = f"http://127.0.0.1:{unheard.getsockname()[1]}"
        result = run_client("--url", url, "create", "Node", "--data", json.dumps([{}] * 1024), cwd=tmp_path)
    assert (result.returncode, result.stderr) == (1, f"cannot talk to {url}: Connection refused\n")
    counts = re.fullmatch(r"0 created, (\d+) not sent, (\d+) failed: (\d+) connection errors?\n", result.stdout)
    unsent, failed, errors = map(int, counts.groups())
    assert unsent + failed == 1024 and 1 <= failed == errors <= 8


def test_a_server_that_does_not_know_existing_is_told_once_and_nothing_more_is_sent(fake, tmp_path):
    fake.respond = lambda request: Response(201, {**request.document, "id": "i"})
    options = ("--url", fake.url, "create", "Node", "--existing", "skip", "--data")
    told = "the server does not know `existing`: it is of an earlier version, and did what it does without\n"
    result = run_client(*options, json.dumps([{}] * 1024), cwd=tmp_path)
    assert (result.returncode, result.stderr) == (1, told)
    counts = re.fullmatch(
        r"0 created, 0 changed, 0 same, (\d+) not sent, (\d+) failed: (\d+) unknown outcomes?\n", result.stdout
    )
    unsent, failed, unknown = map(int, counts.groups())
    assert unsent + failed == 1024 and 1 <= failed == unknown <= 8
    result = run_client(*options, "{}", cwd=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (1, "", told)


def test_a_token_that_is_not_taken_is_told_once_and_nothing_more_is_sent(fake, tmp_path):
    fake.respond = lambda _: problem(401, "The token has expired.")
    data = json.dumps([{}] * 1024)
    result = run_client("--url", fake.url, "--jwt", "old", "create", "Node", "--data", data, cwd=tmp_path)
    assert (result.returncode, result.stderr.splitlines()) == (
        1,
        [
            "401 Unauthorized: The token has expired.",
            "    the token that was sent is not taken: give another one by --jwt or in NODE_ORCHESTRATOR_TOKEN",
        ],
    )
    assert len(fake.requests) <= 8
    assert f"0 created, {1024 - len(fake.requests)} not sent, {len(fake.requests)} failed: " in result.stdout


def test_items_are_named_by_what_they_hold(fake, tmp_path):
    fake.respond = lambda _: Response(500)
    documents = [{"hostname": "h"}, {"xname": 7, "name": "n"}, {"ID": "x0"}, {"other": "o"}, 17]
    result = run_client("--url", fake.url, "create", "Node", "--data", json.dumps(documents), cwd=tmp_path)
    names = sorted(line.split(": ")[0] for line in result.stderr.splitlines())
    assert names == ["item 0 (hostname h)", "item 1 (name n)", "item 2 (ID x0)", "item 3", "item 4"]


def test_the_summary_counts_each_reason(fake, tmp_path, widget_schemas):
    statuses = {"w1": 409, "w2": 201, "w3": 400, "w4": 409}
    fake.respond = lambda request: Response(statuses[request.document["name"]], {})
    documents = [{"name": name, "size": 1} for name in statuses] + [{"name": "w5"}]
    result = run_client(
        "--url", fake.url, "--schema-dir", widget_schemas, "create", "Widget", "--data", json.dumps(documents),
        cwd=tmp_path,
    )  # fmt: skip
    assert result.returncode == 1
    counts, _, reasons = result.stdout.strip().partition(": ")
    assert counts == "1 created, 4 failed"
    assert reasons.startswith("2 conflicts (409), ")
    assert sorted(reasons.split(", ")) == ["1 bad request (400)", "1 invalid", "2 conflicts (409)"]


def test_documents_that_break_their_schema_are_not_sent_and_the_others_are(fake, tmp_path, widget_schemas):
    documents = [{"name": "w1", "size": 1}, {"name": "x", "size": 0, "colour": "red"}, {"name": "w2", "size": 2}]
    result = run_client(
        "--url", fake.url, "--schema-dir", widget_schemas, "create", "Widget", "--data", json.dumps(documents),
        cwd=tmp_path,
    )  # fmt: skip
    assert (result.returncode, result.stdout) == (1, "2 created, 1 failed: 1 invalid\n")
    assert sorted(request.document["name"] for request in fake.requests) == ["w1", "w2"]
    assert result.stderr.splitlines() == [
        "item 1 (name x): Widget is not valid",
        "    /colour: is not a known property",
        "    /name: 'x' does not match ^w[0-9]+$",
        "    /size: 0 is less than the minimum of 1",
    ]


def test_a_single_document_with_three_mistakes_is_refused_without_a_request(fake, tmp_path, widget_schemas):
    result = run_client(
        "--url", fake.url, "--schema-dir", widget_schemas, "create", "Widget",
        "--data", '{"name":"w1","address":"1.2.3.04","parts":[{}]}', cwd=tmp_path,
    )  # fmt: skip
    assert (result.returncode, result.stdout) == (1, "")
    assert [line.split(":")[0].strip() for line in result.stderr.splitlines()[1:]] == [
        "/address",
        "/parts/0/name",
        "/parts/0/size",
        "/size",
    ]
    assert fake.requests == []


def test_an_update_of_a_list_replaces_each_by_its_id(fake, tmp_path):
    documents = [{"id": "a", "n": 1}, {"id": "b", "n": 2}, {"n": 3}]
    result = run_client("--url", fake.url, "update", "Widget", "--data", json.dumps(documents), cwd=tmp_path)
    assert (result.returncode, result.stdout) == (1, "2 updated, 1 failed: 1 without id\n")
    assert sorted((request.method, request.path) for request in fake.requests) == [
        ("PUT", "/Widget/a"),
        ("PUT", "/Widget/b"),
    ]


def test_an_empty_list_is_done(fake, tmp_path):
    result = run_client("--url", fake.url, "create", "Widget", "--data", "[]", cwd=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "0 created\n", "")


def test_validate_needs_no_server_and_counts_what_is_valid(tmp_path, widget_schemas):
    good, bad = '{"name":"w1","size":1}', '{"name":"w1"}'
    options = ["--schema-dir", widget_schemas, "validate", "Widget", "--data"]
    assert run_client(*options, good, cwd=tmp_path).stdout == "1 valid\n"
    result = run_client(*options, f"[{good},{bad}]", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (1, "1 valid, 1 failed: 1 invalid\n")
    assert result.stderr.splitlines()[1:] == ["    /size: is required"]


def test_a_progress_bar_shows_on_a_terminal_only(fake, tmp_path):
    reader, terminal = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    result = subprocess.run(
        client_command("--url", fake.url, "create", "Widget", "--data", "[{},{},{}]"),
        cwd=tmp_path,
        env=client_environment(TERM="xterm"),
        stdout=subprocess.PIPE,
        stderr=terminal,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    os.close(terminal)
    shown = os.read(reader, 65536).decode()
    os.close(reader)
    assert result.stdout == b"3 created\n"
    assert "3/3" in shown
