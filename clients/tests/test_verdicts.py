"""The client and the server come to the same verdict on a document."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from typing import Any, Callable

import pytest
import requests
from jsonschema import Draft202012Validator

from client import make_validator
from documents import BAD, GOOD, generated
from validation import violations

GENERATED_DOCUMENTS = 3000
SCHEMA_FILES = ("BMC", "Component", "ComputeNode", "NetworkInterface", "NodeCollection")


@pytest.fixture
def schemas(program) -> dict[str, Any]:
    """The schemas that the program writes, by the name of the file."""
    return {file.stem: json.loads(file.read_bytes()) for file in program.write_schemas().iterdir()}


@pytest.fixture
def server_violations(program) -> Callable[[str, Any], list[str]]:
    """A function that posts a document and returns the pointers of what the server finds wrong with it."""
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {program.token()}"

    def post(kind: str, document: Any) -> list[str]:
        answer = session.post(f"{program.url}/{kind}", json=document, timeout=30)
        assert answer.status_code in (201, 400, 409), f"{answer.status_code} for {kind} {document!r}: {answer.text}"
        if answer.status_code != 400:
            return []
        errors = answer.json().get("errors")
        assert errors, f"400 without errors for {kind} {document!r}: {answer.text}"
        return sorted(error["pointer"] for error in errors)

    return post


def test_the_five_schema_files_are_valid_draft_2020_12(schemas):
    assert sorted(schemas) == sorted(SCHEMA_FILES)
    for schema in schemas.values():
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        Draft202012Validator.check_schema(schema)


def test_good_documents_are_good_to_both(schemas, server_violations):
    for kind, document in GOOD.items():
        assert violations(make_validator(schemas[kind]), document) == []
        assert server_violations(kind, document) == []


def test_bad_documents_are_bad_to_both(schemas, server_violations):
    for kind, document in BAD:
        assert not make_validator(schemas[kind]).is_valid(document), (kind, document)
        assert server_violations(kind, document), (kind, document)


def test_generated_documents_get_the_same_verdict(schemas, server_violations):
    seed = int(os.environ.get("SEED", random.randrange(2**32)))
    print(f"seed {seed}")
    validators = {kind: make_validator(schemas[kind]) for kind in GOOD}
    verdicts: Counter[bool] = Counter()
    for kind, document in generated(GENERATED_DOCUMENTS, seed):
        ours, theirs = violations(validators[kind], document), server_violations(kind, document)
        assert bool(ours) == bool(theirs), f"seed {seed}: {kind} {document!r}\nclient: {ours}\nserver: {theirs}"
        verdicts[bool(ours)] += 1
    assert min(verdicts[True], verdicts[False]) > GENERATED_DOCUMENTS / 10, f"seed {seed}: {verdicts}"
