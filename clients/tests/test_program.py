"""The client against the real program, as an administrator's first day goes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from support import CLIENTS, TIMEOUT_SECONDS, client_environment, run_client

THREE_MISTAKES = {
    "architecture": "x86_64",
    "xname": "x1000c0s0b0",
    "boot_mac": "02:00:5e:10:00",
}
THREE_POINTERS = ["/boot_mac", "/hostname", "/xname"]


@pytest.fixture
def client(program):
    """A function that runs the client beside the program's data, so that it finds the token there."""

    def run(*arguments):
        return run_client("--url", program.url, *arguments, cwd=program.folder)

    return run


@pytest.fixture
def inventory(client):
    """A function that returns all objects of a kind."""

    def read(kind):
        result = client("get", kind)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    return read


def pointers(result):
    """Return the pointers among the failures that the client tells of."""
    return sorted(line.split(":")[0].strip() for line in result.stderr.splitlines() if line.startswith("    "))


@pytest.mark.parametrize(
    ("file", "kind", "summary"),
    [("computenode.json", "ComputeNode", "4 created\n"), ("nodecollection.json", "NodeCollection", "1 created\n")],
)
def test_the_example_lists_load(program, client, inventory, file, kind, summary):
    result = client("--schema-dir", program.write_schemas(), "create", "--file", CLIENTS / file, kind)
    assert (result.returncode, result.stdout) == (0, summary), result.stderr
    assert len(inventory(kind)) == len(json.loads((CLIENTS / file).read_bytes()))


def test_an_object_is_created_read_replaced_and_deleted(program, client):
    result = client("--schema-dir", program.write_schemas(), "create", "--file", CLIENTS / "bmc.json", "BMC")
    assert result.returncode == 0, result.stderr
    created = json.loads(result.stdout)
    assert json.loads(client("get", "BMC", created["xname"]).stdout) == created
    changed = {**created, "description": "changed"}
    assert json.loads(client("update", "BMC", created["id"], "--data", json.dumps(changed)).stdout) == changed
    assert client("delete", "BMC", created["id"]).returncode == 0
    gone = client("get", "BMC", created["xname"])
    assert gone.returncode == 1
    assert "404 Not Found" in gone.stderr


def test_no_password_comes_back(client, inventory):
    client("create", "--file", CLIENTS / "computenode.json", "ComputeNode")
    assert {node["bmc"]["password"] for node in inventory("ComputeNode")} == {""}


def test_a_write_without_a_token_is_refused(program, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    result = run_client("--url", program.url, "create", "ComputeNode", "--data", "{}", cwd=elsewhere)
    assert result.returncode == 1
    assert "401 Unauthorized" in result.stderr


def test_1024_nodes_load_and_the_second_time_all_are_conflicts(program, client, inventory, test_data):
    create = (
        "--schema-dir", program.write_schemas(),
        "create", "--file", test_data / "1024_fake_compute_nodes.json", "ComputeNode",
    )  # fmt: skip
    first = client(*create)
    assert (first.returncode, first.stdout) == (0, "1024 created\n"), first.stderr
    before = inventory("ComputeNode"), inventory("BMC")
    assert len(before[0]) == 1024
    assert sum("username" in bmc for bmc in before[1]) == 415
    second = client(*create)
    assert (second.returncode, second.stdout) == (1, "0 created, 1024 failed: 1024 conflicts (409)\n")
    assert (inventory("ComputeNode"), inventory("BMC")) == before


@pytest.mark.parametrize("file", ["computenode.json", "nodecollection.json"])
def test_the_go_projects_examples_load(program, client, test_data, file):
    kind = {"computenode.json": "ComputeNode", "nodecollection.json": "NodeCollection"}[file]
    result = client("--schema-dir", program.write_schemas(), "create", "--file", test_data / file, kind)
    assert result.returncode == 0, result.stderr
    assert "failed" not in result.stdout


def test_a_second_partition_with_the_same_member_is_a_conflict(client):
    first = {"name": "one", "type": "partition", "nodes": ["x1000c0s0b0n0"]}
    assert client("create", "NodeCollection", "--data", json.dumps(first)).returncode == 0
    second = client("create", "NodeCollection", "--data", json.dumps({**first, "name": "two"}))
    assert second.returncode == 1
    assert "409 Conflict" in second.stderr
    job = {**first, "name": "two", "type": "job"}
    assert client("create", "NodeCollection", "--data", json.dumps(job)).returncode == 0


def test_three_mistakes_are_three_errors_with_and_without_schemas(program, client, inventory):
    create = ("create", "ComputeNode", "--data", json.dumps(THREE_MISTAKES))
    refused_here = client("--schema-dir", program.write_schemas(), *create)
    assert refused_here.returncode == 1
    assert "ComputeNode is not valid" in refused_here.stderr
    refused_there = client(*create)
    assert refused_there.returncode == 1
    assert "400 Bad Request" in refused_there.stderr
    assert pointers(refused_here) == pointers(refused_there) == THREE_POINTERS
    assert inventory("ComputeNode") == []


def test_a_strangers_client_works_unchanged(program, client, inventory):
    upstream = os.environ.get("UPSTREAM_CLIENT")
    if not upstream:
        pytest.skip("UPSTREAM_CLIENT names no client of another project")
    for file, kind in (("computenode.json", "ComputeNode"), ("nodecollection.json", "NodeCollection")):
        result = subprocess.run(
            [
                sys.executable, upstream, "--url", program.url, "--jwt", program.token(),
                "--schema-dir", str(program.write_schemas()), "create", "--file", str(CLIENTS / file), kind,
            ],
            cwd=program.folder,
            env=client_environment(),
            capture_output=True,
            encoding="utf-8",
            timeout=TIMEOUT_SECONDS,
            check=False,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        assert "Error" not in result.stdout + result.stderr
        assert len(inventory(kind)) == len(json.loads((CLIENTS / file).read_bytes()))
