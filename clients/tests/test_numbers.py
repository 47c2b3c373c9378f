"""An answer is the state at the number that it carries, whatever is written meanwhile."""

from __future__ import annotations

import random
import threading

import requests

from support import TIMEOUT_SECONDS

READS = 400
NODES = [f"x1000c0s0b0n{index}" for index in range(4)]


class Writer:
    """Names nodes anew, deletes them and makes them again, without a pause."""

    def __init__(self, program, seed):
        self.session, self.url = requests.Session(), program.url
        self.session.headers["Authorization"] = f"Bearer {program.token()}"
        self.generator = random.Random(seed)
        self.statuses = set()
        self.shown = []

    def run(self, is_over):
        while not is_over.is_set():
            node = self.generator.choice(NODES)
            if self.generator.random() < 0.3:
                answer = self.session.delete(f"{self.url}/ComputeNode/{node}", timeout=TIMEOUT_SECONDS)
            else:
                name = f"nid{self.generator.randrange(6)}"
                document = {"xname": node, "hostname": name, "architecture": self.generator.choice(["x86_64", "arm64"])}
                path = "ComputeNode?existing=replace" if self.generator.random() < 0.5 else "ComputeNode"
                answer = self.session.post(f"{self.url}/{path}", json=document, timeout=TIMEOUT_SECONDS)
                if "?" in path:
                    continue
            self.statuses.add(answer.status_code)
            if answer.ok:
                self.shown.append((node, answer.headers["Inventory-Sequence"], answer.text))


def paths(generator):
    """Return the path of something to read, one that can be read at a moment, too."""
    return generator.choice(
        [
            f"ComputeNode/{generator.choice(NODES)}", "ComputeNode", "ComputeNode?fields=hostname",
            f"ComputeNode?hostname=nid{generator.randrange(6)}", "ComputeNode?hostname=nid*&sort=-hostname",
            "ComputeNode?count=true", "ComputeNode?count=true&hostname=nid1*",
        ]
    )  # fmt: skip


def test_an_answer_is_the_state_at_its_number(start_program):
    seed = random.randrange(1 << 32)
    generator = random.Random(seed)
    program = start_program()
    writers = [Writer(program, generator.getrandbits(32)) for _ in range(4)]
    is_over = threading.Event()
    threads = [threading.Thread(target=writer.run, args=(is_over,)) for writer in writers]
    for thread in threads:
        thread.start()
    session = requests.Session()
    seen = []
    for _ in range(READS):
        path = paths(generator)
        answer = session.get(f"{program.url}/{path}", timeout=TIMEOUT_SECONDS)
        seen.append((path, answer.headers["Inventory-Sequence"], answer.status_code, answer.text))
        if "ETag" in answer.headers and "?" not in path:
            # Where nothing is new, that is as of a number, too.
            condition = {"If-None-Match": answer.headers["ETag"]}
            again = session.get(f"{program.url}/{path}", headers=condition, timeout=TIMEOUT_SECONDS)
            text = answer.text if again.status_code == 304 else again.text
            status = answer.status_code if again.status_code == 304 else again.status_code
            seen.append((path, again.headers["Inventory-Sequence"], status, text))
    is_over.set()
    for thread in threads:
        thread.join()
    statuses = set().union(*(writer.statuses for writer in writers))
    assert statuses <= {200, 201, 204, 404, 409} and {201, 204} <= statuses, f"seed {seed}: {statuses}"
    assert {200, 404} <= {status for _, _, status, _ in seen}, f"seed {seed}"
    for writer in writers:
        seen += [
            (f"ComputeNode/{node}", number, 200 if text else 404, text)
            for node, number, text in generator.sample(writer.shown, min(50, len(writer.shown)))
        ]
    for path, number, status, text in seen:
        then = session.get(f"{program.url}/{path}{'&' if '?' in path else '?'}at={number}", timeout=TIMEOUT_SECONDS)
        assert then.status_code == status, f"seed {seed}: {path} at {number}"
        if status == 200:
            assert then.text == text, f"seed {seed}: {path} at {number}"


def test_a_number_that_is_not_reached_is_told_at_once_by_a_server_that_makes_the_numbers(start_program):
    program = start_program()

    def get(**fields):
        return requests.get(f"{program.url}/ComputeNode", headers=fields, timeout=2)

    assert get(**{"Inventory-Min-Sequence": "0"}).status_code == 200
    answer = get(**{"Inventory-Min-Sequence": "1"})
    assert (answer.status_code, "has not reached 1" in answer.text) == (503, True)
