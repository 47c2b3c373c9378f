"""The server's search against a plain filter over the same documents."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import random
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Iterator
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest

import search_data
from conftest import missing
from program import Program, executable
from search_forms import EVERYTHING, NOTHING, PAGED, REFUSED, SELECTIVE
from search_oracle import Oracle
from search_queries import Queries, leaves
from support import TIMEOUT_SECONDS

SEED = int(os.environ.get("SEARCH_SEED", random.randrange(2**32)))
ROUNDS = int(os.environ.get("SEARCH_ROUNDS", "300"))
NODES = int(os.environ.get("SEARCH_NODES", "2000"))
COMPONENTS = 50
DOCUMENTS_PER_POST = 5000
MAXIMUM_DISAGREEMENTS = 10
KINDS = ("ComputeNode", "BMC", "NodeCollection", "Component")
NEXT_LINK = re.compile(r'<(/[^>]*)>; rel="next"')


@dataclass(frozen=True)
class Response:
    """What the server answered."""

    status: int
    document: Any
    link: str | None

    @property
    def next_page(self) -> str | None:
        """The path of the next page, where there is one."""
        match = NEXT_LINK.fullmatch(self.link or "")
        assert match or not self.link, self.link
        return match and match[1]


class Server:
    """A connection to the program, kept open, that sends paths exactly as they are given."""

    def __init__(self, program: Program) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(program.url).netloc, timeout=TIMEOUT_SECONDS)
        self.headers = {"Authorization": f"Bearer {program.token()}", "Content-Type": "application/json"}

    def request(self, method: str, path: str, document: Any = None) -> Response:
        """Send one request."""
        body = None if document is None else json.dumps(document)
        self.connection.request(method, path, body, self.headers)
        answer = self.connection.getresponse()
        content = answer.read()
        is_json = content and "json" in answer.headers.get("Content-Type", "")
        return Response(answer.status, json.loads(content) if is_json else None, answer.headers["Link"])

    def get(self, path: str) -> Any:
        """Return the document that the server answers with status 200."""
        response = self.request("GET", path)
        assert response.status == 200, f"{response.status} for {path}: {response.document}"
        return response.document

    def create(self, kind: str, documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Create documents, in pieces."""
        created = []
        for start in range(0, len(documents), DOCUMENTS_PER_POST):
            response = self.request("POST", f"/{kind}", documents[start : start + DOCUMENTS_PER_POST])
            assert response.status == 201, f"{response.status} for {kind}: {response.document}"
            created += response.document
        return created

    def pages(self, path: str) -> Iterator[Response]:
        """Yield the pages from that at a path to the last."""
        following: str | None = path
        while following:
            response = self.request("GET", following)
            assert response.status == 200, f"{response.status} for {following}: {response.document}"
            yield response
            following = response.next_page


def together(pages: list[Response]) -> list[dict[str, Any]]:
    """Return the documents of all pages."""
    return list(itertools.chain(*(page.document for page in pages)))


@pytest.fixture(scope="module")
def folder_program(tmp_path_factory) -> Iterator[Program]:
    """The real program, which the tests of this module share."""
    if not executable().is_file():
        missing(f"NO PROGRAM AT {executable()}: build it, or name it in NODE_ORCHESTRATOR")
    program = Program(tmp_path_factory.mktemp("search"))
    yield program
    program.stop()


@pytest.fixture(scope="module")
def server(folder_program: Program) -> Server:
    """The program with an inventory, which nobody changes any more."""
    print(f"SEARCH_NODES={NODES} SEARCH_SEED={SEED}")
    server = Server(folder_program)
    nodes = search_data.uneven_nodes(NODES, SEED)
    server.create("ComputeNode", nodes)
    server.create("BMC", search_data.spare_bmcs())
    server.create("NodeCollection", search_data.collections(nodes, SEED))
    server.create("Component", search_data.components(COMPONENTS, SEED))
    return server


@pytest.fixture(scope="module")
def oracle(folder_program: Program, server: Server) -> Oracle:
    """The plain filter over what the server answers without a search."""
    schemas = {file.stem: json.loads(file.read_bytes()) for file in folder_program.write_schemas().iterdir()}
    return Oracle(schemas, {kind: server.get(f"/{kind}") for kind in KINDS})


def identifiers(documents: list[dict[str, Any]]) -> list[str]:
    """Return what tells documents apart, as far as they say."""
    return [str(document.get("id") or document.get("UID") or document) for document in documents]


def difference(expected: Any, found: Any) -> str:
    """Return in a few words how an answer is not what was expected; nothing where it is, in the same order."""
    if json.dumps(expected) == json.dumps(found):
        return ""
    if not (isinstance(expected, list) and isinstance(found, list)):
        return f"expected {expected}, found {found}"
    ours, theirs = identifiers(expected), identifiers(found)
    known, seen = set(ours), set(theirs)
    lacking, wrong = [one for one in ours if one not in seen], [one for one in theirs if one not in known]
    place = next((n for n, pair in enumerate(zip(expected, found)) if json.dumps(pair[0]) != json.dumps(pair[1])), None)
    shown = "" if place is None else f"\n  {place}: expected {expected[place]}\n  {place}: found {found[place]}"
    return (
        f"expected {len(ours)} documents, found {len(theirs)}; {len(lacking)} lacking, such as {lacking[:3]}, "
        f"{len(wrong)} wrong, such as {wrong[:3]}{shown}"
    )


def disagreement(server: Server, oracle: Oracle, kind: str, query: str) -> str:
    """Return how the server and the oracle disagree on a query; nothing where they agree."""
    expected = oracle.answer(kind, query)
    response = server.request("GET", f"/{kind}?{query}")
    document, problem = response.document, ""
    if expected is None:
        if response.status != 400:
            problem = f"expected 400, found {response.status} with {str(document)[:300]}"
        elif not document or document.get("status") != 400 or not document.get("detail"):
            problem = f"400 without a problem's status and detail: {document}"
    elif response.status != 200:
        problem = f"expected 200, found {response.status}: {document}"
    else:
        problem = difference(expected.body, document)
        if not problem and expected.has_more != bool(response.next_page):
            problem = f"there is {'more' if expected.has_more else 'no more'}, but the Link is {response.link}"
    return f"GET /{kind}?{query}\n  {unquote(query)!r}\n  {problem}" if problem else ""


def assert_agreement(server: Server, oracle: Oracle, *queries: tuple[str, str]) -> None:
    """Have the server and the oracle agree on queries, each with its kind, or show where they do not."""
    found = filter(None, (disagreement(server, oracle, kind, query) for kind, query in queries))
    shown = list(itertools.islice(found, MAXIMUM_DISAGREEMENTS))
    assert not shown, "\n".join([f"SEARCH_NODES={NODES} SEARCH_SEED={SEED}", *shown])


@pytest.mark.parametrize(("kind", "query"), SELECTIVE)
def test_each_form(server, oracle, kind, query):
    assert_agreement(server, oracle, (kind, query))
    answer = oracle.search(kind, query)
    assert 0 < (answer["count"] if isinstance(answer, dict) else len(answer)) < len(oracle.documents[kind])


@pytest.mark.parametrize(("kind", "query"), EVERYTHING)
def test_each_form_of_everything(server, oracle, kind, query):
    assert_agreement(server, oracle, (kind, query))
    assert len(oracle.search(kind, query)) == len(oracle.documents[kind])


@pytest.mark.parametrize(("kind", "query"), NOTHING)
def test_each_form_of_nothing(server, oracle, kind, query):
    assert_agreement(server, oracle, (kind, query))
    assert oracle.search(kind, query) == []


@pytest.mark.parametrize(("kind", "query", "named"), REFUSED)
def test_each_refusal_names_the_parameter(server, oracle, kind, query, named):
    assert oracle.answer(kind, query) is None
    assert_agreement(server, oracle, (kind, query))
    assert named in server.request("GET", f"/{kind}?{query}").document["detail"]


def test_the_id_of_a_collection_means_the_collection(server, oracle):
    for collection in oracle.documents["NodeCollection"]:
        for form in ("collection={}", "collection!={},west", "collection={}*", "collection[gt]={}"):
            assert_agreement(server, oracle, ("ComputeNode", form.format(collection["id"])))


def test_every_field_is_found_by_its_own_value(server, oracle):
    queries = Queries(oracle.documents, random.Random(SEED))
    for kind in KINDS:
        found = {pair: None for document in oracle.documents[kind] for pair in leaves(document)}
        for path, pairs in itertools.groupby(sorted(found, key=str), key=lambda pair: pair[0]):
            for value in itertools.islice(queries.texts(value for _, value in pairs), 3):
                name, values = quote(path, safe=""), quote(f"{queries.escaped(value)},null", safe="")
                assert_agreement(server, oracle, (kind, f"{name}={values}"))


def test_random_combinations(server, oracle):
    print(f"SEARCH_SEED={SEED}")
    queries = Queries(oracle.documents, random.Random(SEED))
    made = [queries.query() for _ in range(ROUNDS)]
    assert_agreement(server, oracle, *made)
    assert sum(bool(oracle.search(kind, query)) for kind, query in made) > ROUNDS / 4


def test_fuzz(server, oracle):
    print(f"SEARCH_SEED={SEED}")
    queries = Queries(oracle.documents, random.Random(SEED + 1))
    made = [queries.broken_query() for _ in range(2 * ROUNDS)]
    assert_agreement(server, oracle, *made)
    refused = sum(oracle.answer(kind, query) is None for kind, query in made)
    assert 2 * ROUNDS / 10 < refused < 2 * ROUNDS * 9 / 10


@pytest.mark.parametrize(("kind", "query"), PAGED)
def test_one_answer_for_everything(server, oracle, kind, query):
    whole = server.get(f"/{kind}?{query}")
    assert not difference(oracle.search(kind, query), whole)
    for limit in (max(1, len(whole) // 7), len(whole) - 1, len(whole), len(whole) + 1):
        pages = list(server.pages(f"/{kind}?{query}&limit={limit}"))
        assert [len(page.document) for page in pages[:-1]] == [limit] * (len(pages) - 1)
        assert not difference(whole, together(pages))


def write(server: Server, stable: list[dict[str, Any]], written: threading.Semaphore, stop: threading.Event) -> None:
    """Rename nodes, and let others come and go, until it is enough."""
    source = random.Random(SEED)
    guests = server.create("ComputeNode", [search_data.guest(number) for number in range(20)])
    for number in itertools.count(len(guests)):
        if stop.is_set():
            return
        document = {**source.choice(stable), "hostname": f"nid{source.randrange(10**6):06d}"}
        assert server.request("PUT", f"/ComputeNode/{document['id']}", document).status == 200
        guests += server.create("ComputeNode", [search_data.guest(number)])
        gone = guests.pop(source.randrange(len(guests)))
        assert server.request("DELETE", f"/ComputeNode/{gone['id']}").status == 204
        written.release()


@pytest.mark.parametrize("order", ["", "&sort=hostname", "&sort=-hostname,xname"])
def test_pages_stay_right_while_others_write(program, order):
    server = Server(program)
    stable = server.create("ComputeNode", search_data.generated_nodes(300, seed=1))
    written, stop = threading.Semaphore(0), threading.Event()
    pages: list[Response] = []
    with ThreadPoolExecutor(1) as executor:
        writer = executor.submit(write, Server(program), stable, written, stop)
        writer.add_done_callback(lambda _: written.release())
        try:
            for page in server.pages(f"/ComputeNode?limit=10{order}"):
                pages.append(page)
                assert written.acquire(timeout=TIMEOUT_SECONDS) and not writer.done()
        finally:
            stop.set()
            writer.result()
    nodes = together(pages)
    found, hostnames = identifiers(nodes), [node["hostname"] for node in nodes]
    assert len(found) == len(set(found))
    assert {node["id"] for node in stable} <= set(found)
    assert hostnames == sorted(hostnames, reverse="-" in order) if order else found == sorted(found)
    [moment] = parse_qs(urlsplit(pages[0].next_page).query)["at"]
    assert not difference(server.get(f"/ComputeNode?at={moment}{order}"), nodes)
