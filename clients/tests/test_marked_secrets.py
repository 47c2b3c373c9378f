"""A marked password and a marked token are in nothing that the program writes, sends or says, once everything has been done with
them, except where credentials were asked for."""

from __future__ import annotations

import base64
import json
import signal
import threading

import duckdb
import requests

from program import run_program
from support import TIMEOUT_SECONDS

# No two of them have ten characters in common, so that a part of one is told, too.
PASSWORDS = ["Aq7-first-marked-Zx", "Bw6~second/marked+Yc", "Ce5 thïrd \"marked\" Xv", "Dr4_fourth_marked_Wb"]
NODE, BMC = "x4000c0s0b0n0", "x4000c0s0b0"


def forms(text: str) -> set[bytes]:
    """The ways in which a text may be written down."""
    data = text.encode()
    found = {data, text.encode("utf-16-le"), json.dumps(text)[1:-1].encode(), data.hex().encode()}
    found.add(json.dumps(text, ensure_ascii=False)[1:-1].encode())
    found.add(requests.utils.quote(text, safe="").encode())
    for start in range(3):
        # As a part of a longer text in base64: without what depends on its neighbours.
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            found.add(encode(b"x" * start + data)[4 if start else 0 : -4])
    return found


class Watch:
    """All that the program has sent, and what no byte of it may be."""

    def __init__(self, secrets: dict[str, str]) -> None:
        self.secrets = {name: forms(text) for name, text in secrets.items()}
        self.seen: list[tuple[str, bytes]] = []

    def see(self, where: str, data: bytes) -> None:
        self.seen.append((where, data))

    def found(self) -> list[str]:
        """Where what was found."""
        return [
            f"{name} in {where}"
            for where, data in self.seen
            for name, texts in self.secrets.items()
            if any(text in data for text in texts)
        ]


def bmc(password: str, number: int = 0) -> dict:
    return {
        "xname": f"x4000c0s{number}b0",
        "mac_address": f"02:00:00:00:04:{number:02x}",
        "username": "root",
        "password": password,
    }


def node(password: str, number: int = 0) -> dict:
    return {
        "xname": f"x4000c0s{number}b0n0",
        "hostname": f"n{number}",
        "architecture": "x86_64",
        "bmc": bmc(password, number),
        "spec": {"bmc_password": PASSWORDS[3]},
    }


def test_marked_secrets_are_nowhere(start_program, tmp_path):
    program = start_program("--log-level", "trace", "--snapshot-freq", "0")
    token = run_program(
        "token", "--data-dir", str(tmp_path / "data"), "--subject", "marked", "--role", "admin"
    ).stdout.strip()
    secrets = {f"password {number}": text for number, text in enumerate(PASSWORDS)}
    secrets |= {"claims": token.split(".")[1], "signature": token.split(".")[2]}
    watch = Watch(secrets)

    def send(method, path, body=None, *, accept=None, kind="application/json", expected=None, **parameters):
        headers = {"Authorization": f"Bearer {token}", "Content-Type": kind, "Accept": accept or "*/*"}
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        answer = requests.request(
            method, f"{program.url}{path}", data=data, headers=headers, params=parameters, timeout=TIMEOUT_SECONDS
        )
        if not path.endswith("/credentials"):
            watch.see(f"{method} {path}", str(answer.headers).encode() + answer.content)
        assert answer.status_code == expected if expected else answer.ok, (method, path, answer.status_code, answer.text)
        return answer

    feed = requests.get(
        f"{program.url}/events?after=0",
        headers={"Authorization": f"Bearer {token}"},
        stream=True,
        timeout=TIMEOUT_SECONDS,
    )
    events: list[bytes] = []
    is_read = threading.Event()

    def read_feed() -> None:
        for line in feed.iter_lines():
            events.append(line)
            if b"the last one" in line:
                return is_read.set()

    threading.Thread(target=read_feed, daemon=True).start()

    # Writes of all forms, good and bad.
    send("POST", "/ComputeNode", node(PASSWORDS[0]))
    send("POST", "/ComputeNode", [node(PASSWORDS[1], 1), node(PASSWORDS[2], 2)])
    send("POST", "/ComputeNode", [node(PASSWORDS[1], 1)], existing="patch")
    lines = b"".join(json.dumps(node(PASSWORDS[2], number)).encode() + b"\n" for number in (3, 4))
    send("POST", "/ComputeNode", lines + b'{"hostname":"' + PASSWORDS[0].encode() + b'"}\n', kind="application/x-ndjson")
    send("PATCH", f"/BMC/{BMC}", {"password": PASSWORDS[1]})
    send("PUT", f"/BMC/{BMC}", bmc(PASSWORDS[2]))
    send("PATCH", "/BMC", {"password": PASSWORDS[0]}, xname="x4000c0s1*", limit="5")
    change = {"op": "patch", "kind": "BMC", "ref": BMC, "patch": {"password": PASSWORDS[0]}}
    send("POST", "/transactions", {"changes": [change]}, dry_run="true")
    send("POST", "/transactions", {"changes": [change]})
    for body in (
        {"password": PASSWORDS[0], "mac_address": "nonsense"},
        {"passwort": PASSWORDS[2]},
        {**bmc(PASSWORDS[0], 9), "xname": "nonsense"},
        {**bmc(PASSWORDS[0], 9), "password": [PASSWORDS[1]]},
        [bmc(PASSWORDS[0]), bmc(PASSWORDS[1])],
    ):
        send("POST", "/BMC", body, expected=400 if not isinstance(body, list) else 409)
    send("POST", "/BMC", PASSWORDS[0].encode(), expected=400)
    send("GET", "/BMC", expected=400, password=PASSWORDS[0])
    asked = send("GET", f"/BMC/{BMC}/credentials")
    assert asked.json()["password"] == PASSWORDS[0]
    # The watch would see it elsewhere.
    assert any(text in asked.content for text in watch.secrets["password 0"])
    send("POST", "/snapshots")
    first = send("GET", "/snapshots").json()[0]["id"]
    send("POST", "/credentials/rotate")
    send("PATCH", f"/BMC/{BMC}", {"password": PASSWORDS[3]})
    send("POST", "/restore", at="2")
    send("POST", f"/snapshots/{first}/restore", dry_run="true")
    send("POST", "/snapshots")
    program.process.send_signal(signal.SIGHUP)

    # Reads of all forms.
    for kind in ("ComputeNode", "BMC", "NodeCollection", "Component"):
        for accept in ("application/json", "application/x-ndjson"):
            send("GET", f"/{kind}", accept=accept)
        send("GET", f"/{kind}", at="3")
    for path in (f"/ComputeNode/{NODE}", f"/BMC/{BMC}", f"/ComputeNode/{NODE}/history", f"/BMC/{BMC}/history"):
        send("GET", path)
    send("GET", "/diff", **{"from": "1"})
    for path in ("/snapshots", f"/snapshots/{first}", "/schemas", "/schemas/BMC.json", "/metrics", "/readyz"):
        send("GET", path)
    tables = [table["name"] for table in send("GET", "/query/tables").json()]
    assert {"bmcs", "changes", "history_bmcs"} <= set(tables)
    for table in tables:
        for accept in ("application/json", "text/csv", "application/x-ndjson"):
            send("POST", "/query", {"sql": f"SELECT * FROM {table}"}, accept=accept)
    send("POST", "/query", {"sql": "SELECT error(?)", "params": ["nothing"]}, expected=400)
    send("DELETE", "/BMC/x4000c0s9b0", expected=404)
    send("POST", "/NodeCollection", {"name": "the last one", "type": "job", "nodes": []})
    assert is_read.wait(TIMEOUT_SECONDS), events
    feed.close()
    watch.see("the feed", b"\n".join(events))

    # Beside the server, and after it.
    data = str(tmp_path / "data")
    for command in (["audit"], ["audit", "--json"], ["snapshot", "list"]):
        answer = run_program(*command, "--data-dir", data)
        watch.see(" ".join(command), (answer.stdout + answer.stderr).encode())
    program.stop()
    for command in (
        ["journal", "verify"], ["credentials", "rotate"], ["restore", "--at-seq", "3"], ["diff", "1"],
        ["query", "SELECT * FROM bmcs"], ["query", "SELECT * FROM changes"],
    ):  # fmt: skip
        answer = run_program(*command, "--data-dir", data)
        assert answer.returncode == 0, (command, answer.stderr)
        watch.see(" ".join(command), (answer.stdout + answer.stderr).encode())
    again = start_program("--log-level", "trace")
    again.stop()
    watch.see("the log", "".join(program.lines + again.lines).encode())
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert any(file.suffix == ".parquet" for file in files)
    for file in files:
        where = str(file.relative_to(tmp_path))
        watch.see(where, file.read_bytes())
        if file.suffix == ".parquet":
            rows = duckdb.sql(f"SELECT to_json(t)::VARCHAR FROM read_parquet('{file}') t").fetchall()
            watch.see(f"the rows of {where}", "\n".join(row for (row,) in rows).encode())
    # Nothing escaped the watch because nothing was there.
    assert any(b"x4000c0s0b0" in data for where, data in watch.seen if where.startswith("the rows of"))
    assert len(events) > 10 and len(watch.seen) > 100
    assert watch.found() == []
