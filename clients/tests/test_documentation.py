"""What the documentation shows is what the program does: each block is run, and compared with what comes of it."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sqlite3

import duckdb
import pytest
import requests

from conftest import missing
from documentation import Comparison, Reader, blocks, examples, others, squeeze
from support import CHECKOUT, TIMEOUT_SECONDS, run_client

# How many commands with `$` a document has, all of which `Reader.follow` runs.
COMMANDS = {
    "README.md": 14,
    "docs/analytics.md": 2,
    "docs/http.md": 14,
    "docs/operations.md": 2,
    "docs/places.md": 14,
    "docs/search.md": 1,
    "docs/sql.md": 6,
}

# The headings of all other blocks, each of which has a test of its own here, or where a comment says.
OTHERS = {
    "README.md": ["Getting started", "Getting started"],
    # By test_snapshot_files.py.
    "docs/analytics.md": [
        "Reading snapshots with other tools", "Reading snapshots with other tools", "DuckDB", "pandas", "pyarrow",
        "polars", "Spark", "DuckDB on S3", "pyarrow on S3", "polars on S3", "DuckLake",
    ],
    # A picture.
    "docs/architecture.md": ["Architecture"],
    "docs/formats/audit.md": ["Audit log", "Audit log"],
    "docs/formats/journal.md": ["Lines", "Lines", "Head"],
    # By test_replicas.py.
    "docs/formats/log.md": ["Log in PostgreSQL"],
    "docs/formats/snapshot.md": ["manifest.json"],
    "docs/operations.md": [
        "The data directory", "Backing up", "Snapshots elsewhere", "Files that change", "Files that change", "A file is missing",
        "A file is missing", "The journal is damaged",
    ],
    "docs/options.md": ["Where options come from"],
    # By test_replicas.py.
    "docs/replicas.md": ["Setting up", "Setting up", "An example", "An example", "An example"],
    # By test_service.py.
    "docs/security.md": ["With tokensmith", "With an OIDC provider", "With mutual TLS", "Stand-alone"],
    # By test_service.py, where a machine has what they are for. Installing wants root, Watching a Prometheus.
    "docs/service.md": [
        "Installing", "The configuration file", "systemd", "systemd", "TLS", "TLS", "Certificates of clients",
        "Certificates of clients", "A Unix socket", "A Unix socket", "A Unix socket", "Behind nginx", "Behind nginx",
        "Behind nginx",
        # By test_issuer.py.
        "Tokens of an issuer", "Roles",
        # By CredentialTests.
        "The key of the passwords", "The key of the passwords",
        "Tokens for people", "Tokens for people", "Tokens for people", "Watching", "Watching", "Backup", "Backup",
        "Backup", "Restore", "Restore",
    ],
    "docs/sql.md": ["The tables", "The tables", "Other data of the site"],
}  # fmt: skip


def newcomer(program):
    """Return a reader with a server that is empty, started as README says."""
    if shutil.which("curl") is None:
        missing("NO CURL: on Debian 'apt-get install curl'")
    [getting_started] = [text for text in others("README.md", "Getting started") if text.startswith("node-")]
    reader = Reader(program)
    schemas, serve = getting_started.split(" && ")
    # The server listens elsewhere, so that tests can run side by side.
    assert serve == "node-orchestrator serve\n"
    reader.run(schemas)
    return reader


@pytest.fixture
def reader(program):
    """A reader who has come to the end of README's tour."""
    reader = newcomer(program)
    reader.follow("README.md")
    return reader


def ask(program, method, path, document=None):
    """Send a request that must be answered well, and return the answer."""
    headers = {"Authorization": f"Bearer {program.token()}"}
    answer = requests.request(method, program.url + path, json=document, headers=headers, timeout=TIMEOUT_SECONDS)
    assert answer.ok, f"{path} {answer.text}"
    return answer


def lines(file):
    """Return the documents of a file of the journal."""
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_no_block_is_forgotten():
    documents = [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]
    found = {str(file.relative_to(CHECKOUT)): blocks(str(file.relative_to(CHECKOUT))) for file in documents}
    commands = {document: len(examples(document)) for document, blocks in found.items()}
    assert {document: count for document, count in commands.items() if count} == COMMANDS
    rest = {document: [block.heading for block in found[document] if not block.has_commands] for document in found}
    assert {document: headings for document, headings in rest.items() if headings} == OTHERS


def test_the_comparison_sees_each_difference():
    first, second = "01a20b0e-a34a-7000-acd9-ecd7bc2ac381", "01a20b0e-a34a-7001-983e-d4ec0f7c0a22"
    here, other = "01a2aaaa-a34a-7000-acd9-ecd7bc2ac381", "01a2bbbb-a34a-7001-983e-d4ec0f7c0a22"
    for shown, printed, wrong in (
        ('{"a":1,\n"b":2}', '{"a":1,"b":2}', '{"a":1,"b":3}'),
        ("created\n", "created", ""),
        ("", "", "error"),
        ('{"id":"01a2…"}', f'{{"id":"{here}"}}', '{"id":"x"}'),
        ('{"a":{…},"b":1}', '{"a":{"c":2},"b":1}', '{"a":{"c":2},"b":2}'),
        (f"{first} {second} {first}", f"{here} {other} {here}", f"{here} {other} {other}"),
        ("2026-11-24T01-03-05.120Z", "2027-01-02T03-04-05.678Z", "2027-01-02T03:04"),
    ):
        comparison = Comparison()
        assert not comparison.matches(shown, wrong), (shown, wrong)
        assert comparison.matches(shown, printed), (shown, printed)
    assert comparison.here("at=2026-11-24T01-03-05.120Z") == "at=2027-01-02T03-04-05.678Z"
    assert not comparison.matches("2026-11-24T01-03-05.120Z", "2027-01-02T03-04-05.679Z")


def test_the_targets_of_make_that_documents_name_are_there():
    targets = set(re.findall(r"^([a-z-]+):.*## ", (CHECKOUT / "Makefile").read_text(), re.M))
    text = "".join(file.read_text() for file in (CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md"))
    text += "".join(file.read_text() for file in (CHECKOUT / "docs").rglob("*.md"))
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", text, re.M))
    assert {"run", "test"} <= named <= targets


def test_readme(program):
    assert newcomer(program).follow("README.md") == COMMANDS["README.md"]


def test_a_node_without_bmc_gets_one_made_for_its_place(program, test_data):
    """The numbers of README: 609 of 1,024."""
    file = test_data / "1024_fake_compute_nodes.json"
    assert len([node for node in json.loads(file.read_bytes()) if "bmc" in node]) == 415
    run_client("--url", program.url, "create", "--file", file, "ComputeNode", cwd=program.folder)
    assert ask(program, "GET", "/BMC?mac_address=null&count=true").json() == {"count": 609}
    assert ask(program, "GET", "/BMC?count=true").json() == {"count": 1024}
    node = {"hostname": "a", "architecture": "arm64"}
    pair = [{**node, "xname": "x9000c0s0b0n0"}, {**node, "xname": "x9000c0s0b0n1"}]
    first, second = ask(program, "POST", "/ComputeNode", pair).json()
    assert first["bmc"] == second["bmc"] == {"id": first["bmc"]["id"], "xname": "x9000c0s0b0"}


def test_after_a_kill_every_byte_is_as_it_was_and_numbers_are_higher(reader, start_program):
    before = ask(reader.program, "GET", "/ComputeNode").content
    reader.program.kill()
    program = start_program()
    assert ask(program, "GET", "/ComputeNode").content == before
    answer = ask(program, "POST", "/ComputeNode", {"hostname": "a", "architecture": "arm64"})
    assert int(answer.headers["Inventory-Sequence"]) > 1_000_000


def test_places(program):
    assert newcomer(program).follow("docs/places.md") == COMMANDS["docs/places.md"]


@pytest.mark.parametrize("document", ["docs/analytics.md", "docs/http.md", "docs/search.md"])
def test_what_goes_on_from_the_tour(reader, document):
    assert reader.follow(document) == COMMANDS[document]


def test_each_example_of_a_condition_is_one(reader):
    text = (CHECKOUT / "docs" / "search.md").read_text().split("## Conditions")[1].split("## What is fast")[0]
    rows = [line.split("|")[3] for line in text.splitlines() if line.count("|") == 4 and "---" not in line]
    conditions = [found for row in rows for found in re.findall(r"`([^`\s]+=[^`\s]+)`", row)]
    assert len(conditions) == 29
    for condition in conditions:
        answers = [
            requests.get(f"{reader.program.url}/{kind}?{condition}", timeout=TIMEOUT_SECONDS)
            for kind in ("ComputeNode", "BMC", "NodeCollection", "Component")
        ]
        assert any(answer.status_code == 200 for answer in answers), f"{condition} {answers[0].text}"


def test_sql(reader):
    assert reader.follow("docs/sql.md") == COMMANDS["docs/sql.md"]
    powered, changed = others("docs/sql.md", "The tables")
    program = reader.program
    assert ask(program, "POST", "/query", {"sql": powered}).json()["rows"] == []
    for slot, state in enumerate(["On", "Ready", "Off"]):
        ask(program, "POST", "/Component", {"ID": f"x3001c0s{slot}b0n0", "Type": "Node", "State": state})
    ask(program, "POST", "/snapshots")
    ask(program, "PATCH", "/ComputeNode/x3001c0s1b0n0", {"architecture": "arm64"})
    assert [row[1:] for row in ask(program, "POST", "/query", {"sql": powered}).json()["rows"]] == [["x3001", 2]]
    rows = ask(program, "POST", "/query", {"sql": changed}).json()["rows"]
    assert [row[1:] for row in rows] == [["local-admin", "nid000002", "put"]]


def test_sql_before_the_first_snapshot(program):
    for text in others("docs/sql.md", "The tables"):
        assert ask(program, "POST", "/query", {"sql": text}).json()["rows"] == []


def test_sql_of_other_data_of_the_site(start_program, storage, tmp_path):
    with sqlite3.connect(tmp_path / "assets.db") as connection:
        connection.execute("CREATE TABLE owners(xname TEXT, owner TEXT)")
        connection.execute("INSERT INTO owners VALUES ('x3001c0s1b0n0', 'bob')")
    duckdb.execute(f"COPY (SELECT 'nid000002' AS hostname, 300 AS watts) TO '{tmp_path}/power.parquet'")
    storage.client.upload_file(str(tmp_path / "power.parquet"), "site", "power/year=2026/a.parquet")
    serve, query = others("docs/sql.md", "Other data of the site")[0].split("\n", 1)
    options = shlex.split(serve.replace("/srv/", f"{tmp_path}/"))
    assert options[:2] == ["node-orchestrator", "serve"]
    # PostgreSQL, which the query does not ask, is away.
    reader = newcomer(start_program(*options[2:], "--query-timeout", "2m", environment=storage.environment))
    reader.follow("README.md")
    assert squeeze(reader.run(query)) == squeeze("xname owner sum(watts) x3001c0s1b0n0 bob 300 (1 row)")


def test_the_data_directory(reader):
    if shutil.which("jq") is None:
        missing("NO JQ: on Debian 'apt-get install jq'")
    assert reader.follow("docs/operations.md") == COMMANDS["docs/operations.md"]
    ask(reader.program, "POST", "/query", {"sql": "FROM changes"})
    [text] = others("docs/operations.md", "The data directory")
    shown = {name.rstrip("/") for name in re.findall(r"^data/(\S+)", text, re.M)}
    data = reader.folder / "data"
    assert shown - {"adopted.json", "beginning", "older-history", "shared-log"} == {file.name for file in data.iterdir()}
    [snapshot] = (data / "snapshots").glob("snapshot=*")
    files = {file.name for folder in (data / "keys", snapshot) for file in folder.iterdir()}
    assert files == set(re.findall(r"\w[\w.]*\.(?:key|token|parquet|sql|json)\b", text)) - {"adopted.json", "retired.json"}


def test_a_backup_of_a_running_server_is_good(reader, start_program):
    [text] = others("docs/operations.md", "Backing up")
    assert reader.run(text if shutil.which("rsync") else text.replace("rsync -aH", "cp -a")) == ""
    before = ask(reader.program, "GET", "/ComputeNode").content
    reader.program.stop()
    shutil.rmtree(reader.folder / "data")
    (reader.folder / "backup").rename(reader.folder / "data")
    assert ask(start_program(), "GET", "/ComputeNode").content == before


def test_an_inventory_goes_on_from_a_copy(start_program, tmp_path):
    reader = newcomer(start_program("--snapshot-copy", "copies"))
    reader.follow("README.md")
    before = ask(reader.program, "GET", "/ComputeNode").content
    reader.program.stop()
    (tmp_path / "data").rename(tmp_path / "old")
    (tmp_path / "data" / "keys").mkdir(parents=True)
    shutil.copy(tmp_path / "old" / "keys" / "credential.key", tmp_path / "data" / "keys")
    [text] = others("docs/operations.md", "Snapshots elsewhere")
    assert reader.run(text.replace("s3://site/copies", "copies")).startswith("the inventory begins with the snapshot ")
    assert ask(start_program(), "GET", "/ComputeNode").content == before


def test_a_file_is_missing(reader, start_program):
    reader.program.stop()
    program = start_program()
    ask(program, "POST", "/ComputeNode", {"hostname": "a", "architecture": "arm64"})
    program.stop()
    (reader.folder / "data" / "journal" / "00000000000000000008.ndjson").unlink()
    message, repair = others("docs/operations.md", "A file is missing")
    printed = reader.run("node-orchestrator serve --listen 127.0.0.1:0")
    assert squeeze(printed) == squeeze(message.replace("/srv/data", str(reader.folder / "data")))
    assert "No state is lost, as a snapshot has all up to 8" in reader.run(repair)


def test_the_journal_is_damaged(reader, start_program):
    before = ask(reader.program, "GET", "/ComputeNode").content
    reader.program.stop()
    [segment] = (reader.folder / "data" / "journal").glob("*.ndjson")
    content = segment.read_bytes()
    segment.write_bytes(content.replace(b"nid000001", b"nid000009", 1))
    printed = reader.run("node-orchestrator serve --listen 127.0.0.1:0")
    assert "the journal is damaged" in printed and segment.name in printed, printed
    [text] = others("docs/operations.md", "The journal is damaged")
    assert f"{segment.name}, line " in reader.run(text)
    assert ask(start_program(), "GET", "/ComputeNode").content == before


def test_a_file_of_options(start_program, tmp_path):
    [text] = others("docs/options.md", "Where options come from")
    (tmp_path / "options.yaml").write_text(text)
    program = start_program("--config", "options.yaml")
    assert requests.get(f"{program.url}/ComputeNode", timeout=TIMEOUT_SECONDS).status_code == 401


def test_the_journal_has_the_members_that_are_shown(reader):
    bmc = {"mac_address": "02:00:5e:30:00:09", "username": "a", "password": "b"}
    changes = [
        {"op": "put", "kind": "BMC", "document": bmc},
        {"op": "delete", "kind": "ComputeNode", "ref": "x3001c0s0b0n0"},
    ]
    ask(reader.program, "POST", "/transactions", {"reason": "a test", "changes": changes})
    reader.program.stop()
    header, transaction = map(json.loads, others("docs/formats/journal.md", "Lines"))
    [segment] = (reader.folder / "data" / "journal").glob("*.ndjson")
    first, *rest = lines(segment)
    assert list(first) == list(header)
    assert list(rest[-2]) == list(transaction)
    assert [list(change) for change in rest[-2]["changes"]] == [list(change) for change in transaction["changes"]]
    assert list(rest[-1]) == ["end", "at", "crc"]
    [head] = map(json.loads, others("docs/formats/journal.md", "Head"))
    written = (reader.folder / "data" / "head").read_bytes()
    assert list(json.loads(written[:512])) == list(json.loads(written[4096:])) == list(head)


def test_the_audit_log_has_the_members_that_are_shown(reader):
    ask(reader.program, "POST", "/snapshots")
    reader.program.stop()
    beginning, line = map(json.loads, others("docs/formats/audit.md", "Audit log"))
    first, *_, last = lines(reader.folder / "data" / "audit" / "audit.log")
    assert list(first) == list(beginning)
    assert list(last) == list(line)


def test_a_manifest_has_the_members_that_are_shown(reader):
    [shown] = map(json.loads, others("docs/formats/snapshot.md", "manifest.json"))
    [file] = (reader.folder / "data" / "snapshots").glob("snapshot=*/manifest.json")
    manifest = json.loads(file.read_bytes())
    assert list(manifest) == list(shown)
    assert manifest["kinds"] == shown["kinds"] and manifest["format"] == shown["format"]
    for name, entry in shown["files"].items():
        assert list(manifest["files"][name]) == list(entry)
