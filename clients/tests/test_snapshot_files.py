"""Snapshots read by other tools than the program: pyarrow, pandas and DuckDB."""

from __future__ import annotations

import json

import duckdb
import pandas
import pyarrow
import pyarrow.parquet
import pytest

from support import run_client


@pytest.fixture
def snapshots(program, test_data):
    """The folder of the snapshots of a server that was stopped with 1,024 nodes, and the nodes as they were sent."""
    file = test_data / "1024_fake_compute_nodes.json"
    result = run_client("--url", program.url, "create", "--file", file, "ComputeNode", cwd=program.folder)
    assert result.returncode == 0, result.stderr
    program.stop()
    return program.folder / "data" / "snapshots", json.loads(file.read_bytes())


def interfaces_by_architecture(nodes):
    """Count network interfaces the plain way."""
    counts = {}
    for node in nodes:
        counts[node["architecture"]] = counts.get(node["architecture"], 0) + len(node["network_interfaces"])
    return counts


def test_pyarrow_counts_interfaces_per_architecture(snapshots):
    folder, nodes = snapshots
    [file] = folder.glob("*/ComputeNode.parquet")
    table = pyarrow.parquet.ParquetFile(file).read()
    lengths = pyarrow.compute.list_value_length(table["network_interfaces"])
    counts = pyarrow.table({"architecture": table["architecture"], "count": lengths})
    sums = counts.group_by("architecture").aggregate([("count", "sum")]).to_pydict()
    assert dict(zip(sums["architecture"], sums["count_sum"])) == interfaces_by_architecture(nodes)


def test_columns_have_types_and_are_nested(snapshots):
    folder, _ = snapshots
    [file] = folder.glob("*/ComputeNode.parquet")
    schema = pyarrow.parquet.read_schema(file)
    assert schema.field("hostname").type == pyarrow.string()
    interface = schema.field("network_interfaces").type.value_type
    assert interface.field("mac_address").type == pyarrow.string()
    assert schema.field("bmc").type.field("ipv4_address").type == pyarrow.string()
    power = schema.field("status").type.field("power_state").type
    assert power.field("on").type == pyarrow.bool_()
    assert power.field("last_updated").type == pyarrow.timestamp("us", tz="UTC")


def test_pandas_reads_a_snapshot(snapshots):
    folder, nodes = snapshots
    [file] = folder.glob("*/ComputeNode.parquet")
    frame = pandas.read_parquet(file, columns=["xname", "architecture", "bmc"])
    assert sorted(frame["xname"]) == sorted(node["xname"] for node in nodes)
    assert sum(bmc.get("username") is not None for bmc in frame["bmc"]) == 415


def test_duckdb_reads_all_snapshots_of_a_kind_as_one_table(snapshots):
    folder, nodes = snapshots
    rows = duckdb.execute(
        "SELECT architecture, count(*), sum(len(network_interfaces)) FROM read_parquet(?) "
        "WHERE snapshot IS NOT NULL GROUP BY ALL",
        [str(folder / "*" / "ComputeNode.parquet")],
    ).fetchall()
    assert sum(count for _, count, _ in rows) == 1024
    assert {architecture: interfaces for architecture, _, interfaces in rows} == interfaces_by_architecture(nodes)
