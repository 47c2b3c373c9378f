"""Requests with an Idempotency-Key are done once, however often they are sent, and answered as they were the first time."""

from __future__ import annotations

import json
import threading
import time
import uuid

import jwt
import pytest
import requests

from support import TIMEOUT_SECONDS

NODE = {"hostname": "n1", "xname": "x1000c0s1b0n0", "architecture": "x86_64", "boot_mac": "02:00:00:00:00:01"}
# What an answer has that is its own, whatever it answers.
OWN_FIELDS = ("Date", "X-Request-ID", "Inventory-Sequence")


def send(program, method, path, body=None, key=None, token=None, headers=None):
    fields = {"Authorization": f"Bearer {token or program.token()}", **(headers or {})}
    if key:
        fields["Idempotency-Key"] = key
    return requests.request(method, f"{program.url}/{path}", json=body, headers=fields, timeout=TIMEOUT_SECONDS)


def shown(answer):
    """An answer without what differs from one to the next."""
    return answer.status_code, {k: v for k, v in answer.headers.items() if k not in OWN_FIELDS}, answer.content


def sequence(answer):
    return int(answer.headers["Inventory-Sequence"])


def new_key():
    return str(uuid.uuid4())


def twice(program, method, path, body=None, headers=None):
    """Send a request twice, and return the answer; the second changes nothing."""
    key = new_key()
    first = send(program, method, path, body, key, headers=headers)
    assert first.status_code < 300, first.text
    last = sequence(first)
    second = send(program, method, path, body, key, headers=headers)
    assert shown(second) == shown(first)
    assert sequence(second) == last
    return first


def test_each_way_to_write_is_done_once(program):
    created = twice(program, "POST", "ComputeNode", NODE)
    assert created.status_code == 201 and created.headers["Location"]
    identifier = created.json()["id"]
    patched = twice(program, "PATCH", f"ComputeNode/{identifier}", {"description": "patched"})
    assert patched.json()["description"] == "patched"
    put = twice(program, "PUT", f"ComputeNode/{identifier}", {**NODE, "description": "put"})
    assert put.status_code == 200
    several = [{"hostname": f"m{index}", "architecture": "arm64"} for index in range(3)]
    assert len(twice(program, "POST", "ComputeNode", several).json()) == 3
    told = twice(program, "POST", "ComputeNode?existing=patch", [{**NODE, "description": "again"}, {**several[0], "nid": 7}])
    assert [item["outcome"] for item in told.json()] == ["changed", "created"]
    changes = [
        {"op": "patch", "kind": "ComputeNode", "ref": identifier, "patch": {"description": "in a transaction"}},
        {"op": "put", "kind": "NodeCollection", "document": {"name": "all", "type": "ad-hoc", "nodes": [NODE["xname"]]}},
    ]
    assert len(twice(program, "POST", "transactions", {"changes": changes}).json()["changes"]) == 2
    found = twice(program, "PATCH", "ComputeNode?hostname=m*&expect=4", {"description": "found"})
    assert found.json()["changed"] == 4
    # The search would find none now.
    gone = twice(program, "DELETE", "ComputeNode?description=found&expect=4")
    assert gone.json()["matched"] == 4
    assert twice(program, "DELETE", "NodeCollection/all").status_code == 204
    back = twice(program, "POST", f"restore?at={sequence(created)}")
    assert back.json()["sequence"] > sequence(created)
    assert send(program, "GET", f"ComputeNode/{identifier}").content == created.content
    history = send(program, "GET", f"ComputeNode/{identifier}/history").json()
    assert len(history) == 6


def test_a_request_is_known_after_a_crash_a_snapshot_and_a_clean_stop(start_program):
    program = start_program()
    key = new_key()
    first = send(program, "POST", "ComputeNode", NODE, key)
    send(program, "PATCH", f"ComputeNode/{first.json()['id']}", {"description": "since"})
    program.kill()
    program = start_program()
    assert shown(send(program, "POST", "ComputeNode", NODE, key)) == shown(first)
    # A start does not read the journal before a snapshot.
    assert send(program, "POST", "snapshots").status_code == 201
    program.kill()
    program = start_program()
    assert shown(send(program, "POST", "ComputeNode", NODE, key)) == shown(first)
    program.stop()
    program = start_program()
    assert shown(send(program, "POST", "ComputeNode", NODE, key)) == shown(first)
    [file] = sorted((program.folder / "data" / "snapshots").glob("*/requests.ndjson"))[-1:]
    [line] = file.read_text().splitlines()
    assert json.loads(line)["seq"] == int(first.headers["ETag"].strip('"'))


def test_the_journal_has_the_key(program):
    key = new_key()
    first = send(program, "POST", "ComputeNode", NODE, f'"{key}"')
    [segment] = (program.folder / "data" / "journal").glob("*.ndjson")
    record = json.loads(segment.read_text().splitlines()[1])
    assert record["key"] == key and len(record["hash"]) == 32
    assert record["outcomes"] == [["ComputeNode", first.json()["id"], "created"]]
    # With quotes or without, it is the same key.
    assert shown(send(program, "POST", "ComputeNode", NODE, key)) == shown(first)


def test_another_request_with_the_key_is_refused_and_another_subject_has_keys_of_its_own(start_program, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("a secret of at least thirty-two bytes")
    secret.chmod(0o600)
    program = start_program("--jwt-secret-file", str(secret))
    claims = {"iss": "anybody", "aud": "here", "exp": int(time.time()) + 600}
    alice, bob = (jwt.encode({**claims, "sub": name}, secret.read_text(), "HS256") for name in ("alice", "bob"))
    key = new_key()
    first = send(program, "POST", "ComputeNode", NODE, key, alice)
    assert first.status_code == 201
    for method, path, body, headers in (
        ("POST", "ComputeNode", {**NODE, "description": "other"}, {}),
        ("POST", "ComputeNode?existing=skip", NODE, {}),
        ("DELETE", f"ComputeNode/{NODE['xname']}", None, {}),
    ):
        answer = send(program, method, path, body, key, alice, headers)
        assert answer.status_code == 422 and "new key" in answer.json()["detail"], answer.text
    assert send(program, "POST", "ComputeNode", NODE, key, bob).status_code == 409
    assert send(program, "DELETE", f"ComputeNode/{NODE['xname']}", None, key, bob).status_code == 204
    assert shown(send(program, "POST", "ComputeNode", NODE, key, alice)) == shown(first)


def test_what_was_refused_or_changed_nothing_is_worked_out_again(program):
    key = new_key()
    path = f"ComputeNode/{NODE['xname']}"
    assert send(program, "PATCH", path, {"description": "a"}, key).status_code == 404
    send(program, "POST", "ComputeNode", NODE)
    first = send(program, "PATCH", path, {"description": "a"}, key)
    assert first.status_code == 200
    same = new_key()
    before = sequence(send(program, "PATCH", path, {"description": "a"}, same))
    send(program, "PATCH", path, {"description": "b"})
    again = send(program, "PATCH", path, {"description": "a"}, same)
    assert again.json()["description"] == "a" and sequence(again) == before + 2
    dry = new_key()
    change = {"changes": [{"op": "delete", "kind": "ComputeNode", "ref": NODE["xname"]}]}
    assert send(program, "POST", "transactions?dry_run=true", change, dry).status_code == 200
    assert send(program, "POST", "transactions?dry_run=true", change, dry).status_code == 200
    assert send(program, "GET", path).status_code == 200
    # What was done with the key is no hindrance to what only looks.
    assert send(program, "POST", "transactions?dry_run=true", change, key).status_code == 200
    assert send(program, "PATCH", "ComputeNode?hostname=n*&expect=1&dry_run=true", {"nid": 1}, key).status_code == 200


def test_of_many_at_once_one_is_done(program):
    for turn in range(10):
        key, answers = new_key(), []
        body = [{"hostname": f"t{turn}-{index}", "architecture": "arm64"} for index in range(200)]
        barrier = threading.Barrier(8)

        def post(key=key, answers=answers, body=body, barrier=barrier):
            barrier.wait()
            answers.append(send(program, "POST", "ComputeNode", body, key))

        threads = [threading.Thread(target=post) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        done = [answer for answer in answers if answer.status_code == 201]
        assert len({answer.content for answer in done}) == 1
        assert all(answer.status_code in (201, 409) for answer in answers)
        assert shown(send(program, "POST", "ComputeNode", body, key)) == shown(done[0])
    assert send(program, "GET", "ComputeNode?count=true").json() == {"count": 2000}


@pytest.mark.parametrize("key", ["", '""', "a b", "x" * 256, '"a\\"b"', "ü".encode().decode("latin-1")])
def test_what_is_no_key_is_refused(program, key):
    headers = {"Idempotency-Key": key}
    answer = send(program, "POST", "ComputeNode", NODE, headers=headers)
    assert answer.status_code == 400 and "Idempotency-Key" in answer.json()["detail"], answer.text
    assert send(program, "GET", "ComputeNode?count=true").json() == {"count": 0}


def test_a_stream_of_lines_has_no_key(program):
    headers = {"Content-Type": "application/x-ndjson"}
    answer = send(program, "POST", "ComputeNode", NODE, new_key(), headers=headers)
    assert answer.status_code == 400 and "existing=" in answer.json()["detail"]
