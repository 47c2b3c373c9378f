"""What is sent for one object, and how its answer is told."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from support import FakeServer, Response, client_command, client_environment, problem, run_client

ID = "6a2b6c1e-0b7d-4c53-9d0e-5d2a8f0c1b11"


@pytest.mark.parametrize(
    ("arguments", "method", "path", "document"),
    [
        (["create", "Widget", "--data", '{"a":1}'], "POST", "/Widget", {"a": 1}),
        (["create", "--data", '{"a":1}', "Widget"], "POST", "/Widget", {"a": 1}),
        (["update", "Widget", ID, "--data", '{"a":1}'], "PUT", f"/Widget/{ID}", {"a": 1}),
        (["update", "Widget", "--data", f'{{"id":"{ID}"}}'], "PUT", f"/Widget/{ID}", {"id": ID}),
        (["get", "Widget"], "GET", "/Widget", None),
        (["get", "Widget", ID], "GET", f"/Widget/{ID}", None),
        (["get", "Widget", "02:00:5e:10:00:01"], "GET", "/Widget/02:00:5e:10:00:01", None),
        (["get", "Widget", "a name/with?odd#parts"], "GET", "/Widget/a%20name%2Fwith%3Fodd%23parts", None),
        (["delete", "Widget", ID], "DELETE", f"/Widget/{ID}", None),
    ],
)
def test_each_subcommand_sends_its_method_path_and_document(fake, tmp_path, arguments, method, path, document):
    fake.respond = lambda _: Response(204) if method == "DELETE" else Response(200, {"ok": True})
    result = run_client("--url", fake.url + "/", *arguments, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    [request] = fake.requests
    assert (request.method, request.path) == (method, path)
    assert (json.loads(request.body) if request.body else None) == document
    if method != "DELETE":
        assert json.loads(result.stdout) == {"ok": True}


def test_options_count_before_and_after_the_subcommand_and_the_latter_win(fake, tmp_path):
    before = run_client("--url", fake.url, "--jwt", "first", "create", "Widget", "--data", "{}", cwd=tmp_path)
    after = run_client("create", "Widget", "--url", fake.url, "--data", "{}", "--jwt", "first", cwd=tmp_path)
    both = run_client(
        "--jwt", "first", "create", "--url", fake.url, "--data", "{}", "Widget", "--jwt", "second", cwd=tmp_path
    )
    assert [result.returncode for result in (before, after, both)] == [0, 0, 0]
    assert [request.headers["Authorization"] for request in fake.requests] == [
        "Bearer first",
        "Bearer first",
        "Bearer second",
    ]


def test_a_document_is_read_from_a_file_and_from_standard_input(fake, tmp_path):
    (tmp_path / "widget.json").write_text('{"name":"Zürich"}', encoding="utf-8")
    run_client("--url", fake.url, "create", "--file", "widget.json", "Widget", cwd=tmp_path)
    result = run_client("--url", fake.url, "create", "--file", "-", "Widget", cwd=tmp_path, stdin='{"name":"Zürich"}')
    assert [request.document for request in fake.requests] == [{"name": "Zürich"}] * 2
    assert "Zürich" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["create", "Widget", "--data", "{}"],
        ["--url", "localhost:8080", "get", "Widget"],
        ["--url", "ftp://localhost", "get", "Widget"],
        ["--url", "http://localhost:99999", "get", "Widget"],
        ["--url", "{url}", "create", "Widget"],
        ["--url", "{url}", "create", "Widget", "--data", "{}", "--file", "-"],
        ["--url", "{url}", "create", "Widget", "--data", "{"],
        ["--url", "{url}", "create", "Widget", "--data", '{"a":NaN}'],
        ["--url", "{url}", "create", "Widget", "--data", '{"a":1e999}'],
        ["--url", "{url}", "create", "Widget", "--data", '{"a":1,"a":2}'],
        ["--url", "{url}", "create", "Widget", "--data", "[" * 100_000],
        ["--url", "{url}", "create", "Widget", "--file", "missing.json"],
        ["--url", "{url}", "create", "../Widget", "--data", "{}"],
        ["--url", "{url}", "delete", "Widget"],
        ["--url", "{url}", "delete", "Widget", ""],
        ["--url", "{url}", "delete", "Widget", ".."],
        ["--url", "{url}", "update", "Widget", ID, "--data", "[{}]"],
        ["--url", "{url}", "frobnicate", "Widget"],
        ["--url", "{url}", "--schema-dir", ".", "create", "Widget", "--data", "{}"],
        ["--url", "{url}", "--jwt", "a", "--gen-jwt-secret", "b", "get", "Widget"],
        ["--url", "{url}", "--gen-jwt-secret", "", "get", "Widget"],
        ["--url", "{url}", "--jwt", "tök en", "get", "Widget"],
        ["--url", "{url}", "--timeout", "0", "get", "Widget"],
        ["validate", "Widget", "--data", "{}"],
    ],
)
def test_wrong_usage_is_told_with_status_2_and_nothing_is_sent(fake, tmp_path, arguments):
    result = run_client(*(argument.replace("{url}", fake.url) for argument in arguments), cwd=tmp_path)
    assert result.returncode == 2
    assert "Error:" in result.stderr
    assert fake.requests == []


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (problem(409, "xname x1 is taken by 17"), "409 Conflict: xname x1 is taken by 17"),
        (problem(404, "two\nlines\x1b[2J"), "404 Not Found: two lines [2J"),
        (Response(502, b"<html>Bad\nGateway</html>", media_type="text/html"), "502 Bad Gateway: <html>Bad Gateway"),
        (Response(500), "500 Internal Server Error"),
        (Response(299 + 300, b"\xff"), "599 unknown status"),
        (Response(301, headers=(("Location", "https://elsewhere/"),)), "301 Moved Permanently: use https://elsewhere/"),
        (Response(200, b"<html></html>", media_type="text/html"), "200, but not with JSON"),
        (Response(200, b"[" * 100_000), "200, but not with JSON"),
    ],
)
def test_an_answer_that_is_no_success_is_one_clear_line_and_status_1(fake, tmp_path, response, message):
    fake.respond = lambda _: response
    result = run_client("--url", fake.url, "create", "Widget", "--data", "{}", cwd=tmp_path)
    assert result.returncode == 1
    assert result.stdout == ""
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert len(fake.requests) == 1


def test_every_error_of_a_problem_is_shown_with_its_pointer(fake, tmp_path):
    errors = [{"pointer": "/hostname", "message": "is required"}, {"pointer": "", "message": "is odd"}]
    fake.respond = lambda _: problem(400, "2 violations", errors)
    result = run_client("--url", fake.url, "create", "Widget", "--data", "{}", cwd=tmp_path)
    assert result.stderr.splitlines() == [
        "400 Bad Request: 2 violations",
        "    /hostname: is required",
        "    (document): is odd",
    ]


@pytest.mark.parametrize(
    ("retry_after", "refusals", "requests", "status"),
    [("0", 2, 3, 0), ("0", 100, 5, 1), (None, 100, 1, 1), ("3600", 100, 1, 1), ("soon", 100, 1, 1)],
)
def test_a_busy_server_is_asked_again_a_few_times_if_it_says_when(
    fake, tmp_path, retry_after, refusals, requests, status
):
    headers = (("Retry-After", retry_after),) if retry_after else ()
    fake.respond = lambda _: Response(503, headers=headers) if len(fake.requests) <= refusals else Response(201, {})
    result = run_client("--url", fake.url, "create", "Widget", "--data", "{}", cwd=tmp_path)
    assert result.returncode == status
    assert len(fake.requests) == requests


@pytest.mark.parametrize("status", [429, 500, 502, 504])
def test_other_failures_are_not_repeated(fake, tmp_path, status):
    fake.respond = lambda _: Response(status, headers=(("Retry-After", "0"),))
    assert run_client("--url", fake.url, "get", "Widget", cwd=tmp_path).returncode == 1
    assert len(fake.requests) == 1


@pytest.mark.parametrize("secret", ["", "user:hunter2@", "hunter2@"])
def test_a_refused_connection_is_one_line_without_a_password_of_the_url(tmp_path, secret):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, but not listening
        place = f"127.0.0.1:{unused.getsockname()[1]}"
        result = run_client("--url", f"http://{secret}{place}/path", "get", "Widget", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (1, f"cannot talk to http://{place}: Connection refused\n")


def test_an_answer_that_is_not_json_is_told_without_a_password_of_the_url(fake, tmp_path):
    fake.respond = lambda _: Response(200, b"<html>")
    url = fake.url.replace("://", "://user:hunter2@")
    result = run_client("--url", url, "get", "Widget", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (1, f"200, but not with JSON: {fake.url}\n")


def test_a_connection_closed_without_an_answer_is_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            connection, _ = server.accept()
            connection.recv(65536)
            connection.close()

        threading.Thread(target=hang_up, daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        result = run_client("--url", url, "get", "Widget", cwd=tmp_path)
    assert result.returncode == 1
    assert result.stderr == f"cannot talk to {url}: Remote end closed connection without response\n"


def blocked(fake: FakeServer) -> tuple[threading.Event, threading.Event]:
    """Let the server hold every request; return the events of its arrival and its release."""
    arrived, released = threading.Event(), threading.Event()

    def hold(_: object) -> Response:
        arrived.set()
        released.wait(30)
        return Response(201, {})

    fake.respond = hold
    return arrived, released


def test_an_answer_that_does_not_come_is_a_timeout(fake, tmp_path):
    _, released = blocked(fake)
    result = run_client("--url", fake.url, "--timeout", "0.2", "get", "Widget", cwd=tmp_path)
    released.set()
    assert (result.returncode, result.stderr) == (1, f"no answer from {fake.url} within 0.2 s\n")


@pytest.mark.parametrize("data", ["{}", "[{},{},{}]"])
def test_an_interrupt_ends_it_at_once_with_status_130(fake, tmp_path: Path, data):
    arrived, released = blocked(fake)
    process = subprocess.Popen(
        client_command("--url", fake.url, "create", "Widget", "--data", data),
        cwd=tmp_path,
        env=client_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        # Whoever runs the tests in the background has them ignore the signal, and all they start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert arrived.wait(20)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=10)  # while the server still holds the request
    released.set()
    assert process.returncode == 130
    assert stderr.strip() == "interrupted"
    assert stdout.strip() == ("" if data == "{}" else "0 created, 3 not finished")
