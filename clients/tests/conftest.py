"""Fixtures: the scripted server, schemas, and the real program where it is built."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from program import Program, executable
from sites import Postgres, Storage, postgres_programs
from support import CHECKOUT, FakeServer

WIDGET_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$ref": "#/$defs/Widget",
    "$defs": {
        "Widget": {
            "type": "object",
            "required": ["name", "size"],
            "additionalProperties": False,
            "properties": {
                "id": {"type": "string", "format": "uuid"},
                "name": {"type": "string", "pattern": "^w[0-9]+$"},
                "size": {"type": "integer", "minimum": 1},
                "secret": {"type": "string", "pattern": "^[a-z]+$", "writeOnly": True},
                "parts": {"type": "array", "items": {"$ref": "#/$defs/Widget"}},
                "address": {"type": "string", "format": "ipv4"},
            },
        }
    },
}


def missing(reason: str) -> None:
    """Skip the test, saying why; where everything must be there, fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    """A scripted server."""
    server = FakeServer()
    yield server
    server.close()


@pytest.fixture
def widget_schemas(tmp_path: Path) -> Path:
    """A folder with the schema of a kind that the client cannot know."""
    folder = tmp_path / "schemas"
    folder.mkdir()
    (folder / "Widget.json").write_text(json.dumps(WIDGET_SCHEMA))
    return folder


@pytest.fixture
def start_program(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """A function that starts the real program, with its data in `data` below the test's folder."""
    if not executable().is_file():
        missing(f"NO PROGRAM AT {executable()}: build it, or name it in NODE_ORCHESTRATOR")
    started: list[Program] = []

    def start(*arguments: str, **settings: Any) -> Program:
        started.append(Program(tmp_path, *arguments, **settings))
        return started[-1]

    yield start
    for program in started:
        program.stop()


@pytest.fixture
def program(start_program: Callable[..., Program]) -> Program:
    """The real program, ready, with an empty inventory."""
    return start_program()


@pytest.fixture
def test_data() -> Path:
    """The folder of example data that the project does not hold itself."""
    folder = Path(os.environ.get("TEST_DATA", CHECKOUT.parent / "shared" / "data"))
    if not folder.is_dir():
        missing(f"NO TEST DATA AT {folder}: name the folder in TEST_DATA")
    return folder


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server that is not started."""
    programs = postgres_programs()
    if programs is None:
        missing("NO POSTGRESQL: on Debian 'apt-get install postgresql'")
    server = Postgres(programs)
    yield server
    server.close()


@pytest.fixture
def storage() -> Iterator[Storage]:
    """An S3 storage."""
    server = Storage()
    yield server
    server.close()
