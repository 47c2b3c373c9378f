"""What a site has beside the inventory: a PostgreSQL server and an S3 storage, both real, on loopback."""

from __future__ import annotations

import glob
import os
import random
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import requests
from moto.server import ThreadedMotoServer

from cable import Cable
from support import TIMEOUT_SECONDS


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def postgres_programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, which Debian keeps off the PATH."""
    found = shutil.which("initdb") or max(glob.glob("/usr/lib/postgresql/*/bin/initdb"), default=None)
    return Path(found).resolve().parent if found else None


class Postgres:
    """A PostgreSQL server of its own, whose user `postgres` has the password `geheim`."""

    password = "geheim"

    def __init__(self, programs: Path) -> None:
        self.programs = programs
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp())
        # It does not run as root.
        self.prefix = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        if self.prefix:
            shutil.chown(self.folder, "postgres")
        secret = self.folder / "password"
        secret.write_text(self.password)
        secret.chmod(0o644)
        self.run("initdb", "-D", "data", "-U", "postgres", "-A", "scram-sha-256", "--pwfile", str(secret))

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs in its folder."""
        subprocess.run(
            [*self.prefix, str(self.programs / program), *arguments],
            cwd=self.folder, check=True, timeout=TIMEOUT_SECONDS, stdout=subprocess.DEVNULL,
        )

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        self.run("pg_ctl", "-D", "data", "-l", "log", "-o", options, "-w", "start")

    def stop(self) -> None:
        """Stop the server."""
        self.run("pg_ctl", "-D", "data", "-m", "immediate", "-w", "stop")

    def execute(self, sql: str) -> str:
        """Carry out statements, and return the rows of the last as lines."""
        command = ["psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-qAtc", sql]
        environment = {**os.environ, "PGPASSWORD": self.password}
        done = subprocess.run(
            command, env=environment, check=True, timeout=TIMEOUT_SECONDS, stdout=subprocess.PIPE, encoding="utf-8"
        )
        return done.stdout

    def url(self, password: str | None = None) -> str:
        """Return the address, with a password or without."""
        user = f"postgres:{password}" if password else "postgres"
        return f"postgres://{user}@127.0.0.1:{self.port}/postgres"

    def close(self) -> None:
        """Remove everything."""
        if (self.folder / "data" / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.folder)


class Storage:
    """An S3 storage with the buckets `site` and `other`."""

    def __init__(self) -> None:
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.server.start()
        host, port = self.server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        self.client = boto3.client(
            "s3", endpoint_url=self.url, aws_access_key_id="id", aws_secret_access_key="secret", region_name="us-east-1"
        )
        for bucket in ("site", "other"):
            self.client.create_bucket(Bucket=bucket)

    @property
    def environment(self) -> dict[str, str]:
        """What the program reads of it."""
        return {"AWS_ENDPOINT_URL": self.url, "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"}

    def keys(self, prefix: str = "") -> list[str]:
        """Return the names of the objects in the bucket `site`."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket="site", Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def close(self) -> None:
        """Forget everything, which all storages of a process share."""
        requests.post(f"{self.url}/moto-api/reset", timeout=TIMEOUT_SECONDS).raise_for_status()
        self.server.stop()


class Hindrance(Cable):
    """Stands before another server, and cuts each connection off after some bytes, at random, until it is told not to."""

    piece = 4096

    def __init__(self, url: str, seed: int) -> None:
        self.random = random.Random(seed)
        self.is_hindering = True
        super().__init__(urlsplit(url).port)
        self.url = f"http://127.0.0.1:{self.port}"

    def gates(self) -> tuple[Callable[[bytes], bool], Callable[[bytes], bool]]:
        """Let no more than some bytes through."""
        budget = self.random.randrange(60_000) if self.is_hindering else None

        def gate() -> Callable[[bytes], bool]:
            rest = budget

            def lets_through(data: bytes) -> bool:
                nonlocal rest
                rest = None if rest is None else rest - len(data)
                return rest is None or rest >= 0

            return lets_through

        return gate(), gate()
