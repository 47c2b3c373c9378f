#!/usr/bin/env python3
"""Create, read, replace, delete and validate objects of a node-orchestrator server.

The client knows nothing of the kinds of objects: paths come from OBJECT, and
documents are checked against DIR/OBJECT.json before they are sent.

\b
Exit status: 0 done, 1 something failed, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import functools
import json
import math
import queue
import re
import sys
import threading
import warnings
from collections import Counter
from pathlib import Path
from typing import Any, Callable, Iterator
from urllib.parse import urlsplit

import click
import jsonschema
import referencing.exceptions
from tqdm import tqdm

from connection import Failure, Server, bearer_token, one_line
from validation import make_validator, violations

WORKERS = 8
NAMING_KEYS = ("xname", "hostname", "name", "id", "ID")
COUNTABLE = ("answer", "conflict", "error", "request", "timeout")

Work = Callable[[Any], Any]


def unique_members(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object's members; raise ValueError where a key occurs twice."""
    value = dict(members)
    if len(value) < len(members):
        twice = next(key for key, count in Counter(key for key, _ in members).items() if count > 1)
        raise ValueError(f"the key {twice!r} occurs twice in one object")
    return value


def finite(text: str) -> float:
    """Return the number written in `text`; raise ValueError for one that does not survive as a double."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a number of JSON, or too large")
    return number


def read_input(data: str | None, file: Any) -> Any:
    """Return the JSON of --data or --file."""
    if (data is None) == (file is None):
        raise click.UsageError("Give either --data or --file.")
    try:
        # Of bytes a byte order mark is read over.
        text = file.read() if data is None else data.encode()
        return json.loads(text, object_pairs_hook=unique_members, parse_float=finite, parse_constant=finite)
    except (ValueError, RecursionError, OSError) as error:
        where = file.name if data is None else "--data"
        raise click.UsageError(f"{where} is not JSON: {one_line(str(error))}") from None


def document_check(schema_dir: Path | None, kind: str) -> Work:
    """Return a function that raises Failure for a document that breaks the kind's schema, where there are schemas."""
    if schema_dir is None:
        return lambda document: None
    path = schema_dir / f"{kind}.json"
    try:
        validator = make_validator(json.loads(path.read_bytes()))
    except OSError as error:
        raise click.UsageError(f"Cannot read {path}: {error.strerror}.") from None
    except (ValueError, jsonschema.SchemaError) as error:
        raise click.UsageError(f"{path} is not a schema of draft 2020-12: {one_line(str(error))}") from None

    def check(document: Any) -> None:
        try:
            lines = violations(validator, document)
        except (re.error, referencing.exceptions.Unresolvable, RecursionError) as error:
            raise Failure("schema error", f"{path} cannot be applied: {one_line(str(error))}") from None
        if lines:
            raise Failure("invalid", f"{kind} is not valid", lines)

    return check


def label(index: int, document: Any) -> str:
    """Return what an administrator recognises a document of a list by; items count from 0, as in JSON pointers."""
    names = document if isinstance(document, dict) else {}
    key = next((key for key in NAMING_KEYS if isinstance(names.get(key), str)), None)
    return f"item {index}" + (f" ({key} {one_line(names[key])})" if key else "")


def report(failure: Failure, prefix: str = "") -> None:
    """Say on standard error what failed, without disturbing a progress bar."""
    tqdm.write("\n".join([f"{prefix}{failure}", *(f"    {line}" for line in failure.lines)]), file=sys.stderr)


def summary(total: int, outcomes: Counter[str], failures: Counter[str], rest: str) -> str:
    """Return one line on a list, such as `1020 created, 4 failed: 4 conflicts (409)`.

    `rest` says what was not done with the documents that are counted nowhere.
    """
    failed = sum(failures.values())
    parts = [f"{count} {outcome}" for outcome, count in outcomes.items()]
    finished = sum(outcomes.values()) + failed
    if finished < total:
        parts.append(f"{total - finished} {rest}")
    if failed:
        reasons = []
        for reason, count in failures.most_common():
            noun, space, status = reason.partition(" (")
            reasons.append(f"{count} {noun}{'s' if count > 1 and noun.endswith(COUNTABLE) else ''}{space}{status}")
        parts.append(f"{failed} failed: {', '.join(reasons)}")
    return ", ".join(parts)


def attempts(work: Work, documents: list[Any]) -> Iterator[tuple[int, Any, Failure | None]]:
    """Do `work` with every document, several at once, and yield each index with its result or failure as it is done.

    After a failure that is of all, no other is begun.
    """
    waiting: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[int, Any, Failure | None] | None] = queue.SimpleQueue()
    ending = threading.Event()
    for item in enumerate(documents):
        waiting.put(item)

    def worker() -> None:
        try:
            while not ending.is_set():
                index, document = waiting.get_nowait()
                try:
                    done.put((index, work(document), None))
                except Failure as failure:
                    if failure.is_of_all:
                        ending.set()
                    done.put((index, None, failure))
        except queue.Empty:
            pass  # nothing is left to do
        finally:
            done.put(None)

    running = min(WORKERS, len(documents))
    for _ in range(running):
        threading.Thread(target=worker, daemon=True).start()  # a daemon, so that an interrupt does not wait for it
    while running:
        result = done.get()
        if result is None:
            running -= 1
        else:
            yield result


def run_list(
    work: Work, documents: list[Any], verbs: tuple[str, ...], outcome: Callable[[Any], str] | None = None
) -> int:
    """Do `work` with every document, print failures and a summary, and return the exit status.

    A failure that is of all is printed once and ends the work.

    `outcome` tells by a result which of `verbs` was done; without it that is the first.
    """
    outcomes = Counter({verb: 0 for verb in verbs})
    failures: Counter[str] = Counter()
    rest = "not finished"
    try:
        with tqdm(total=len(documents), file=sys.stderr, disable=None, unit="") as progress:
            for index, result, failure in attempts(work, documents):
                progress.update()
                if not failure:
                    outcomes[outcome(result) if outcome else verbs[0]] += 1
                    continue
                failures[failure.reason] += 1
                if not failure.is_of_all:
                    report(failure, label(index, documents[index]) + ": ")
                elif rest != "not sent":
                    rest = "not sent"
                    report(failure)
    finally:
        click.echo(summary(len(documents), outcomes, failures, rest))
    return 1 if failures else 0


def print_json(value: Any) -> None:
    """Print `value` in UTF-8, whatever the locale."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace"))


# Command line


def check_url(_: click.Context, __: click.Parameter, url: str | None) -> str | None:
    """Accept http and https URLs with a host."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment:
        raise click.BadParameter(f"{url!r} is not of the form http://HOST:PORT.")
    return url.rstrip("/")


def check_kind(_: click.Context, __: click.Parameter, kind: str) -> str:
    """Accept names that are safe in paths."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", kind):
        raise click.BadParameter(f"{kind!r} is not the name of a kind of object.")
    return kind


def names_one(identifier: Any) -> bool:
    """Tell whether a path that ends in `identifier` leads to one object, and not to all of them."""
    return isinstance(identifier, str) and identifier not in ("", ".", "..")


def check_id(_: click.Context, __: click.Parameter, identifier: str | None) -> str | None:
    """Accept what names one object."""
    if identifier is not None and not names_one(identifier):
        raise click.BadParameter(f"{identifier!r} names no object.")
    return identifier


SHARED_OPTIONS = (
    click.option("--url", callback=check_url, help="Address of the server, such as http://localhost:8080."),
    click.option(
        "--schema-dir",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="Folder of schemas, as the server's command `schemas` writes them.",
    ),
    click.option("--jwt", help="Token to send."),
    click.option("--gen-jwt-secret", metavar="SECRET", help="Secret to sign a token with."),
    click.option("--timeout", type=click.FloatRange(0, min_open=True), help="Seconds to wait for an answer [30]."),
)
INPUT_OPTIONS = (
    click.option("--data", metavar="JSON", help="One document, or a list."),
    click.option("--file", type=click.File("rb"), help="File with one document, or a list; - is standard input."),
)
OUTCOMES = ("created", "changed", "same")
EXISTING = click.option(
    "--existing",
    type=click.Choice(["fail", "skip", "patch", "replace"]),
    help="What becomes of objects that are there already, by id or unique key [fail].",
)
KIND = click.argument("kind", metavar="OBJECT", callback=check_kind)
ID = click.argument("identifier", metavar="ID", callback=check_id)
OPTIONAL_ID = click.argument("identifier", metavar="[ID]", required=False, callback=check_id)


def applied(parameters: tuple[Callable[..., Any], ...], function: Callable[..., Any]) -> Callable[..., Any]:
    """Apply decorators as if they stood above `function` in this order."""
    return functools.reduce(lambda decorated, parameter: parameter(decorated), reversed(parameters), function)


def with_parameters(*parameters: Callable[..., Any]) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a subcommand that takes the shared options, too; here they win over those before its name."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        @click.pass_context
        @functools.wraps(function)
        def run(context: click.Context, **values: Any) -> Any:
            shared = {name: values.pop(name) for name in context.obj}
            given = {name: value for name, value in shared.items() if value is not None}
            return function({**context.obj, **given}, **values)

        return cli.command()(applied((*parameters, *SHARED_OPTIONS), run))

    return decorate


def group(context: click.Context, **options: Any) -> None:
    """Keep the options before the subcommand's name for it."""
    context.obj = options


cli = click.group(help=__doc__)(applied(SHARED_OPTIONS, click.pass_context(group)))


def server(options: dict[str, Any]) -> Server:
    """Return the server that the options name."""
    url, token, secret = options["url"], options["jwt"], options["gen_jwt_secret"]
    if url is None:
        raise click.UsageError("Missing option '--url'.")
    if token and secret:
        raise click.UsageError("--jwt and --gen-jwt-secret exclude each other.")
    try:
        return Server(url, bearer_token(url, token, secret), options["timeout"] or 30.0)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


@with_parameters(KIND, *INPUT_OPTIONS, EXISTING)
def create(options: dict[str, Any], kind: str, data: str | None, file: Any, existing: str | None) -> int:
    """Create one object, or each of a list."""
    target, check, documents = server(options), document_check(options["schema_dir"], kind), read_input(data, file)
    query = {"existing": existing} if existing else None

    def send(document: Any) -> Any:
        check(document)
        answer = target.request("POST", kind, document=document, query=query)
        if existing and not (isinstance(answer, dict) and answer.get("outcome") in OUTCOMES):
            message = "the server does not know `existing`: it is of an earlier version, and did what it does without"
            raise Failure("unknown outcome", message, is_of_all=True)
        return answer

    if isinstance(documents, list):
        if existing:
            return run_list(send, documents, OUTCOMES, lambda answer: answer["outcome"])
        return run_list(send, documents, ("created",))
    print_json(send(documents))
    return 0


@with_parameters(KIND, OPTIONAL_ID, *INPUT_OPTIONS)
def update(options: dict[str, Any], kind: str, identifier: str | None, data: str | None, file: Any) -> int:
    """Replace the object ID, or each of a list by the `id` in it."""
    target, check, documents = server(options), document_check(options["schema_dir"], kind), read_input(data, file)
    if identifier and isinstance(documents, list):
        raise click.UsageError("A list cannot replace one object; leave out ID, and each is replaced by its `id`.")

    def send(document: Any) -> Any:
        own: Any = identifier or (document.get("id") if isinstance(document, dict) else None)
        if not names_one(own):
            raise Failure("without id", "not sent, since it has no `id`")
        check(document)
        return target.request("PUT", kind, own, document=document)

    if isinstance(documents, list):
        return run_list(send, documents, ("updated",))
    print_json(send(documents))
    return 0


@with_parameters(KIND, ID)
def delete(options: dict[str, Any], kind: str, identifier: str) -> int:
    """Delete the object ID."""
    server(options).request("DELETE", kind, identifier)
    click.echo(f"deleted {kind} {identifier}")
    return 0


@with_parameters(KIND, OPTIONAL_ID)
def get(options: dict[str, Any], kind: str, identifier: str | None) -> int:
    """Print the object ID, or all objects of the kind."""
    print_json(server(options).request("GET", kind, *([identifier] if identifier else [])))
    return 0


@with_parameters(KIND, *INPUT_OPTIONS)
def validate(options: dict[str, Any], kind: str, data: str | None, file: Any) -> int:
    """Check one document, or each of a list, without a server."""
    if options["schema_dir"] is None:
        raise click.UsageError("Missing option '--schema-dir'.")
    documents = read_input(data, file)
    documents = documents if isinstance(documents, list) else [documents]
    return run_list(document_check(options["schema_dir"], kind), documents, ("valid",))


def main() -> int:
    """Run the command line and return the exit status."""
    warnings.showwarning = lambda message, *_: click.echo(f"warning: {message}", err=True)
    try:
        return cli.main(standalone_mode=False) or 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        click.echo("interrupted", err=True)
        return 130
    except Failure as failure:
        report(failure)
        return 1
    except RecursionError:
        click.echo("The answer is nested too deeply to be printed.", err=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())
