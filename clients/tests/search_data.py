"""An inventory for searches to be tried on: generated nodes made uneven, and a few objects of the other kinds."""

from __future__ import annotations

import copy
import json
import random
import subprocess
import sys
from typing import Any

from documents import BOOT_DATA, GOOD, INTERFACE
from support import CHECKOUT, TIMEOUT_SECONDS

PLAIN_NODES = 100
ODD_TEXTS = (
    "", " ", "a,b", "a*b", "a?b", "[x]", "[1-3]", "null", "NULL", "ä\n", "100%_sure", "back\\slash", "50% [off]?*",
    "a&b=c+d", "'; DROP TABLE x; --", '"quoted"', "tab\there", "nul\0here", "é", "e\u0301", "日本", "𝒳y",
    "👩\u200d💻", "Ünï", "z", "Z", "~", "\uffff", "\U0010ffff", ".*", "(a|b)", "^$", "true", "-1", "x1000c0s0b0n0",
)  # fmt: skip
ODD_NAMES = (
    "a,b", "a*b", "a?b", "[x]", "[1-3]", "null", "NULL", "100%_sure", "back\\slash", "50% [off]?*", "a&b=c+d", '"quoted"',
    "é", "e\u0301", "日本", "𝒳y", "Ünï", "~", ".*", "^$", "true", "-1",
)  # fmt: skip
ODD_HOST_NAMES = ("null", "NULL", "true", "1", "a.b-c", "_", "Z", "z", "x1000c0s0b0n0", "login.cluster.example")
WORDS = ("login", "storage", "spare", "gpu", "to be replaced", "rack 7, left", "rack 7, right")
TIMES = (
    "1999-12-31T23:59:60Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5+01:00", "2026-01-01T00:00:00.000001Z",
    "2026-06-30T12:00:00-08:00", "2026-06-30T20:00:00Z", "2026-11-23T18:20:00.123456Z",
)  # fmt: skip
KINDS_OF_COMPONENTS = (
    ("x{cabinet}", "Cabinet"),
    ("x{cabinet}c{number}", "Chassis"),
    ("x{cabinet}c{number}s0b0", "NodeBMC"),
    ("x{cabinet}c{number}s0b0n{node}", "Node"),
    ("x{cabinet}c{number}s0b0n{node}p0", "Processor"),
    ("d{cabinet}", "CDU"),
)


def generated_nodes(count: int, seed: int) -> list[dict[str, Any]]:
    """Return nodes of the project's generator."""
    command = [sys.executable, str(CHECKOUT / "scripts" / "generate-nodes"), str(count), "--seed", str(seed)]
    output = subprocess.run(command, capture_output=True, encoding="ascii", timeout=TIMEOUT_SECONDS, check=True).stdout
    return [json.loads(line) for line in output.splitlines()]


def uneven_nodes(count: int, seed: int) -> list[dict[str, Any]]:
    """Return nodes of which the first are as generated, and the others lack something or have something odd."""
    source = random.Random(seed)
    nodes = generated_nodes(count, seed)
    for number, node in enumerate(nodes[PLAIN_NODES:]):
        vary(node, number, source)
    for node, text in zip(nodes[PLAIN_NODES:], ODD_TEXTS + WORDS):
        node["description"] = text
    bare = {"hostname": "bare", "architecture": "x86_64"}
    hollow = {**bare, "hostname": "hollow", "network_interfaces": [], "boot_data": {}, "spec": {}, "status": {}}
    return [*nodes, bare, hollow, GOOD["ComputeNode"]]


def vary(node: dict[str, Any], number: int, source: random.Random) -> None:
    """Make a node unlike the others; it stays valid."""

    def sometimes(probability: float) -> bool:
        return source.random() < probability

    for key, probability in (("xname", 0.05), ("boot_mac", 0.05), ("boot_ipv4_address", 0.1), ("location_string", 0.1)):
        if sometimes(probability):
            del node[key]
    if sometimes(0.3):
        node["description"] = source.choice(ODD_TEXTS + WORDS)
    if sometimes(0.05):
        node["hostname"] = source.choice(ODD_HOST_NAMES)
    if sometimes(0.05):
        node["architecture"] = source.choice(("riscv64", "X86_64", *ODD_NAMES))
    if sometimes(0.1):
        node["boot_ipv6_address"] = f"fd00:1::{number >> 16:x}:{number & 0xFFFF:x}"
    if sometimes(0.3):
        node["nid"] = source.randrange(100)
    if sometimes(0.2):
        node["labels"] = {"rack": source.choice(WORDS), **({"a.b": ""} if sometimes(0.5) else {})}
    vary_interfaces(node, source)
    if sometimes(0.15):
        del node["bmc"]
    elif sometimes(0.3):
        node["bmc"].update(description=source.choice(WORDS), ipv6_address=f"FD00:2::{number >> 16:x}:{number & 0xFFFF:x}")
    if sometimes(0.2):
        node["boot_data"] = part(BOOT_DATA, source)
    if sometimes(0.2):
        node["spec"] = part(GOOD["ComputeNode"]["spec"], source)
        if sometimes(0.5):
            node["spec"]["hostname"] = node["hostname"]
    if sometimes(0.3):
        node["status"] = part(GOOD["ComputeNode"]["status"], source)
        node["status"]["power_state"] = {"on": sometimes(0.5)}
        if sometimes(0.7):
            node["status"]["power_state"]["last_updated"] = source.choice(TIMES)


def vary_interfaces(node: dict[str, Any], source: random.Random) -> None:
    """Take away network interfaces, or change one of them."""
    if source.random() < 0.2:
        addresses = [f"10.9.{source.randrange(4)}.{source.randrange(256)}", f"fd00:9::{source.randrange(64):x}"]
        node["network_interfaces"][1]["ip_addresses"] = [
            {"ip_address": address, **({"network": "HMN"} if source.random() < 0.5 else {})} for address in addresses
        ]
    choice = source.random()
    if choice < 0.05:
        del node["network_interfaces"]
    elif choice < 0.1:
        node["network_interfaces"] = []
    elif choice < 0.2:
        del node["network_interfaces"][source.randrange(2)]
    elif choice < 0.3:
        interface = node["network_interfaces"][0]
        interface["mac_address"] = interface["mac_address"].replace(":", "-").upper()
    elif choice < 0.4:
        node["network_interfaces"][1]["extended_data"] = source.choice(({}, {"mac_address": "x", "n": [1.5, None]}))


def part(document: dict[str, Any], source: random.Random) -> dict[str, Any]:
    """Return a copy of some of the members of a document."""
    return copy.deepcopy({key: document[key] for key in document if source.random() < 0.6})


def spare_bmcs() -> list[dict[str, Any]]:
    """Return BMCs of nodes that are not known yet, some without a place."""
    bmcs = []
    for number in range(20):
        bmc = {"username": "root", "password": "change-me", "mac_address": f"02:00:5e:60:00:{number:02x}"}
        if number % 3:
            bmc |= {"xname": f"x0{number:02d}c0s{number}b1", "ipv4_address": f"10.200.0.{number}"}
        if number % 4:
            bmc |= {"description": ODD_TEXTS[number], "location_string": WORDS[number % len(WORDS)]}
        bmcs.append(bmc)
    return [*bmcs, GOOD["BMC"]]


def collections(nodes: list[dict[str, Any]], seed: int) -> list[dict[str, Any]]:
    """Return collections of every type; no node is in two tenants or in two partitions."""
    source = random.Random(seed)
    xnames = source.sample([node["xname"] for node in nodes if "xname" in node], 90)
    strangers = ["x99999c7s7b1n3", "x0123c0s0b0n0"]
    made = [
        {"name": "west", "type": "partition", "nodes": xnames[:40]},
        {"name": "east", "type": "partition", "nodes": xnames[40:80]},
        {"name": "a,b", "type": "tenant", "nodes": xnames[20:50], "description": "a comma"},
        {"name": "a*b", "type": "tenant", "nodes": xnames[50:60] + strangers, "description": ""},
        {"name": "[x]", "type": "job", "nodes": xnames[:5]},
        {"name": "null", "type": "job", "nodes": xnames[3:8]},
        {"name": "a\u0308 n", "type": "job", "nodes": xnames[5:9] + strangers, "cloud_init_data": {"user-data": "#cloud-config\n"}},
        {"name": "日本", "type": "ad-hoc", "nodes": xnames[85:]},
        {"name": "back\\slash", "type": "ad-hoc", "nodes": xnames[10:90:10], "cloud_init_data": {}},
        {
            "name": "job [1-3] of 4?",
            "type": "job",
            "nodes": [],
            "cloud_init_data": {"meta.data.v1": "v1", "": "empty", "a!": "!", "b[gt]": "5", "null": "null", "ä": "é"},
        },
    ]
    return [*made, GOOD["NodeCollection"]]


def components(count: int, seed: int) -> list[dict[str, Any]]:
    """Return components of several types, with fields here and there."""
    source = random.Random(seed)
    optional = {
        "Subtype": ("none", "", "a,b"),
        "Role": ("Compute", "Service", "Management"),
        "SubRole": ("Master", "Worker", "Storage"),
        "NetType": ("Sling", "Ethernet", "None"),
        "Arch": ("X86", "ARM", "UNKNOWN"),
        "Class": ("River", "Mountain"),
        "State": ("Ready", "Off", "On", "Unknown"),
        "Flag": ("OK", "Alert"),
        "Enabled": (True, False),
        "SoftwareStatus": ODD_TEXTS,
        "NID": (-5, 0, 7, 70, 1000, 2**63 - 1, -(2**63)),
        "ReservationDisabled": (True, False),
        "Locked": (True, False),
    }
    made = []
    for number in range(count):
        name, kind = KINDS_OF_COMPONENTS[number % len(KINDS_OF_COMPONENTS)]
        place = name.format(cabinet=3000 + number, number=number % 8, node=number % 4)
        values = {key: source.choice(choices) for key, choices in optional.items() if source.random() < 0.7}
        made.append({"ID": place, "Type": kind, **values})
    return [*made, GOOD["Component"]]


def guest(number: int) -> dict[str, Any]:
    """Return a node that comes and goes."""
    interface = {**INTERFACE, "mac_address": f"02:00:5e:70:{number >> 8 & 255:02x}:{number & 255:02x}"}
    return {"hostname": f"guest{number:06d}", "architecture": "x86_64", "network_interfaces": [interface]}
