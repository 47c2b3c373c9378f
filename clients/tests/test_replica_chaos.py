"""Servers that share a log, while they are killed and halted, and PostgreSQL and the connections to it fail: what was answered is
there, once, in the same order everywhere, and no answer is otherwise than the state at its number, or older than the number that is
passed on."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
import uuid

import requests

from cable import Cable

from test_replicas import lines, site

__all__ = ["site"]

ROUNDS = int(os.environ.get("REPLICA_ROUNDS", "10"))
# How long a request is waited for, and how long the site may take to be well again.
PATIENCE, RECOVERY = 20, 60
LEASE = 1.0


class Cluster:
    """Three servers, each with a cable of its own to PostgreSQL."""

    def __init__(self, site):
        self.site = site
        self.cables = {name: Cable(site.postgres.port) for name in "abc"}
        self.servers = {}
        self.lock = threading.Lock()

    def start(self, name):
        self.site.cable = self.cables[name]
        server = self.site.start(name)
        with self.lock:
            self.servers[name] = server

    def pick(self, generator):
        with self.lock:
            return generator.choice(list(self.servers.values()))

    def leader(self):
        """The name of the server that leads; any where PostgreSQL does not say."""
        url = self.site.postgres.execute("SELECT url FROM node_orchestrator.head").strip()
        return next((name for name, server in self.servers.items() if server.replica_url == url), "a")

    def kill(self, name):
        with self.lock:
            server = self.servers.pop(name)
        server.kill()
        time.sleep(0.3)
        self.start(name)

    def halt(self, name):
        """Hold a server up past its lease."""
        process = self.servers[name].process
        process.send_signal(signal.SIGSTOP)
        time.sleep(2.5 * LEASE)
        process.send_signal(signal.SIGCONT)

    def fill(self, name):
        """Fill a server's disk for a while."""
        self.servers[name].fill_disk()
        time.sleep(2.5 * LEASE)
        self.servers[name].free_disk()

    def restart_postgres(self):
        self.site.postgres.stop()
        time.sleep(0.3)
        self.site.postgres.start()

    def cut(self, name):
        """Cut a server's connections, a few times, each at an answer."""
        cable = self.cables[name]
        for _ in range(3):
            cable.back = lambda data: False
            time.sleep(0.1)
            cable.back = lambda data: True
            time.sleep(0.4)

    def delay(self, name):
        """Make a server's connections slow."""
        self.cables[name].back = lambda data: time.sleep(0.15) or True
        time.sleep(2 * LEASE)
        self.cables[name].back = lambda data: True


class Writer:
    """Sends each write again, at any server, until it is answered."""

    def __init__(self, cluster, name, seed):
        self.cluster, self.name, self.generator = cluster, name, random.Random(seed)
        self.answered = {}
        self.problems = []

    def run(self, is_over):
        index = 0
        while not is_over.is_set():
            index += 1
            host, key = f"{self.name}-{index}", str(uuid.UUID(int=self.generator.getrandbits(128)))
            while not is_over.is_set():
                server = self.cluster.pick(self.generator)
                headers = {"Authorization": f"Bearer {server.token()}", "Idempotency-Key": key}
                body = {"hostname": host, "architecture": "x86_64"}
                try:
                    answer = requests.post(f"{server.url}/ComputeNode", json=body, headers=headers, timeout=PATIENCE)
                except requests.RequestException:
                    continue
                if answer.status_code == 201:
                    self.answered[host] = (key, int(answer.headers["ETag"].strip('"')), answer.json()["id"])
                    break
                if answer.status_code not in (409, 503):
                    self.problems.append(answer.text)
                time.sleep(0.02)


class Reader:
    """Reads at any server, and passes on the highest number that it has seen."""

    def __init__(self, cluster, seed):
        self.cluster, self.generator = cluster, random.Random(seed)
        self.reads = []
        self.problems = []

    def run(self, is_over):
        highest = 0
        while not is_over.is_set():
            server = self.cluster.pick(self.generator)
            headers = {"Inventory-Min-Sequence": str(highest)}
            try:
                answer = requests.get(f"{server.url}/ComputeNode?count=true", headers=headers, timeout=PATIENCE)
            except requests.RequestException:
                continue
            if answer.status_code == 503:
                continue
            number = int(answer.headers["Inventory-Sequence"])
            if number < highest:
                self.problems.append(f"{number} after {highest}")
            highest = max(highest, number)
            self.reads.append((number, answer.json()["count"]))


def test_nothing_is_lost_or_done_twice_whatever_fails(site):
    seed = int(os.environ.get("REPLICA_SEED", random.randrange(1 << 32)))
    generator = random.Random(seed)
    cluster = Cluster(site)
    for name in "abc":
        cluster.start(name)
    is_over = threading.Event()
    writers = [Writer(cluster, f"w{index}", generator.getrandbits(32)) for index in range(4)]
    readers = [Reader(cluster, generator.getrandbits(32)) for _ in range(2)]
    threads = [threading.Thread(target=worker.run, args=(is_over,)) for worker in writers + readers]
    for thread in threads:
        thread.start()
    done = []
    for _ in range(ROUNDS):
        leader = cluster.leader()
        other = generator.choice([name for name in "abc" if name != leader])
        action, *arguments = generator.choice(
            [
                (cluster.kill, leader), (cluster.kill, leader), (cluster.kill, other), (cluster.halt, leader),
                (cluster.halt, other), (cluster.restart_postgres,), (cluster.cut, leader), (cluster.cut, leader),
                (cluster.cut, other), (cluster.delay, leader), (cluster.fill, leader), (cluster.fill, other),
            ]
        )  # fmt: skip
        done.append(f"{action.__name__} {' '.join(arguments)}")
        action(*arguments)
        # Long enough for a lease to end, or not.
        time.sleep(generator.uniform(0.2, 2.5 * LEASE))
    time.sleep(3 * LEASE)
    is_over.set()
    for thread in threads:
        thread.join()
    told = f"seed {seed}: {', '.join(done)}"
    problems = [problem for worker in writers + readers for problem in worker.problems]
    assert not problems, f"{told}: {problems[:5]}"
    answered = {host: answer for writer in writers for host, answer in writer.answered.items()}
    assert answered and all(reader.reads for reader in readers), told

    last = max(sequence for _, sequence, _ in answered.values())
    deadline = time.monotonic() + RECOVERY
    for server in cluster.servers.values():
        while int((answer := requests.get(f"{server.url}/ComputeNode", timeout=PATIENCE)).headers["Inventory-Sequence"]) < last:
            assert time.monotonic() < deadline, told
            time.sleep(0.1)
        nodes = answer.json()
        names = [node["hostname"] for node in nodes]
        assert len(names) == len(set(names)), told
        by_name = {node["hostname"]: node["id"] for node in nodes}
        lost = [host for host, (_, _, identifier) in answered.items() if by_name.get(host) != identifier]
        assert not lost, f"{told}: {lost[:5]}"
    reads = [read for reader in readers for read in reader.reads]
    for number, count in generator.sample(reads, min(50, len(reads))):
        answer = requests.get(f"{server.url}/ComputeNode?count=true&at={number}", timeout=PATIENCE)
        assert answer.json()["count"] == count, f"{told}: at {number}"
    for server in cluster.servers.values():
        server.stop()
    journals = [lines(server) for server in cluster.servers.values()]
    assert journals[0] == journals[1] == journals[2], told
    for host, (key, sequence, _) in answered.items():
        assert journals[0][sequence].get("key") == key, f"{told}: {host}"
    keys = [record["key"] for record in journals[0].values() if "key" in record]
    assert len(keys) == len(set(keys)), told
    print(f"{told}: {len(answered)} writes, {len(reads)} reads")
    for cable in cluster.cables.values():
        cable.close()
