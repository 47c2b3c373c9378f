"""Snapshots read by other tools than the program: pyarrow, pandas, polars, DuckDB and Spark.

What each has to be told is what docs/analytics.md says.
"""

from __future__ import annotations

import json
import shutil

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.parquet
import pytest
import requests

from conftest import missing
from support import CHECKOUT, EXTENSIONS, run_client


@pytest.fixture
def snapshots(program, test_data):
    """The folder of the snapshots of a server that was stopped with 1,024 nodes, and the nodes as they were sent."""
    file = test_data / "1024_fake_compute_nodes.json"
    result = run_client("--url", program.url, "create", "--file", file, "ComputeNode", cwd=program.folder)
    assert result.returncode == 0, result.stderr
    program.stop()
    return program.folder / "data" / "snapshots", json.loads(file.read_bytes())


@pytest.fixture
def two_snapshots(program, test_data):
    """The folder of two snapshots, and a node as the server answered it before the first and before the second."""
    file = test_data / "1024_fake_compute_nodes.json"
    result = run_client("--url", program.url, "create", "--file", file, "ComputeNode", cwd=program.folder)
    assert result.returncode == 0, result.stderr
    headers = {"Authorization": f"Bearer {program.token()}"}
    [node] = requests.get(f"{program.url}/ComputeNode?limit=1&sort=-xname").json()
    url = f"{program.url}/ComputeNode/{node['id']}"
    requests.post(f"{program.url}/snapshots", headers=headers).raise_for_status()
    extended = {"extended_data": {"rack": ["a", 1]}}
    requests.patch(url, json={"description": "second", "status": extended}, headers=headers).raise_for_status()
    program.stop()
    return program.folder / "data" / "snapshots", node


def expected(node):
    """What each tool is asked for in both snapshots: hostname, description, a free-form object, a nested id."""
    name, bmc = node["hostname"], node["bmc"]["id"]
    return [(name, node.get("description"), None, bmc), (name, "second", '{"rack":["a",1]}', bmc)]


def snippet(tool, folder, node, place=None):
    """Run what docs/analytics.md says of a tool and return its variables."""
    text = (CHECKOUT / "docs" / "analytics.md").read_text()
    code = text.split(f"\n## {tool}\n")[1].split("```python\n")[1].split("```")[0]
    variables = {"folder": str(folder), "node_id": node["id"], "extensions": str(EXTENSIONS), **(place or {})}
    exec(compile(code, f"docs/analytics.md, {tool}", "exec"), variables)
    return variables


def test_duckdb_finds_a_node_by_id_in_all_snapshots(two_snapshots):
    rows = snippet("DuckDB", *two_snapshots)["rows"]
    assert [row[1:] for row in rows] == expected(two_snapshots[1])


def test_pandas_finds_a_node_by_id(two_snapshots):
    [row] = snippet("pandas", *two_snapshots)["frame"].to_dict("records")
    node = two_snapshots[1]
    assert (row["hostname"], row["description"], row["bmc"]["id"]) == (node["hostname"], "second", node["bmc"]["id"])


def test_pyarrow_finds_a_node_by_id_in_all_snapshots(two_snapshots):
    rows = [
        (row["hostname"], row["description"], (row["status"] or {}).get("extended_data"), row["bmc"]["id"])
        for row in snippet("pyarrow", *two_snapshots)["table"].to_pylist()
    ]
    assert rows == expected(two_snapshots[1])


def test_polars_finds_a_node_by_id_in_all_snapshots(two_snapshots):
    found = snippet("polars", *two_snapshots)["found"]
    inner = [polars.col("status").struct.field("extended_data"), polars.col("bmc").struct.field("id")]
    assert found.select("hostname", "description", *inner).rows() == expected(two_snapshots[1])


def test_spark_finds_a_node_by_id_in_all_snapshots(two_snapshots):
    if shutil.which("java") is None:
        missing("NO JAVA: Spark needs one; on Debian 'apt-get install default-jre-headless'")
    variables = snippet("Spark", *two_snapshots)
    try:
        assert [tuple(row)[1:] for row in variables["rows"]] == expected(two_snapshots[1])
        for file in sorted(max(two_snapshots[0].glob("snapshot=*")).glob("*.parquet")):
            variables["spark"].read.parquet(str(file)).collect()
    finally:
        variables["spark"].stop()


@pytest.fixture
def stored_snapshots(two_snapshots, storage):
    """The two snapshots in an S3 storage, and what the snippets have to know of it."""
    folder, node = two_snapshots
    for file in folder.glob("snapshot=*/*"):
        storage.client.upload_file(str(file), "site", f"copies/{file.parent.name}/{file.name}")
    place = {"bucket": "site", "prefix": "copies", "endpoint": storage.url, "key_id": "id", "secret": "secret"}
    return folder, node, place


def test_duckdb_finds_a_node_by_id_in_all_snapshots_on_s3(stored_snapshots):
    rows = snippet("DuckDB on S3", *stored_snapshots)["rows"]
    assert [row[1:] for row in rows] == expected(stored_snapshots[1])


def test_pyarrow_and_pandas_find_a_node_by_id_on_s3(stored_snapshots):
    variables = snippet("pyarrow on S3", *stored_snapshots)
    node = stored_snapshots[1]
    rows = [
        (row["hostname"], row["description"], (row["status"] or {}).get("extended_data"), row["bmc"]["id"])
        for row in variables["table"].to_pylist()
    ]
    assert rows == expected(node)
    path = max(file.path for file in variables["files"] if file.base_name == "ComputeNode.parquet")
    frame = pandas.read_parquet(path, filesystem=variables["storage"], filters=[("id", "=", node["id"])])
    assert list(frame["description"]) == ["second"]


def test_polars_finds_a_node_by_id_in_all_snapshots_on_s3(stored_snapshots):
    found = snippet("polars on S3", *stored_snapshots)["found"]
    inner = [polars.col("status").struct.field("extended_data"), polars.col("bmc").struct.field("id")]
    assert found.select("hostname", "description", *inner).rows() == expected(stored_snapshots[1])


def test_a_ducklake_over_snapshots_finds_a_node_by_id_and_takes_each_snapshot_once(two_snapshots):
    for _ in range(2):
        variables = snippet("DuckLake", *two_snapshots)
        assert [row[1:] for row in variables["rows"]] == expected(two_snapshots[1])
        variables["lake"].close()


def test_secrets_stand_in_files_of_their_own(two_snapshots):
    folder, _ = two_snapshots
    newest = max(folder.glob("snapshot=*"))
    for file in newest.glob("*.parquet"):
        names = pyarrow.parquet.read_schema(file).names
        assert ("_secrets" in names) == file.name.endswith(".secrets.parquet"), file.name
    [row, *_] = pyarrow.parquet.read_table(newest / "BMC.secrets.parquet").to_pylist()
    assert dict(row["_secrets"])["/password"].startswith("v1.")


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
