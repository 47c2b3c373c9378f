"""The generator of plausible nodes."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from support import CHECKOUT, TIMEOUT_SECONDS
from validation import FORMATS

GENERATOR = [sys.executable, str(CHECKOUT / "scripts" / "generate-nodes")]


def generate(*arguments: object) -> str:
    """Return what the generator writes."""
    command = [*GENERATOR, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, encoding="ascii", timeout=TIMEOUT_SECONDS, check=True).stdout


@pytest.fixture(scope="module")
def nodes():
    """Enough nodes to fill several cabinets."""
    return [json.loads(line) for line in generate(5000).splitlines()]


def mac_addresses(node):
    return [interface["mac_address"] for interface in node["network_interfaces"]] + [node["bmc"]["mac_address"]]


def test_xnames_and_mac_addresses_are_distinct(nodes):
    macs = [mac for node in nodes for mac in mac_addresses(node)]
    assert len({node["xname"] for node in nodes}) == len(nodes) == 5000
    assert len(set(macs)) == len(macs) == 3 * 5000


def test_every_node_has_what_a_real_one_has(nodes):
    for number, node in enumerate(nodes, 1):
        cabinet, *rest = map(int, re.fullmatch(r"x(\d+)c(\d)s(\d)b(\d)n(\d)", node["xname"]).groups())
        assert cabinet >= 1000 and all(part < limit for part, limit in zip(rest, (8, 8, 8, 1)))
        assert node["hostname"] == f"nid{number:06d}"
        assert node["boot_mac"] == mac_addresses(node)[0]
        assert all(FORMATS["mac-address"](mac) for mac in mac_addresses(node))
        assert FORMATS["ipv6"](node["network_interfaces"][1]["ipv6_address"])
        for holder in (*node["network_interfaces"], node["bmc"]):
            assert FORMATS["ipv4"](holder["ipv4_address"])
        assert node["bmc"]["username"] and node["bmc"]["password"]


def test_a_node_has_the_size_of_a_real_one():
    assert all(640 <= len(line) <= 700 for line in generate(2000).splitlines())


def test_both_formats_hold_the_same_nodes(nodes):
    assert json.loads(generate(5000, "--format", "array")) == nodes


@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001])
def test_an_array_is_json_for_every_count(count):
    assert len(json.loads(generate(count, "--format", "array"))) == count
    assert len(generate(count).splitlines()) == count


def test_a_seed_gives_the_same_nodes_and_another_seed_others():
    assert generate(100, "--seed", 5) == generate(100, "--seed", 5) != generate(100, "--seed", 6)


@pytest.mark.parametrize("count", ["-1", "x", "1.5", "50688001"])
def test_a_count_beyond_the_xnames_is_refused(count):
    result = subprocess.run([*GENERATOR, "--", count], capture_output=True, encoding="ascii", check=False)
    assert result.returncode == 2
    assert "is not a number between 0 and 50688000" in result.stderr


def test_a_reader_that_goes_away_ends_it_quietly():
    process = subprocess.Popen([*GENERATOR, "1000000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(TIMEOUT_SECONDS) == 0
    process.stderr.close()
