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


def ids(storage, folder, place):
    """Return the ids that the names at a place have, whole or not."""
    names = [key.split("/")[1] for key in storage.keys("copies/")] if "://" in place else [p.name for p in folder.glob("snap*")]
    return sorted({name.removeprefix("snapshot=") for name in names})


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
        taken = []
        for slot in range(3):
            write(program, slot)
            taken.append(take_snapshot(program))
        wait_for(lambda: ids(storage, folder, place) == taken[1:])
        wait_for(lambda: "removed a copy" in "".join(program.lines))
        assert found() == taken[1:]
        assert "snapshot_copies_total 3" in requests.get(f"{program.url}/metrics", headers=headers(program)).text
        write(program, 3)
        program.stop()
        assert len(found()) == 2 and found()[0] == taken[2]
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
    asked = run_program("query", "--data-dir", str(data), "SELECT count(*) AS n FROM compute_nodes")
    assert asked.stdout == "n\n5\n", asked.stderr
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
    then = requests.get(f"{program.url}/ComputeNode?fields=hostname&at={first}")
    assert sorted(node["hostname"] for node in then.json()) == ["n0", "n1", "n2"]
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
    # What a crash has left of a beginning is none, but a snapshot without that mark is an inventory that lacks its head.
    newest = max(folder.glob("snapshot=*"))
    shutil.copytree(newest, tmp_path / "data" / "snapshots" / newest.name)
    refused = run_program("serve", "--listen", "127.0.0.1:0", "--data-dir", str(tmp_path / "data"), *begins)
    assert refused.returncode == 1 and "head" in refused.stderr
    (tmp_path / "data" / "beginning").write_text(newest.name.removeprefix("snapshot="))
    program = start_program(*begins)
    assert hostnames(program) == ["n0"]
    assert not (tmp_path / "data" / "beginning").exists()
    program.stop()
    # A crash before the mark went leaves it beside the head.
    (tmp_path / "data" / "beginning").write_text(newest.name.removeprefix("snapshot="))
    program = start_program(*begins)
    assert hostnames(program) == ["n0"]
    assert not (tmp_path / "data" / "beginning").exists()


def test_snapshots_of_another_inventory_are_neither_mixed_nor_gone_back_to(start_program, tmp_path):
    folder = tmp_path / "copies"
    program = start_program(*OPTIONS, "--snapshot-copy", str(folder))
    for slot in range(2):
        write(program, slot)
        take_snapshot(program)
    program.stop()
    before = copied(folder)
    assert len(before) == 2
    (tmp_path / "data").rename(tmp_path / "old")
    for slot in range(2):
        program = start_program(*OPTIONS, "--snapshot-copy", str(folder), "--snapshot-copy-keep", "1")
        if slot:
            write(program, slot)
            take_snapshot(program)
        wait_for(lambda: any("snapshots of another inventory" in line for line in program.lines))
        program.stop()
        assert copied(folder) == before
    done = run_program("restore", "--data-dir", str(tmp_path / "data"), "--from", str(folder))
    assert done.returncode == 1 and "of another inventory" in done.stderr


def test_a_copy_of_another_past_is_not_gone_back_to(start_program, tmp_path):
    folder, data, old = tmp_path / "copies", tmp_path / "data", tmp_path / "old"
    program = start_program(*OPTIONS, "--snapshot-copy", str(folder))
    write(program, 0)
    take_snapshot(program)
    program.stop()
    shutil.copytree(data, old)
    # The copy is ahead of a data directory that was put back from earlier.
    program = start_program(*OPTIONS, "--snapshot-copy", str(folder))
    write(program, 1)
    program.stop()
    assert len(copied(folder)) == 2
    # And beside one that has gone on by itself.
    for goes_on in (False, True):
        shutil.rmtree(data)
        shutil.copytree(old, data)
        if goes_on:
            program = start_program(*OPTIONS)
            write(program, 2, 3)
            program.stop()
        done = run_program("restore", "--data-dir", str(data), "--from", str(folder))
        assert done.returncode == 1 and "of another past" in done.stderr, done.stderr
        program = start_program(*OPTIONS)
        assert hostnames(program) == (["n0", "n2", "n3", "n4"] if goes_on else ["n0"])
        program.stop()


def test_a_damaged_snapshot_holds_up_no_other_and_a_manifest_names_no_other_places(start_program, tmp_path):
    folder = tmp_path / "copies"
    program = start_program(*OPTIONS)
    write(program, 0)
    damaged = take_snapshot(program)
    program.stop()
    (tmp_path / "data" / "snapshots" / f"snapshot={damaged}" / "load.sql").write_text("damaged")
    program = start_program(*OPTIONS, "--snapshot-copy", str(folder))
    write(program, 1)
    good = take_snapshot(program)
    wait_for(lambda: (folder / f"snapshot={good}").exists())
    program.stop()
    assert copied(folder) == [good]
    manifest = folder / f"snapshot={good}" / "manifest.json"
    text = json.loads(manifest.read_text())
    text["files"]["../outside"] = text["files"]["load.sql"]
    manifest.write_text(json.dumps(text))
    done = run_program("restore", "--data-dir", str(tmp_path / "new"), "--from", str(folder))
    assert done.returncode == 1 and "lists a file of the name" in done.stderr
    assert not list((tmp_path / "new").rglob("outside"))


def test_places_that_are_none_are_refused(tmp_path):
    for place in ("s3a://site/copies", "https://site/copies", "S3://site"):
        done = run_program("restore", "--data-dir", str(tmp_path / "data"), "--from", place)
        assert done.returncode == 1 and "neither a folder nor s3://" in done.stderr


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
    options = [*OPTIONS, "--snapshot-keep", "100"]
    for _ in range(12):
        program = start_program(*options, "--snapshot-copy", place, environment=environment)
        for _ in range(pick.randrange(1, 4)):
            write(program, slot)
            slot += 1
            take_snapshot(program)
        time.sleep(pick.random() * 0.2)  # The moment of the interruption is what the test is about.
        program.kill()
        found()
    hindrance.is_hindering = False
    program = start_program(*options, "--snapshot-copy", place, environment=environment)
    write(program, slot)
    newest = take_snapshot(program)
    wait_for(lambda: newest in found())
    program.stop()
    hindrance.close()
    left = [path.name for path in folder.glob(".partial-*")] if kind == "folder" else []
    assert left == []
    whole = {key.split("/")[1] for key in storage.keys("copies/")}
    assert kind == "folder" or whole == {f"snapshot={name}" for name in found()}
