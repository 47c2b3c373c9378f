"""What the tests share: running the client as a user does, and a scripted server to run it against."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable

CLIENTS = Path(__file__).resolve().parents[1]
CHECKOUT = CLIENTS.parent
EXTENSIONS = CHECKOUT / ".duckdb" / "current" / "duckdb-extensions"
TIMEOUT_SECONDS = 60


def client_environment(**variables: str) -> dict[str, str]:
    """Return the environment without anything that steers the client, and with `variables`."""
    steering = ("NODE_ORCHESTRATOR_TOKEN", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    kept = {name: value for name, value in os.environ.items() if name.upper() not in steering}
    return {**kept, "PYTHONIOENCODING": "utf-8", **variables}


def client_command(*arguments: object) -> list[str]:
    """Return the command line that runs the client."""
    return [sys.executable, str(CLIENTS / "client.py"), *map(str, arguments)]


def run_client(
    *arguments: object, cwd: Path, environment: dict[str, str] | None = None, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the client to its end; whatever it is given, it never shows a traceback."""
    result = subprocess.run(
        client_command(*arguments),
        cwd=cwd,
        env=client_environment(**(environment or {})),
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert "Traceback" not in result.stderr, result.stderr
    return result


@dataclass(frozen=True)
class Request:
    """One request that the scripted server saw."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Response:
    """What the scripted server answers."""

    status: int = 201
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()
    media_type: str = "application/json"

    @property
    def content(self) -> bytes:
        """The bytes of the body: those given, or the JSON of what is given."""
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()


def problem(status: int, detail: str, errors: list[dict[str, str]] | None = None) -> Response:
    """Return problem details (RFC 9457)."""
    body = {"type": "about:blank", "title": "Problem", "status": status, "detail": detail}
    return Response(status, {**body, "errors": errors} if errors else body, media_type="application/problem+json")


class FakeServer:
    """A server on a free port that records requests and answers what `respond` says."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.lock = threading.Lock()
        self.respond: Callable[[Request], Response] = lambda request: Response(201, request.document)
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                with fake.lock:
                    fake.connections += 1
                super().setup()

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = Request(self.command, self.path, dict(self.headers), body)
                with fake.lock:
                    fake.requests.append(request)
                response = fake.respond(request)
                self.send_response(response.status)
                self.send_header("Content-Type", response.media_type)
                self.send_header("Content-Length", str(len(response.content)))
                for name, value in response.headers:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(response.content)

            do_GET = do_POST = do_PUT = do_DELETE = answer

            def log_message(self, *_: object) -> None:
                """Keep the test's output clean."""

        class Server(ThreadingHTTPServer):
            request_queue_size = 64

            def handle_error(self, *_: object) -> None:
                """A client that has gone away is part of some tests."""

        self.http = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self.http.shutdown()
        self.http.server_close()
