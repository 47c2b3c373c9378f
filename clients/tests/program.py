"""The real program, started as an administrator starts it."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import threading
from pathlib import Path

from support import CHECKOUT, TIMEOUT_SECONDS, client_environment

READY_LINE = re.compile(r"(?=.*(?:ready|listening)).*?(https?://127\.0\.0\.1:\d+)", re.IGNORECASE)


def executable() -> Path:
    """Return where the built program is expected."""
    return Path(os.environ.get("NODE_ORCHESTRATOR", CHECKOUT / ".build" / "debug" / "node-orchestrator")).resolve()


class Program:
    """The program serving on a free port, with its data in `folder`/data."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        environment: dict[str, str] | None = None,
        maximum_files: int | None = None,
    ) -> None:
        self.folder = folder
        self.lines: list[str] = []
        self.more_lines = threading.Condition()
        self.process = subprocess.Popen(
            [str(executable()), "serve", "--listen", "127.0.0.1:0", "--data-dir", str(folder / "data"), *arguments],
            cwd=folder,
            env={**client_environment(), **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            # A file that may not grow is then an error, as on a full disk, and not the end.
            restore_signals=False,
            preexec_fn=maximum_files and (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (maximum_files,) * 2)),
        )
        self.url = self.wait_until_ready()
        threading.Thread(target=self.read, daemon=True).start()

    def wait_until_ready(self) -> str:
        """Return the address that the program says it listens on."""
        watchdog = threading.Timer(TIMEOUT_SECONDS, self.process.kill)
        watchdog.start()
        try:
            while line := self.process.stdout.readline():
                self.lines.append(line)
                if match := READY_LINE.search(line):
                    return match[1]
        finally:
            watchdog.cancel()
        self.process.wait(TIMEOUT_SECONDS)
        raise AssertionError(f"the program ended with {self.process.returncode}:\n{''.join(self.lines)}")

    def read(self) -> None:
        """Keep what the program says, so that it never waits for a reader."""
        for line in self.process.stdout:
            with self.more_lines:
                self.lines.append(line)
                self.more_lines.notify_all()

    def has_logged(self, text: str) -> bool:
        """Return whether the program has said something."""
        return any(text in line for line in self.lines)

    def wait_for_log(self, text: str) -> None:
        """Wait until the program says something, unless it has."""
        with self.more_lines:
            assert self.more_lines.wait_for(lambda: self.has_logged(text), TIMEOUT_SECONDS), "".join(self.lines)

    def token(self) -> str:
        """Return the token that the program leaves for clients on its machine."""
        return (self.folder / "data" / "keys" / "client.token").read_text().strip()

    def write_schemas(self) -> Path:
        """Let the program write its schema files and return their folder."""
        folder = self.folder / "schemas"
        subprocess.run(
            [str(executable()), "schemas", "--dir", str(folder)],
            cwd=self.folder,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            check=True,
        )
        return folder

    def fill_disk(self) -> None:
        """Have every write to a file fail, as on a full disk."""
        _, most = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (0, most))

    def free_disk(self) -> None:
        """Have files be written again."""
        _, most = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (most, most))

    def kill(self) -> None:
        """End the program at once."""
        self.process.kill()
        self.process.wait(TIMEOUT_SECONDS)

    def stop(self) -> None:
        """End the program; it must end by itself when asked to."""
        if self.process.poll() == -signal.SIGKILL:
            return
        self.process.terminate()
        try:
            status = self.process.wait(TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        assert status == 0, f"the program ended with {status}:\n{''.join(self.lines)}"


def run_program(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command of the program that ends by itself."""
    return subprocess.run(
        [str(executable()), *arguments],
        env={**client_environment(), **(environment or {})},
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT_SECONDS,
    )
