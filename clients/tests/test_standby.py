"""Servers that share a log when its primary PostgreSQL dies and a standby takes over: one that commits wait for loses nothing; what
another one lacked is said by number, and put back."""

from __future__ import annotations

import os
import subprocess
import threading
import time

import pytest

from support import TIMEOUT_SECONDS
from sites import free_port
from test_replicas import accepted, command, lines, node, request, sequence, site, wait_for_sequence

__all__ = ["site"]


class Standby:
    """A standby of a PostgreSQL, which can take over."""

    def __init__(self, primary):
        self.primary, self.port = primary, free_port()
        self.run("pg_basebackup", "-h", "127.0.0.1", "-p", str(primary.port), "-U", "postgres", "-D", "standby", "-R")

    def run(self, program, *arguments):
        """Run one of PostgreSQL's programs in its folder."""
        subprocess.run(
            [*self.primary.prefix, str(self.primary.programs / program), *arguments],
            cwd=self.primary.folder, env={**os.environ, "PGPASSWORD": self.primary.password},
            check=True, timeout=TIMEOUT_SECONDS, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    def start(self):
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        self.run("pg_ctl", "-D", "standby", "-l", "standby.log", "-o", options, "-w", "start")

    def stop(self):
        self.run("pg_ctl", "-D", "standby", "-m", "fast", "-w", "stop")

    def promote(self):
        self.run("pg_ctl", "-D", "standby", "-w", "promote")

    def is_followed(self, state):
        """Whether the primary sends to it, and how."""
        return self.primary.execute("SELECT sync_state FROM pg_stat_replication").strip() == state


@pytest.fixture
def standby(site):
    """A standby that follows the primary of a site, whose servers know both."""
    standby = Standby(site.postgres)
    location = f"postgres://postgres@127.0.0.1:{site.postgres.port},127.0.0.1:{standby.port}/postgres"
    site.options = lambda: ["--log", location, "--log-lease", "1s"]
    standby.start()
    yield standby
    if (site.postgres.folder / "standby" / "postmaster.pid").exists():
        standby.stop()


def wait_until(condition):
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_nothing_is_lost_where_commits_wait_for_the_standby(site, standby):
    site.postgres.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
    site.postgres.execute("SELECT pg_reload_conf()")
    wait_until(lambda: standby.is_followed("sync"))
    servers = [site.start(name) for name in "ab"]
    answered, problems, is_over = {}, [], threading.Event()

    def write(worker):
        index = 0
        while not is_over.is_set():
            host = f"w{worker}-{index}"
            answer = request(servers[index % 2], "POST", "ComputeNode", {"hostname": host, "architecture": "x86_64"})
            if answer.status_code == 201:
                answered[host] = sequence(answer)
            elif answer.status_code != 503:
                problems.append(answer.text)
            index += 1

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(answered) > 100)
    site.postgres.stop()
    standby.promote()
    before = len(answered)
    wait_until(lambda: len(answered) > before + 100)
    is_over.set()
    for thread in threads:
        thread.join()
    assert not problems
    for server in servers:
        names = {found["hostname"] for found in wait_for_sequence(server, max(answered.values()))}
        assert set(answered) <= names
        server.stop()
    assert lines(servers[0]) == lines(servers[1])


def test_numbers_that_the_standby_lacked_are_not_given_again(site, standby):
    wait_until(lambda: standby.is_followed("async"))
    servers = [site.start(name) for name in "ab"]
    kept = sequence(accepted(servers[0], node(0)))
    wait_for_sequence(servers[1], kept)
    servers[1].stop()
    # Of a lead that was handed over and taken again the standby knows only the former.
    servers[0].stop()
    wait_until(lambda: standby.primary.execute("SELECT count(*) FROM pg_stat_replication WHERE replay_lsn = sent_lsn").strip() == "1")
    standby.stop()
    first = site.start("a")
    lost = sequence(accepted(first, node(1)))
    first.kill()
    site.postgres.stop()
    standby.start()
    standby.promote()
    second = site.start("b")
    assert sequence(accepted(second, node(2))) > lost + 1000
    assert f"up to {lost} that are not in the log" in site.refused("a", *site.options())


def test_what_the_standby_lacked_is_said_and_put_back(site, standby):
    wait_until(lambda: standby.is_followed("async"))
    first, second = site.start("a"), site.start("b")
    for index in range(3):
        kept = sequence(accepted(first, node(index)))
    wait_until(lambda: standby.primary.execute("SELECT count(*) FROM pg_stat_replication WHERE replay_lsn = sent_lsn").strip() == "1")
    standby.stop()
    for index in range(3, 6):
        written = sequence(accepted(first, node(index)))
    nodes = wait_for_sequence(second, written)
    site.postgres.stop()
    standby.start()
    standby.promote()
    for server in (first, second):
        server.wait_for_log(f"the log ends at transaction {kept}, and this server has transactions up to {written}")
        assert request(server, "GET", "ComputeNode").json() == nodes
        assert request(server, "POST", "ComputeNode", node(9)).status_code == 503
    first.stop()
    second.stop()
    pushed = command(site, "log", "push", *site.options()[:2], "--data-dir", str(second.folder / "data"))
    assert pushed.stdout == f"the log has the transactions {kept + 1} to {written} again\n", pushed.stderr
    first, second = site.start("a"), site.start("b")
    last = sequence(accepted(second, node(6)))
    assert wait_for_sequence(first, last) == wait_for_sequence(second, last)
    assert len(request(first, "GET", "ComputeNode").json()) == 7
    for server in (first, second):
        server.stop()
    assert lines(first) == lines(second)
