"""Copies of snapshots elsewhere: in a folder and in an S3 storage, and inventories that go on from them."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import time

import pytest
import requests

from program import run_program
from sites import Hindrance

# Long enough that no snapshot is taken by itself.
OPTIONS = ["--snapshot-freq", "1h"]


def headers(program):
    """Return what a request to the program has to send."""
    return {"Authorization": f"Bearer {program.token()}"}


def write(program, first, count=1):
    """Create nodes with BMCs that have passwords."""
    for slot in range(first, first + count):
        node = {
            "hostname": f"n{slot}", "xname": f"x1000c0s{slot}b0n0", "architecture": "x86_64",
            "bmc": {
                "xname": f"x1000c0s{slot}b0", "mac_address": f"02:00:00:00:00:{slot:02x}",
                "username": "root", "password": f"secret {slot}",
            },
        }
        requests.post(f"{program.url}/ComputeNode", json=node, headers=headers(program)).raise_for_status()


def take_snapshot(program):
    """Take a snapshot and return its id."""
    answer = requests.post(f"{program.url}/snapshots", headers=headers(program))
    answer.raise_for_status()
    return answer.json()["id"]


def hostnames(program):
    """Return the names of all nodes."""
    return sorted(node["hostname"] for node in requests.get(f"{program.url}/ComputeNode?fields=hostname").json())


def wait_for(condition):
    """Wait until something is true."""
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def check(names, read):
    """Make sure that whatever has a manifest is whole, and return the ids of those."""
    ids = sorted(name.split("/")[0] for name in names if name.endswith("/manifest.json"))
    for folder in ids:
        for name, file in json.loads(read(f"{folder}/manifest.json"))["files"].items():
            assert hashlib.sha256(read(f"{folder}/{name}")).hexdigest() == file["sha256"], f"{folder}/{name}"
    return [folder.removeprefix("snapshot=") for folder in ids]


def stored(storage):
    """Return the ids of the whole snapshots in the storage."""
    prefix = "copies/"
    names = [key.removeprefix(prefix) for key in storage.keys(prefix)]
    return check(names, lambda name: storage.client.get_object(Bucket="site", Key=prefix + name)["Body"].read())


def copied(folder):
    """Return the ids of the whole snapshots in a folder."""
    names = [f"{path.parent.name}/{path.name}" for path in folder.glob("snapshot=*/*")]
    assert all((path / "manifest.json").exists() for path in folder.glob("snapshot=*"))
    return check(names, lambda name: (folder / name).read_bytes())


def test_each_snapshot_is_copied_also_that_of_the_stop_and_old_copies_go(start_program, storage, tmp_path):
    folder = tmp_path / "copies"
    places = [(str(folder), lambda: copied(folder)), ("s3://site/copies", lambda: stored(storage))]
    for place, found in places:
        shutil.rmtree(tmp_path / "data", ignore_errors=True)
        program = start_program(
            *OPTIONS, "--snapshot-copy", place, "--snapshot-copy-keep", "2", environment=storage.environment
        )
        ids = []
        for slot in range(3):
            write(program, slot)
            ids.append(take_snapshot(program))
        wait_for(lambda: found() == ids[1:])
        assert "snapshot_copies_total 3" in requests.get(f"{program.url}/metrics", headers=headers(program)).text
        write(program, 3)
        program.stop()
        assert len(found()) == 2 and found()[0] == ids[2]
        query = ["query", "--snapshots", place, "SELECT snapshot, count(*) AS n FROM history_compute_nodes GROUP BY 1 ORDER BY 1"]
        done = run_program(*query, environment=storage.environment)
        assert done.stdout.split()[1:] == [f"{found()[0]},3", f"{found()[1]},4"], done.stderr


def test_an_inventory_begins_with_a_copy_and_goes_back_to_one(start_program, storage, tmp_path):
    program = start_program(*OPTIONS, "--snapshot-copy", "s3://site/copies", environment=storage.environment)
    write(program, 0, 3)
    first = take_snapshot(program)
    write(program, 3, 2)
    program.stop()
    data, old = tmp_path / "data", tmp_path / "old"
    data.rename(old)
    restore = ["restore", "--data-dir", str(data), "--from", "s3://site/copies"]
    done = run_program(*restore, environment=storage.environment)
    assert done.returncode == 0 and "10 resources" in done.stdout, done.stderr
    # The passwords need the key that sealed them, which is in no copy.
    refused = run_program("serve", "--listen", "127.0.0.1:0", "--data-dir", str(data))
    assert refused.returncode == 1 and "credential.key is missing" in refused.stderr
    (data / "keys").mkdir(exist_ok=True)
    shutil.copy(old / "keys" / "credential.key", data / "keys")
    program = start_program(*OPTIONS, "--restore-from", "s3://nowhere/copies", environment=storage.environment)
    assert hostnames(program) == ["n0", "n1", "n2", "n3", "n4"]
    beside = run_program(*restore, environment=storage.environment)
    assert beside.returncode == 1 and "another server is using" in beside.stderr, beside.stderr
    program.stop()
    done = run_program(*restore[:-1], f"s3://site/copies/snapshot={first}", environment=storage.environment)
    assert done.returncode == 0 and "4 removed" in done.stdout, done.stderr
    program = start_program(*OPTIONS)
    assert hostnames(program) == ["n0", "n1", "n2"]
    write(program, 7)
    assert requests.get(f"{program.url}/ComputeNode?at={first}").json() is not None
    program.stop()
    assert run_program("journal", "verify", "--data-dir", str(data)).returncode == 0


def test_a_server_begins_with_the_newest_copy_where_there_is_no_inventory(start_program, tmp_path):
    folder = tmp_path / "copies"
    begins = [*OPTIONS, "--snapshot-copy", str(folder), "--restore-from", str(folder)]
    program = start_program(*begins)
    requests.post(
        f"{program.url}/ComputeNode", json={"hostname": "n0", "architecture": "x86_64"}, headers=headers(program)
    ).raise_for_status()
    program.stop()
    shutil.rmtree(tmp_path / "data")
    program = start_program(*begins)
    assert hostnames(program) == ["n0"]
    program.stop()
    shutil.rmtree(tmp_path / "data")
    # What a crash has left of a beginning is none.
    [newest] = list(folder.glob("snapshot=*"))[-1:]
    shutil.copytree(newest, tmp_path / "data" / "snapshots" / newest.name)
    program = start_program(*begins)
    assert hostnames(program) == ["n0"]


def test_snapshots_of_another_inventory_are_neither_mixed_nor_gone_back_to(start_program, tmp_path):
    folder = tmp_path / "copies"
    program = start_program(*OPTIONS, "--snapshot-copy", str(folder))
    write(program, 0)
    take_snapshot(program)
    program.stop()
    before = copied(folder)
    assert before
    (tmp_path / "data").rename(tmp_path / "old")
    program = start_program(*OPTIONS, "--snapshot-copy", str(folder))
    write(program, 1)
    take_snapshot(program)
    wait_for(lambda: any("snapshots of another inventory" in line for line in program.lines))
    program.stop()
    assert copied(folder) == before
    done = run_program("restore", "--data-dir", str(tmp_path / "data"), "--from", str(folder))
    assert done.returncode == 1 and "of another inventory" in done.stderr


@pytest.mark.parametrize("kind", ["storage", "folder"])
def test_a_copy_that_is_interrupted_is_never_taken_for_whole(start_program, storage, tmp_path, kind):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    pick = random.Random(seed)
    folder = tmp_path / "copies"
    hindrance = Hindrance(storage.url, seed)
    environment = {**storage.environment, "AWS_ENDPOINT_URL": hindrance.url}
    place, found = ("s3://site/copies", lambda: stored(storage)) if kind == "storage" else (str(folder), lambda: copied(folder))
    slot = 0
    for _ in range(12):
        program = start_program(*OPTIONS, "--snapshot-copy", place, environment=environment)
        for _ in range(pick.randrange(1, 4)):
            write(program, slot)
            slot += 1
            take_snapshot(program)
        time.sleep(pick.random() * 0.2)  # The moment of the interruption is what the test is about.
        program.kill()
        found()
    hindrance.is_hindering = False
    program = start_program(*OPTIONS, "--snapshot-copy", place, environment=environment)
    write(program, slot)
    newest = take_snapshot(program)
    wait_for(lambda: newest in found())
    program.stop()
    hindrance.close()
    left = [path.name for path in folder.glob(".partial-*")] if kind == "folder" else []
    assert left == []
    whole = {key.split("/")[1] for key in storage.keys("copies/")}
    assert kind == "folder" or whole == {f"snapshot={name}" for name in found()}
