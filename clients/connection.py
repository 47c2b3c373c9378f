"""Requests to a node-orchestrator server, the token sent with them, and what went wrong with them."""

from __future__ import annotations

import getpass
import http
import ipaddress
import json
import os
import re
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import jwt
import requests
from urllib3.exceptions import MaxRetryError

MAX_RETRIES = 4
MAX_RETRY_WAIT_SECONDS = 30
MAX_MESSAGE_LENGTH = 300
TOKEN_LIFETIME_SECONDS = 3600
TOKEN_FILE = Path("data/keys/client.token")
TOKEN_VARIABLE = "NODE_ORCHESTRATOR_TOKEN"


class Failure(Exception):
    """Why one document, or one request, failed: a short reason to count by, a message and further lines.

    `is_of_all` says that every other request would fail in the same way.
    """

    def __init__(self, reason: str, message: str, lines: list[str] | None = None, is_of_all: bool = False) -> None:
        super().__init__(message)
        self.reason = reason
        self.lines = lines or []
        self.is_of_all = is_of_all


def one_line(text: str) -> str:
    """Return `text` as one short line of printable characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= MAX_MESSAGE_LENGTH else line[:MAX_MESSAGE_LENGTH] + "…"


def root_cause(error: BaseException) -> str:
    """Return what the operating system or the innermost library said."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    return one_line(getattr(error, "strerror", None) or str(error) or type(error).__name__)


def never_connected(error: requests.RequestException) -> bool:
    """Tell whether there was no connection to send anything by; only then does urllib3 speak of retries."""
    return bool(error.args) and isinstance(error.args[0], MaxRetryError)


def refusal(response: requests.Response, advice: str) -> Failure:
    """Return the failure that a response tells of, as problem details (RFC 9457) where it holds such.

    `advice` says what to do where the server wants another token.
    """
    status = response.status_code
    phrase = next((known.phrase for known in http.HTTPStatus if known == status), "unknown status")
    detail, lines = one_line(response.text), []
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if isinstance(problem, dict):
        detail = one_line(str(problem.get("detail") or problem.get("title") or ""))
        errors = problem.get("errors")
        for error in errors if isinstance(errors, list) else []:
            if isinstance(error, dict):
                lines.append(one_line(f"{error.get('pointer') or '(document)'}: {error.get('message')}"))
    elif response.is_redirect:
        detail = f"use {one_line(response.headers['Location'])}"
    is_of_all = status == http.HTTPStatus.UNAUTHORIZED
    if is_of_all:
        lines.append(advice)
    message = f"{status} {phrase}" + (f": {detail}" if detail else "")
    return Failure(f"{phrase.lower()} ({status})", message, lines, is_of_all)


def retry_wait_seconds(response: requests.Response) -> int | None:
    """Return after how many seconds a busy server wants to be asked again, if it says so and it is soon."""
    wait = response.headers.get("Retry-After", "")
    if response.status_code == 503 and re.fullmatch("[0-9]{1,4}", wait) and int(wait) <= MAX_RETRY_WAIT_SECONDS:
        return int(wait)
    return None


def place(url: str) -> str:
    """Return where a server is: `url` up to its port, without a user and a password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


@dataclass(frozen=True)
class Server:
    """A server as its URL, the token to send and the time in seconds to wait for an answer."""

    url: str
    token: str | None
    timeout: float
    threads: threading.local = field(default_factory=threading.local)

    def session(self) -> requests.Session:
        """Return the calling thread's session."""
        if not hasattr(self.threads, "session"):
            self.threads.session = requests.Session()
            if self.token:
                self.threads.session.auth = self.authorize
        return self.threads.session

    def authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the token; as an `auth` callable, since a header would yield to ~/.netrc."""
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request

    def token_advice(self) -> str:
        """Return what to do where the server does not take the token."""
        if self.token:
            return f"the token that was sent is not taken: give another one by --jwt or in {TOKEN_VARIABLE}"
        here = f", or go to the folder that has {TOKEN_FILE}" if is_loopback(self.url) else ""
        return f"no token was sent: give one by --jwt or in {TOKEN_VARIABLE}{here}"

    def request(self, method: str, *path: str, document: Any = None, query: dict[str, str] | None = None) -> Any:
        """Send one request and return the answer's JSON, or None where it has no body; raise Failure."""
        url = "/".join([self.url, *(quote(part, safe=":") for part in path)])
        if query:
            url += "?" + urlencode(query)
        try:
            body = None if method in ("GET", "DELETE") else json.dumps(document).encode()
        except RecursionError:
            raise Failure("nested too deeply", "not sent, since it is nested too deeply") from None
        headers = {"Accept": "application/json"} if body is None else {"Content-Type": "application/json"}
        for retries in range(MAX_RETRIES + 1):
            try:
                response = self.session().request(
                    method, url, data=body, headers=headers, timeout=self.timeout, allow_redirects=False
                )
            except requests.Timeout as error:
                message = f"no answer from {place(self.url)} within {self.timeout:g} s"
                raise Failure("timeout", message, is_of_all=never_connected(error)) from None
            except requests.RequestException as error:
                message = f"cannot talk to {place(self.url)}: {root_cause(error)}"
                raise Failure("connection error", message, is_of_all=never_connected(error)) from None
            wait = retry_wait_seconds(response)
            if wait is None or retries == MAX_RETRIES:
                break
            time.sleep(wait)
        if not 200 <= response.status_code < 300:
            raise refusal(response, self.token_advice())
        try:
            return response.json() if response.content else None
        except (ValueError, RecursionError):
            raise Failure("unreadable answer", f"{response.status_code}, but not with JSON: {place(url)}") from None


def user_name() -> str:
    """Return the name of who runs this, or the number where there is no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def signed_token(secret: str) -> str:
    """Return a token of the user, signed with HS256; raise ValueError for a secret that cannot sign."""
    now = int(time.time())
    claims = {
        "sub": user_name(),
        "iss": "node-orchestrator-client",
        "aud": "node-orchestrator",
        "iat": now,
        "nbf": now,
        "exp": now + TOKEN_LIFETIME_SECONDS,
    }
    try:
        return jwt.encode(claims, os.fsencode(secret), algorithm="HS256")
    except jwt.PyJWTError as error:
        raise ValueError(f"cannot sign with this secret: {error}") from None


def is_loopback(url: str) -> bool:
    """Tell whether `url` names this machine itself."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def bearer_token(url: str, given: str | None, secret: str | None) -> str | None:
    """Return the token to send: the one given, else one made, else the environment's, else the local server's.

    Raises ValueError for a token that cannot be sent, or a secret that cannot sign one.
    """
    token = given or (signed_token(secret) if secret is not None else os.environ.get(TOKEN_VARIABLE))
    if not token and is_loopback(url):
        try:
            token = TOKEN_FILE.read_text("ascii", errors="replace")
        except OSError:
            return None
    token = (token or "").strip()
    if not re.fullmatch("[!-~]*", token):
        raise ValueError("the token holds characters that no token has")
    return token or None
