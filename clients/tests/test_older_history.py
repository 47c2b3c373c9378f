"""The history from before a server joined, which it gets from the others later."""

from __future__ import annotations

import json
import time
from datetime import datetime, timezone

import pytest

from support import TIMEOUT_SECONDS
from test_replicas import accepted, lines, node, request, sequence, site, wait_for_sequence, wait_until_forgotten

KEEP = ("--log-keep-for", "1s")
JOINS = "joins with a snapshot"
IS_THERE = "the history from before this server joined is there"


@pytest.fixture
def first(site):
    """A server with a journal of several segments, several snapshots, and a log that begins behind them."""
    server = site.start("a", *KEEP)
    for index in range(3):
        accepted(server, node(index))
        patched = request(server, "PATCH", f"ComputeNode/x1000c0s{index}b0n0", {"description": f"of round {index}"})
        assert patched.status_code == 200, patched.text
        assert request(server, "POST", "snapshots").status_code == 201
        accepted(server, node(10 + index))
        server.stop()
        server = site.start("a", *KEEP)
    accepted(server, node(20))
    assert request(server, "POST", "snapshots").status_code == 201
    server.written = sequence(accepted(server, node(21)))
    wait_until_forgotten(site, server.written - 1)
    return server


def test_times_mean_the_same_at_a_server_that_comes_later(site):
    """A server reads what was accepted long before it was started."""
    server = site.start("a")
    times = [datetime.now(timezone.utc)]
    for index in range(4):
        time.sleep(0.05)
        accepted(server, node(index))
        time.sleep(0.05)
        times.append(datetime.now(timezone.utc))
    second = site.start("b")
    wait_for_sequence(second, sequence(request(server, "GET", "ComputeNode")))
    # Its first segment is followed by others.
    second.kill()
    accepted(server, node(5))
    time.sleep(0.05)
    times.append(datetime.now(timezone.utc))
    newest = sequence(accepted(server, node(6)))
    second = site.start("b")
    wait_for_sequence(second, newest)
    for count, moment in enumerate(times):
        path = f"ComputeNode?at={moment.isoformat(timespec='milliseconds').replace('+00:00', 'Z')}"
        answers = [request(each, "GET", path) for each in (server, second)]
        assert [len(answer.json()) for answer in answers] == [count, count], path


def snapshots(server):
    return {snapshot["id"]: snapshot["sequence"] for snapshot in request(server, "GET", "snapshots").json()}


def check_equal(servers, oldest, newest):
    """Everything that can be read of the past is the same at some servers."""
    paths = [f"ComputeNode?at={number}" for number in range(oldest, newest + 1)]
    paths += [f"diff?from={oldest}&to={newest}"]
    if oldest == 0:
        paths += [f"ComputeNode/x1000c0s{index}b0n0/history" for index in (0, 2, 10, 20)]
    for path in paths:
        answers = [request(server, "GET", path) for server in servers]
        assert [answer.status_code for answer in answers] == [200] * len(servers), (path, answers[-1].text)
        assert answers[0].json() == answers[-1].json(), path


def test_a_server_that_joined_gets_the_history_from_before(site, first):
    second = site.start("b", *KEEP)
    second.wait_for_log(JOINS)
    second.wait_for_log(IS_THERE)
    wait_for_sequence(second, first.written)
    assert lines(second) == lines(first)
    assert snapshots(first).items() <= snapshots(second).items()
    check_equal((first, second), 0, first.written)
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while {replica["oldest"] for replica in request(first, "GET", "replicas").json()["replicas"]} != {0}:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    # It is the server's own from now on.
    second.kill()
    second = site.start("b", *KEEP)
    wait_for_sequence(second, first.written)
    check_equal((first, second), 0, first.written)
    second.stop()
    segments = sorted((second.folder / "data" / "journal").glob("*.ndjson"))
    assert len(segments) >= 4
    for segment in segments[:3]:
        held = segment.read_bytes()
        segment.unlink()
        refusal = site.refused("b", *site.options(), *KEEP)
        assert segment.name in refusal and "missing" in refusal, refusal
        segment.write_bytes(held)
    third = site.start("c", *KEEP)
    third.wait_for_log(IS_THERE)


def test_what_was_interrupted_goes_on(site, first):
    second = site.start("b", *KEEP)
    second.wait_for_log(JOINS)
    second.kill()
    mark = second.folder / "data" / "older-history"
    assert mark.exists()
    first.kill()
    # With nobody to ask it goes on without, and waits.
    second = site.start("b", *KEEP)
    newest = sequence(accepted(second, node(30)))
    assert request(second, "GET", "ComputeNode?at=1").status_code == 410
    assert mark.exists() and not second.has_logged(IS_THERE)
    first = site.start("a", *KEEP)
    second.wait_for_log(IS_THERE)
    assert not mark.exists()
    wait_for_sequence(first, newest)
    # Numbers are passed over where the lead was taken.
    check_equal((first, second), 0, 8)
    check_equal((first, second), newest, newest)


def test_no_more_comes_than_is_kept(site, first):
    second = site.start("b", *KEEP, "--snapshot-keep", "3", "--history-keep-for", "0")
    second.wait_for_log(IS_THERE)
    there = snapshots(first)
    kept = sorted(there)[-3:]
    assert sorted(snapshots(second)) == kept
    oldest = there[kept[0]]
    wait_for_sequence(second, first.written)
    check_equal((first, second), oldest, first.written)
    assert request(second, "GET", f"ComputeNode?at={oldest - 1}").status_code == 410
    assert min(lines(second)) <= oldest + 1


def test_a_snapshot_of_another_past_is_left_out(site, first):
    there = snapshots(first)
    foreign = sorted(there)[1]
    manifest = first.folder / "data" / "snapshots" / f"snapshot={foreign}" / "manifest.json"
    held = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**held, "chain": "0" * 32}))
    second = site.start("b", *KEEP)
    second.wait_for_log("is not of the past that is here")
    second.wait_for_log(IS_THERE)
    assert there.keys() - snapshots(second).keys() == {foreign}
    wait_for_sequence(second, first.written)
    check_equal((first, second), 0, first.written)
    second.stop()
    assert site.start("b", *KEEP)


def test_parts_of_the_journal_are_for_administrators_who_say_which(site, first):
    assert request(first, "GET", "journal").status_code == 400
    assert request(first, "GET", "journal?through=x").status_code == 400
    for query in (f"through={first.written + 1}", f"from=3&through={first.written + 1}", "from=3&through=2", "through=0"):
        assert request(first, "GET", f"journal?{query}").status_code == 404, query
    header, *rest = map(json.loads, request(first, "GET", "journal?from=2&through=3").text.splitlines())
    assert header["first"] == 2 and [line["seq"] for line in rest] == [2, 3]


def test_a_snapshot_that_is_damaged_elsewhere_is_left_out(site, first):
    damaged, missing = sorted(snapshots(first))[1:3]
    folder = first.folder / "data" / "snapshots"
    file = next(folder.glob(f"*{damaged}/ComputeNode.parquet"))
    # Snapshots share files that did not change.
    held = file.read_bytes()
    file.unlink()
    file.write_bytes(held[:-1] + b"!")
    next(folder.glob(f"*{missing}/ComputeNode.parquet")).unlink()
    second = site.start("b", *KEEP)
    second.wait_for_log(IS_THERE)
    wait_for_sequence(second, first.written)
    assert lines(second) == lines(first)
    assert snapshots(first).keys() - snapshots(second).keys() == {damaged, missing}
    assert second.has_logged("an older snapshot is left out")
    check_equal((first, second), 0, first.written)
