"""`existing=`: documents for resources that are there already, so that a second run of a discovery does no harm."""

from __future__ import annotations

import json

import pytest
import requests

from support import run_client


def node(number, **members):
    """Return a node with a BMC that has a password."""
    return {
        "hostname": f"nid{number}", "architecture": "x86_64", "xname": f"x1000c0s{number}b0n0",
        "boot_mac": f"02:00:00:00:00:{number:02x}", "description": "as found", "labels": {"rack": "r1"},
        "bmc": {"mac_address": f"02:00:00:00:01:{number:02x}", "username": "root", "password": f"secret {number}"},
        "spec": {"bmc_password": f"other secret {number}"}, **members,
    }


class Session:
    """Requests with the program's own token."""

    def __init__(self, program):
        self.url = program.url
        self.headers = {"Authorization": f"Bearer {program.token()}"}

    def post(self, body, existing=None, form="array"):
        """Send documents in one of three forms and return the status and what became of each."""
        query = f"?existing={existing}" if existing else ""
        if form == "lines":
            text = "".join(json.dumps(document) + "\n" for document in body)
            answer = requests.post(
                f"{self.url}/ComputeNode{query}", data=text,
                headers={**self.headers, "Content-Type": "application/x-ndjson"},
            )
            lines = [json.loads(line) for line in answer.text.splitlines()]
            return answer.status_code, lines[:-1], lines[-1]
        answer = requests.post(f"{self.url}/ComputeNode{query}", json=body, headers=self.headers)
        return answer.status_code, answer.json(), None

    def get(self, path):
        """Return a resource."""
        answer = requests.get(f"{self.url}{path}", headers=self.headers)
        return answer.json() if answer.ok else answer.status_code

    def sequence(self):
        """Return the number of the last transaction: that of one that changes nothing."""
        answer = requests.post(f"{self.url}/transactions", json={"changes": []}, headers=self.headers)
        return answer.json()["sequence"]


@pytest.fixture
def session(program):
    """A session with three nodes that are there."""
    session = Session(program)
    assert session.post([node(1), node(2), node(3)])[0] == 201
    return session


@pytest.mark.parametrize("form", ["array", "lines"])
@pytest.mark.parametrize("existing", ["skip", "patch", "replace"])
def test_a_second_run_changes_nothing(session, existing, form):
    before, everything = session.sequence(), session.get("/ComputeNode")
    status, outcomes, counts = session.post([node(1), node(2), node(3)], existing, form)
    assert status == 200
    assert [outcome["outcome"] for outcome in outcomes] == ["same"] * 3
    assert [outcome["id"] for outcome in outcomes] == [each["id"] for each in everything]
    assert session.get("/ComputeNode") == everything
    assert session.sequence() == before
    if form == "lines":
        assert counts == {"created": 0, "changed": 0, "same": 3, "failed": 0}
        assert [outcome["status"] for outcome in outcomes] == [200] * 3


def test_each_form_says_what_became_of_each(session):
    documents = [node(1), node(2, description="new"), node(4)]
    status, outcomes, _ = session.post(documents, "replace")
    assert status == 201
    assert [(each["index"], each["outcome"]) for each in outcomes] == [(0, "same"), (1, "changed"), (2, "created")]
    assert outcomes[0]["version"] < outcomes[1]["version"] == outcomes[2]["version"] == session.sequence()
    assert session.get("/ComputeNode/nid2") == 404
    assert session.get(f"/ComputeNode/{outcomes[1]['id']}")["description"] == "new"
    status, outcomes, counts = session.post([node(5), node(2, description="newer"), node(4)], "patch", "lines")
    assert [(each["line"], each["status"], each["outcome"]) for each in outcomes] == [
        (1, 201, "created"), (2, 200, "changed"), (3, 200, "same"),
    ]
    assert counts == {"created": 1, "changed": 1, "same": 1, "failed": 0}


def test_one_document(session):
    status, outcome, _ = session.post(node(1, description="new"), "patch")
    assert status == 200 and (outcome["index"], outcome["outcome"]) == (0, "changed")
    status, outcome, _ = session.post(node(9), "patch")
    assert status == 201 and outcome["outcome"] == "created"
    status, problem, _ = session.post(node(9), "fail")
    assert status == 409 and problem["holder"]["id"] == outcome["id"]
    status, problem, _ = session.post(node(9))
    assert status == 409
    status, problem, _ = session.post(node(9), "update")
    assert status == 400 and "fail, skip, patch, replace" in problem["detail"]


def test_patch_keeps_what_is_not_given_and_replace_does_not(session):
    document = {"hostname": "renamed", "architecture": "arm64", "xname": "x1000c0s1b0n0", "labels": {"row": "7"}}
    assert session.post([document], "patch")[1][0]["outcome"] == "changed"
    patched = session.get("/ComputeNode/x1000c0s1b0n0")
    assert patched["description"] == "as found" and patched["labels"] == {"rack": "r1", "row": "7"}
    assert patched["spec"] == {"bmc_password": ""} and patched["bmc"]["mac_address"] == "02:00:00:00:01:01"
    assert session.post([document], "replace")[1][0]["outcome"] == "changed"
    replaced = session.get("/ComputeNode/x1000c0s1b0n0")
    assert "description" not in replaced and "spec" not in replaced and replaced["labels"] == {"row": "7"}
    # The board is still where it is.
    assert replaced["bmc"] == patched["bmc"]


@pytest.mark.parametrize("existing", ["patch", "replace"])
def test_another_password_is_a_change(session, existing):
    changed = node(1)
    changed["bmc"]["password"] = "another"
    assert session.post([changed], existing)[1][0]["outcome"] == "changed"
    assert session.post([changed], existing)[1][0]["outcome"] == "same"
    changed["spec"]["bmc_password"] = "another"
    assert session.post([changed], existing)[1][0]["outcome"] == "changed"


def test_a_put_of_the_same_password_is_none(session):
    before = session.sequence()
    answer = requests.put(f"{session.url}/ComputeNode/x1000c0s1b0n0", json=node(1), headers=session.headers)
    assert answer.status_code == 200 and session.sequence() == before


def test_keys_of_two_are_a_conflict_and_nothing_is_done(session):
    before = session.sequence()
    two = node(1, boot_mac="02:00:00:00:00:02")
    for existing in ("skip", "patch", "replace"):
        status, problem, _ = session.post([node(7), two], existing)
        assert status == 409 and "x1000c0s1b0n0" in problem["detail"]
    assert session.sequence() == before
    # By its id it is one.
    mine = session.get("/ComputeNode/x1000c0s1b0n0")["id"]
    assert session.post([node(1, id=mine)], "skip")[1][0]["outcome"] == "same"


def test_a_document_twice_in_one_array_is_one_resource(session):
    status, outcomes, _ = session.post([node(6), node(6, description="later")], "patch")
    assert status == 201 and outcomes[0]["id"] == outcomes[1]["id"]
    assert session.get("/ComputeNode/x1000c0s6b0n0")["description"] == "later"


def test_other_kinds(program):
    session = Session(program)
    collection = {"name": "c", "type": "ad-hoc", "nodes": ["x1000c0s0b0n0"]}
    for outcome in ("created", "same"):
        answer = requests.post(
            f"{session.url}/NodeCollection?existing=replace", json=collection, headers=session.headers
        )
        assert answer.json()["outcome"] == outcome


def test_the_client(program, tmp_path):
    nodes = tmp_path / "nodes.json"
    nodes.write_text(json.dumps([node(1), node(2)]))
    options = ("--url", program.url, "--jwt", program.token(), "create", "ComputeNode", "--file", nodes, "--existing")
    for existing, said in (
        ("skip", "2 created, 0 changed, 0 same"), ("patch", "0 created, 0 changed, 2 same"),
        ("fail", "0 created, 0 changed, 0 same, 2 failed: 2 conflicts (409)"),
    ):
        result = run_client(*options, existing, cwd=tmp_path)
        assert result.stdout.strip() == said
        assert result.returncode == (1 if existing == "fail" else 0)
