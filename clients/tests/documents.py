"""Documents of every kind, good and bad, and an endless supply of mutated ones.

What the server holds documents to beyond their schemas stays out of here, since
only verdicts on schemas are compared: numbers of xnames above what hardware has,
integers beyond 64 bits, times before the year 0, a new BMC without its required
fields in a node, and empty passwords, which stand for stored ones.
"""

from __future__ import annotations

import copy
import random
from typing import Any, Iterator

BOOT_DATA = {
    "id": "6a2b6c1e-0b7d-4c53-9d0e-5d2a8f0c1b11",
    "kernel_url": "http://boot.example.org/vmlinuz",
    "kernel_command_line": "console=ttyS0 quiet",
    "image_url": "s3://boot-images/compute.squashfs",
}
INTERFACE = {
    "interface_name": "eth0",
    "mac_address": "02:00:5e:40:00:01",
    "ipv4_address": "10.9.0.1",
    "ipv6_address": "fd00::9:1",
    "description": "node management",
    "serial": "S1",
    "model": "M1",
    "manufacturer": "Example",
    "firmware_version": "1.2.3",
    "extended_data": {"any": ["thing", 1.50, None, {"deep": True}]},
}
BMC = {
    "xname": "x9000c0s0b0",
    "username": "root",
    "password": "change-me",
    "ipv4_address": "10.9.1.1",
    "ipv6_address": "fd00::9:2",
    "mac_address": "02:00:5e:50:00:01",
    "description": "a BMC",
    "location_string": "row 9",
}

GOOD: dict[str, dict[str, Any]] = {
    "BMC": BMC,
    "ComputeNode": {
        "hostname": "nid009001",
        "architecture": "x86_64",
        "xname": "x9001c0s0b0n0",
        "boot_mac": "02:00:5e:40:00:01",
        "boot_ipv4_address": "10.9.0.1",
        "boot_ipv6_address": "fd00::9:1",
        "network_interfaces": [INTERFACE, {"interface_name": "hsn0", "mac_address": "02-00-5E-40-00-02"}],
        "bmc": {**BMC, "xname": "x9001c0s0b0", "mac_address": "02:00:5e:50:00:02"},
        "description": "a node",
        "location_string": "row 9",
        "boot_data": BOOT_DATA,
        "spec": {
            "hostname": "nid009001",
            "boot_mac": "02:00:5e:40:00:01",
            "boot_ipv4_address": "10.9.0.1",
            "boot_ipv6_address": "fd00::9:1",
            "bmc_endpoint": "10.9.1.1",
            "bmc_username": "root",
            "bmc_password": "change-me",
            "network_interfaces": [INTERFACE],
            "boot_configuration": BOOT_DATA,
        },
        "status": {
            "power_state": {"on": True, "last_updated": "2026-11-23T18:20:00Z"},
            "boot_configuration": {"boot_data": BOOT_DATA, "last_updated": "2026-11-23T18:20:00.5+01:00"},
            "network_interfaces": [INTERFACE],
            "extended_data": {},
        },
    },
    "NodeCollection": {
        "name": "verdicts",
        "type": "job",
        "nodes": ["x9001c0s0b0n0", "x9001c0s0b0n1"],
        "description": "a job",
        "creator_subject": "somebody",
        "cloud_init_data": {"user-data": "#cloud-config\n", "": "empty key"},
    },
    "Component": {
        "UID": "6a2b6c1e-0b7d-4c53-9d0e-5d2a8f0c1b12",
        "ID": "x9001c0s0b0n0",
        "Type": "Node",
        "Subtype": "none",
        "Role": "Compute",
        "SubRole": "Worker",
        "NetType": "Sling",
        "Arch": "X86",
        "Class": "River",
        "State": "Ready",
        "Flag": "OK",
        "Enabled": True,
        "SoftwareStatus": "fine",
        "NID": 9001,
        "ReservationDisabled": False,
        "Locked": False,
    },
}

BAD: list[tuple[str, Any]] = [
    *((kind, value) for kind in GOOD for value in (True, 7, "text", {})),
    ("BMC", {**BMC, "mac_address": "02:00:5e-50:00:01"}),
    ("BMC", {**BMC, "xname": "x9000c0s0b0n0"}),
    ("BMC", {**BMC, "xname": "x9000c0s0b0\n"}),
    ("BMC", {**BMC, "unknown": 1}),
    ("BMC", {**BMC, "password": 17}),
    ("BMC", {"username": "root", "password": "change-me"}),
    ("ComputeNode", {"hostname": "a"}),
    ("ComputeNode", {"hostname": "a", "architecture": None}),
    ("ComputeNode", {"hostname": "a", "architecture": "x86_64", "xname": "x10c0s0b0n0"}),
    ("ComputeNode", {"hostname": "a", "architecture": "x86_64", "xname": "x１000c0s0b0n0"}),
    ("ComputeNode", {"hostname": "a", "architecture": "x86_64", "boot_ipv4_address": "10.0.0.01"}),
    ("ComputeNode", {"hostname": "a", "architecture": "x86_64", "boot_ipv6_address": "fe80::1%eth0"}),
    ("ComputeNode", {"hostname": "a", "architecture": "x86_64", "network_interfaces": [{"interface_name": "eth0"}]}),
    ("ComputeNode", {"hostname": "a", "architecture": "x86_64", "network_interfaces": {}}),
    ("ComputeNode", {"hostname": "a", "architecture": "x86_64", "boot_data": {"kernel_url": "no scheme"}}),
    ("ComputeNode", {"hostname": "a", "architecture": "x86_64", "status": {"power_state": {}}}),
    ("ComputeNode", {"hostname": "a", "architecture": "x86_64", "status": {"power_state": {"on": 1}}}),
    ("NodeCollection", {"name": "a", "type": "gang", "nodes": []}),
    ("NodeCollection", {"name": "a", "type": "job", "nodes": ["x9000c0s0b0"]}),
    ("NodeCollection", {"name": "a", "type": "job", "nodes": "x9000c0s0b0n0"}),
    ("NodeCollection", {"name": "a", "type": "job", "nodes": [], "cloud_init_data": {"a": 1}}),
    ("Component", {"ID": "x9000c0s0b0n0"}),
    ("Component", {"ID": "x9000c0s0b0n0", "Type": "node"}),
    ("Component", {"ID": "x9000c0s0b0n0", "Type": "Node", "NID": 1.5}),
    ("Component", {"ID": "x9000c0s0b0n0", "Type": "Node", "Enabled": "true"}),
]

STRINGS = (
    "", " ", "text", "ä", "null", "a\n", "\u0000",
    "x9001c0s0b0", "x9001c0s0b0n0", "x9001c0s0b0n", "x09001c0s0b0n0", "X9001c0s0b0n0", "x9001c0s0b0n0\n",
    "x９001c0s0b0n0", "x90c0s0b0n0",
    "6A2B6C1E-0B7D-4C53-9D0E-5D2A8F0C1B13", "6a2b6c1e-0b7d-4c53-9d0e-5d2a8f0c1b1", "6a2b6c1e0b7d4c539d0e5d2a8f0c1b11",
    "02:00:5e:40:00:03", "02-00-5e-40-00-03", "02:00-5e:40:00:03", "02005e400003", "02:00:5e:40:00:0g",
    "10.0.0.1", "10.0.0.256", "10.0.0.01", "10.0.0", "10.0.0.1 ",
    "::", "fd00::1", "::ffff:10.0.0.1", "1::2::3", "::1%lo", "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:8:9", "FD00::A",
    "2026-02-28T23:59:59Z", "2026-02-29T00:00:00Z", "2024-02-29t00:00:00.25-08:00", "1998-12-31T23:59:60Z",
    "2026-01-01T00:00:60Z", "2026-01-01 00:00:00Z", "2026-01-01T24:00:00Z",
    "http://boot.example.org/a%20b", "http://a b", "/vmlinuz", "urn:a:b", "http://[::1]:80/", "http://a/%zz",
    "ad-hoc", "tenant", "job", "partition", "Node", "NodeBMC", "Compute", "ARM", "Ready", "None", "Other", "Unknown",
)  # fmt: skip
OTHERS = (None, True, False, 0, 1, -1, 1.0, 1.5, [], {}, [""], {"a": 1}, [None])
SECRETS = ("password", "bmc_password")


def places(value: Any, parents: tuple[Any, ...] = ()) -> Iterator[tuple[Any, Any, tuple[Any, ...]]]:
    """Yield each container of `value` with each of its keys or indices, and the keys that lead to the container."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in list(members):
        yield value, key, parents
        yield from places(member, (*parents, key))


def mutate(document: dict[str, Any], source: random.Random) -> None:
    """Change one place of `document`, for the better or the worse."""
    container, key, parents = source.choice(list(places(document)) or [(document, "key", ())])
    action = source.random()
    if action < 0.15 and not (parents == ("bmc",) or key == "bmc"):
        container.pop(key, None) if isinstance(container, dict) else container.pop(key)
    elif action < 0.25 and isinstance(container, dict):
        container[source.choice(["unknown", str(key).upper(), f"{key} "])] = source.choice(STRINGS + OTHERS)
    elif action < 0.7 and key not in SECRETS:
        container[key] = source.choice(STRINGS)
    elif key != "bmc":
        container[key] = copy.deepcopy(source.choice(OTHERS))


def generated(count: int, seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield `count` kinds and documents, made from good ones by none to three changes."""
    source = random.Random(seed)
    for _ in range(count):
        kind = source.choice(list(GOOD))
        document = copy.deepcopy(GOOD[kind])
        for key in source.sample(list(document), source.randrange(len(document) // 2)):
            if source.random() < 0.5 and key not in ("username", "password", "mac_address"):
                del document[key]
        for _ in range(source.randrange(4)):
            mutate(document, source)
        yield kind, document
