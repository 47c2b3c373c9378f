"""An issuer of tokens: a process that publishes public keys (RFC 7517), as well or as badly as a test wants.

As a program it serves the keys of a folder: `issuer.py FOLDER PORT`. The file `behaviour` there says how.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from support import TIMEOUT_SECONDS

CURVES = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}
AUDIENCE = "node-orchestrator.example"
NAME = "https://issuer.example"


class Key:
    """A private key of an issuer."""

    def __init__(self, kid: str, algorithm: str = "ES256") -> None:
        self.kid = kid
        self.algorithm = algorithm
        if algorithm in CURVES:
            self.private, form = ec.generate_private_key(CURVES[algorithm]()), ECAlgorithm
        elif algorithm == "EdDSA":
            self.private, form = ed25519.Ed25519PrivateKey.generate(), OKPAlgorithm
        else:
            self.private, form = rsa.generate_private_key(65537, 2048), RSAAlgorithm
        self.jwk = {**json.loads(form.to_jwk(self.private.public_key())), "kid": kid, "use": "sig"}

    def token(self, header: dict | None = None, **claims: object) -> str:
        """Return a token for this server."""
        end = int(time.time()) + 600
        standard = {"sub": "alice", "iss": NAME, "aud": AUDIENCE, "exp": end, "role": "service"}
        return jwt.encode({**standard, **claims}, self.private, self.algorithm, {"kid": self.kid, **(header or {})})


def key_set(*keys: Key) -> str:
    """Return what an issuer publishes."""
    return json.dumps({"keys": [key.jwk for key in keys]})


class Issuer:
    """The process of an issuer, on a port that stays the same when it goes away and comes back."""

    def __init__(self, folder: Path, *keys: Key) -> None:
        self.folder = folder
        self.port = 0
        folder.mkdir()
        self.requests = folder / "requests"
        self.requests.touch()
        self.behave("well")
        self.publish(*keys)
        self.start()
        self.url = f"http://127.0.0.1:{self.port}/jwks.json"

    def start(self) -> None:
        """Come, or come back."""
        command = [sys.executable, __file__, str(self.folder), str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8")
        self.port = int(self.process.stdout.readline())

    def go_away(self) -> None:
        """End, and refuse connections."""
        self.process.kill()
        self.process.wait(TIMEOUT_SECONDS)
        self.process.stdout.close()

    def publish(self, *keys: Key) -> None:
        """Have other keys from now on."""
        new = self.folder / "new"
        new.write_text(key_set(*keys))
        new.rename(self.folder / "keys")

    def behave(self, behaviour: str) -> None:
        """Answer in another way from now on."""
        (self.folder / "behaviour").write_text(behaviour)

    @property
    def count(self) -> int:
        """How often keys were asked for."""
        return len(self.requests.read_text())


class Handler(BaseHTTPRequestHandler):
    """Answers as the folder says."""

    folder: Path

    def do_GET(self) -> None:
        with (self.folder / "requests").open("a") as requests:
            requests.write("." if self.path == "/jwks.json" else "")
        behaviour = (self.folder / "behaviour").read_text()
        if self.path == "/moved" or behaviour == "well":
            return self.answer(200, (self.folder / "keys").read_bytes())
        try:
            getattr(self, behaviour)()
        except ConnectionError:
            # Whoever asked has had enough.
            self.close_connection = True

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def wrongly(self) -> None:
        self.answer(200, b"<html>Sorry</html>")

    def brokenly(self) -> None:
        self.answer(500, b"")

    def elsewhere(self) -> None:
        self.answer(302, b"", Location="/moved")

    def in_a_circle(self) -> None:
        self.answer(302, b"", Location="/circle")

    def hugely(self) -> None:
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(b" " * 65536)

    def slowly(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b'{"keys":')
        # Until the other end closes.
        self.rfile.read(1)

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


def main() -> None:
    Handler.folder = Path(sys.argv[1])
    ThreadingHTTPServer.daemon_threads = True
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
