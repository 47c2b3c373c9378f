"""Queries that join the inventory with what else a site has: databases, folders of files, an S3 storage."""

from __future__ import annotations

import sqlite3

import duckdb
import pytest
import requests

from program import run_program
from support import EXTENSIONS

# Workers come last, and tests run beside others.
PATIENCE = ["--query-timeout", "2m"]


def fill(program):
    """Create the nodes n0 to n3."""
    headers = {"Authorization": f"Bearer {program.token()}"}
    for slot in range(4):
        node = {"hostname": f"n{slot}", "xname": f"x1000c0s{slot}b0n0", "architecture": "x86_64"}
        requests.post(f"{program.url}/ComputeNode", json=node, headers=headers).raise_for_status()
    return program


def ask(program, sql):
    """Ask the program, and return its answer."""
    headers = {"Authorization": f"Bearer {program.token()}"}
    return requests.post(f"{program.url}/query", json={"sql": sql}, headers=headers)


def rows(program, sql):
    """Return the rows of an answer, which must be one."""
    answer = ask(program, sql)
    assert answer.status_code == 200, answer.text
    return answer.json()["rows"]


def engine(*extensions):
    """Return a connection to DuckDB with some extensions."""
    connection = duckdb.connect()
    for extension in extensions:
        connection.execute(f"LOAD '{EXTENSIONS / extension}.duckdb_extension'")
    return connection


@pytest.fixture
def assets(tmp_path):
    """A SQLite file of owners."""
    file = tmp_path / "assets.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE owners(xname TEXT, owner TEXT)")
        connection.execute("INSERT INTO owners VALUES ('x1000c0s1b0n0', 'bob')")
    return file


@pytest.fixture
def site(tmp_path):
    """A DuckDB file, with a macro and a view that want more than they may have."""
    file = tmp_path / "site.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE TABLE racks AS SELECT 'n' || i AS hostname, i + 10 AS rack FROM range(4) t(i)")
        connection.execute("CREATE MACRO abs(x) AS (SELECT content FROM read_text('/etc/hostname'))")
        connection.execute("CREATE VIEW outside AS SELECT * FROM read_text('/etc/hostname')")
    return file


def test_databases_and_folders_on_disk_join_with_the_inventory(start_program, tmp_path, assets, site):
    jobs = tmp_path / "jobs"
    (jobs / "year=2026").mkdir(parents=True)
    (jobs / "year=2026" / "a.csv").write_text("hostname,cpus\nn0,4\n")
    (jobs / "year=2026" / "b.csv").write_text("hostname,cpus,gpus\nn2,8,1\n")
    logs = tmp_path / "logs.ndjson"
    logs.write_text('{"hostname": "n3", "event": {"code": 7}}\n')
    engine().execute(f"COPY (SELECT 'n1' AS hostname, 300 AS watts) TO '{tmp_path}/power.parquet'")
    sources = {"assets": assets, "site": site, "jobs": jobs, "logs": logs, "power": f"{tmp_path}/*.parquet"}
    program = fill(start_program(*PATIENCE, *(f"--attach={name}={place}" for name, place in sources.items())))
    join = "SELECT hostname, {} FROM compute_nodes JOIN {} ORDER BY 1"
    assert rows(program, join.format("owner", "assets.owners USING (xname)")) == [["n1", "bob"]]
    assert rows(program, join.format("rack", "site.main.racks USING (hostname) WHERE rack > 12")) == [["n3", 13]]
    found = rows(program, join.format("cpus, gpus, year", "jobs USING (hostname)"))
    assert found == [["n0", 4, None, 2026], ["n2", 8, 1, 2026]]
    assert rows(program, join.format("event.code", "logs USING (hostname)")) == [["n3", 7]]
    assert rows(program, join.format("watts", "power USING (hostname)")) == [["n1", 300]]
    everything = "assets.owners o, site.racks r, power p WHERE p.hostname = r.hostname"
    assert rows(program, f"SELECT owner, rack, watts FROM {everything}") == [["bob", 11, 300]]
    assert rows(program, "SHOW TABLES FROM assets") == [["owners"]]
    assert rows(program, "SELECT count(*) FROM (DESCRIBE site.racks)") == [[2]]
    headers = {"Authorization": f"Bearer {program.token()}"}
    listed = {table["name"] for table in requests.get(f"{program.url}/query/tables", headers=headers).json()}
    assert set(sources) < listed
    # What comes later in a folder is seen.
    (jobs / "c.csv").write_text("hostname,cpus\nn1,2\n")
    assert rows(program, "SELECT sum(cpus) FROM jobs") == [[14]]


def test_postgresql_that_is_away_fails_only_queries_of_it_and_is_tried_again(start_program, postgres):
    program = fill(start_program(*PATIENCE, f"--attach=site={postgres.url(postgres.password)}"))
    sql = "SELECT xname, job FROM site.jobs JOIN compute_nodes ON hostname = node"
    answer = ask(program, sql)
    assert answer.status_code == 503
    assert answer.json()["detail"] == "The attached site cannot be reached."
    assert rows(program, "SELECT count(*) FROM compute_nodes") == [[4]]
    postgres.start()
    postgres.execute("CREATE TABLE jobs(node text, job int); INSERT INTO jobs VALUES ('n0', 7)")
    assert rows(program, sql) == [["x1000c0s0b0n0", 7]]
    postgres.stop()
    assert ask(program, sql).status_code == 503
    postgres.start()
    assert rows(program, sql) == [["x1000c0s0b0n0", 7]]
    program.stop()
    log = "".join(program.lines)
    assert "Connection refused" in log and postgres.password not in log


def test_postgresql_takes_its_password_from_the_environment(start_program, postgres):
    postgres.start()
    postgres.execute("CREATE TABLE jobs(node text, job int); INSERT INTO jobs VALUES ('n0', 7)")
    program = start_program(
        *PATIENCE, f"--attach=site={postgres.url()}", environment={"PGPASSWORD": postgres.password}
    )
    assert rows(program, "SELECT job FROM site.public.jobs") == [[7]]
    assert ask(program, "FROM site.pg_catalog.pg_authid").status_code == 400


def test_parquet_in_s3_joins_with_the_inventory_and_other_places_stay_out_of_reach(start_program, storage):
    storage.client.put_object(Bucket="other", Key="secret.csv", Body=b"a\n1\n")
    storage.client.put_object(Bucket="site", Key="secret.csv", Body=b"a\n1\n")
    connection = engine("httpfs")
    host = storage.url.removeprefix("http://")
    connection.execute(
        f"CREATE SECRET (TYPE s3, KEY_ID 'id', SECRET 'secret', ENDPOINT '{host}', URL_STYLE 'path', USE_SSL false)"
    )
    for year in (2025, 2026):
        power = f"SELECT 'n' || i AS hostname, i + {year} AS watts FROM range(4) t(i)"
        connection.execute(f"COPY ({power}) TO 's3://site/power/year={year}/a.parquet'")
    program = fill(start_program(*PATIENCE, "--attach=power=s3://site/power", environment=storage.environment))
    sql = "SELECT xname, watts FROM power JOIN compute_nodes USING (hostname) WHERE year = 2026 AND hostname = 'n1'"
    assert rows(program, sql) == [["x1000c0s1b0n0", 2027]]
    for path in ("s3://other/secret.csv", "s3://site/secret.csv", "s3://site/power/../secret.csv",
                 "s3://site/power/?x=/../../../other/secret.csv"):
        for form in (f"FROM '{path}'", f"FROM read_csv('{path}')", f"FROM power, read_text('{path}')",
                     f"FROM power WHERE hostname IN (SELECT content FROM read_text('{path}'))"):
            assert ask(program, form).status_code == 400, form


def test_a_password_is_in_no_view_of_the_engine(start_program, postgres, tmp_path):
    postgres.start()
    postgres.execute("CREATE TABLE jobs(node text, job int)")
    file = tmp_path / "site.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE VIEW paths AS SELECT path FROM duckdb_databases()")
    address = postgres.url(postgres.password)
    program = start_program(*PATIENCE, f"--attach=site={file}", f"--attach=slurm={address}")
    answer = ask(program, "FROM site.paths WHERE NOT EXISTS (FROM slurm.jobs)")
    assert answer.status_code == 200 and "127.0.0.1" in answer.text and postgres.password not in answer.text


def test_a_sqlite_file_with_a_write_ahead_log_is_read_whether_or_not_others_have_it_open(start_program, tmp_path):
    file = tmp_path / "wal.db"
    writer = sqlite3.connect(file)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("CREATE TABLE t(a INTEGER)")
    writer.execute("INSERT INTO t VALUES (1)")
    writer.commit()
    writer.close()
    program = start_program(*PATIENCE, f"--attach=wal={file}")
    assert rows(program, "SELECT sum(a) FROM wal.t") == [[1]]
    writer = sqlite3.connect(file)
    writer.execute("INSERT INTO t VALUES (2)")
    writer.commit()
    assert rows(program, "SELECT sum(a) FROM wal.t") == [[3]]
    writer.close()
    assert rows(program, "SELECT sum(a) FROM wal.t") == [[3]]


def test_a_ducklake_is_read_at_its_versions(start_program, tmp_path):
    address = f"ducklake:{tmp_path}/lake.ducklake"
    with engine("ducklake") as connection:
        connection.execute(f"ATTACH '{address}' AS lake (DATA_PATH '{tmp_path}/files/')")
        connection.execute("CREATE TABLE lake.racks AS SELECT 'n0' AS hostname, 1 AS rack")
        connection.execute("INSERT INTO lake.racks VALUES ('n1', 2)")
    program = fill(start_program(*PATIENCE, f"--attach=lake={address}"))
    join = "SELECT xname, rack FROM lake.racks {} JOIN compute_nodes USING (hostname) ORDER BY ALL"
    assert rows(program, join.format("")) == [["x1000c0s0b0n0", 1], ["x1000c0s1b0n0", 2]]
    assert rows(program, join.format("AT (VERSION => 1)")) == [["x1000c0s0b0n0", 1]]
    assert ask(program, "FROM __ducklake_metadata_lake.ducklake_metadata").status_code == 400


OUTSIDE = [
    "SELECT site.abs(1)", "SELECT site.main.abs(1)", "FROM site.outside", "FROM assets.\"../../x.csv\"", "FROM assets", "FROM site.duckdb_tables",
    "FROM site.information_schema.tables", "FROM assets.sqlite_master", "FROM assets.sqlite_schema",
    "FROM assets.owners AT (VERSION => 1)", "FROM system.duckdb_databases", "FROM memory.main.x",
    "FROM tables_1.compute_nodes", "FROM sqlite_scan('x.db', 't')", "FROM postgres_query('site', 'SELECT 1')",
    "FROM postgres_scan('x', 'y', 'z')", "FROM sqlite_query('assets', 'SELECT 1')", "FROM duckdb_secrets()",
    "FROM which_secret('s3://x', 's3')", "FROM ducklake_snapshots('site')", "SHOW TABLES FROM system",
    "SHOW ALL TABLES", "SHOW DATABASES", "FROM pragma_database_list", "INSERT INTO site.racks VALUES ('x', 1)",
    "UPDATE assets.owners SET owner = 'me'", "DELETE FROM assets.owners", "DROP TABLE site.racks", "DETACH assets",
    "CREATE TABLE site.x AS SELECT 1", "ATTACH 'x.db' AS x", "USE site", "COPY site.racks TO 'x.csv'", "CHECKPOINT site",
]


def test_what_is_attached_is_no_way_out(start_program, tmp_path, assets, site):
    program = fill(start_program(*PATIENCE, f"--attach=assets={assets}", f"--attach=site={site}"))
    before = assets.read_bytes(), site.read_bytes()
    for sql in OUTSIDE:
        forms = [sql]
        if sql.startswith(("FROM", "SELECT")):
            forms += [f"WITH a AS ({sql}) FROM a", f"FROM site.racks WHERE EXISTS ({sql})"]
        for form in forms:
            answer = ask(program, form)
            assert answer.status_code == 400, f"{form}: {answer.text}"
            # What the engine alone would have refused says so.
            assert "Error:" not in answer.text or "outside" in sql or "AT (" in sql, f"{form}: {answer.text}"
    assert rows(program, "SELECT abs(-1), count(*) FROM assets.owners") == [[1, 1]]
    assert (assets.read_bytes(), site.read_bytes()) == before


def test_a_missing_extension_is_named(start_program, tmp_path, assets):
    program = start_program(*PATIENCE, f"--attach=assets={assets}", "--extension-dir", str(tmp_path))
    assert ask(program, "FROM assets.owners").status_code == 503
    assert rows(program, "SELECT 1") == [[1]]
    program.stop()
    assert f"the extension sqlite_scanner of DuckDB v1.5.5 is not in {tmp_path}" in "".join(program.lines)


def test_the_command_attaches_too(program, tmp_path, assets):
    fill(program)
    command = ["query", "--data-dir", str(tmp_path / "data"), "--attach", f"assets={assets}"]
    sql = "SELECT hostname, owner FROM compute_nodes JOIN assets.owners USING (xname)"
    done = run_program(*command, sql)
    assert (done.returncode, done.stdout) == (0, "hostname,owner\nn1,bob\n"), done.stderr
    wrong = run_program(*command, "--attach", "assets=x", sql)
    assert wrong.returncode == 64 and "twice" in wrong.stderr
