"""The blocks of the documentation: what is in them, and a reader who runs their commands and compares the answers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from program import Program, executable
from support import CHECKOUT, CLIENTS, TIMEOUT_SECONDS, client_environment

# What is another one in each run: ids, also cut off, and times, also as ids of snapshots; and what is left out.
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
CHANGING = (
    UUID,
    r"\d{4}-\d\d-\d\dT?\d\d:\d\d:\d\d(?:\.\d+)?Z?",
    r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z",
    r"\b[0-9a-f]{4}…",
    r"…",
)
CHANGING_TEXT = re.compile("|".join(f"({form})" for form in CHANGING))


@dataclass
class Block:
    """A block of a document: the heading that it stands below, and the line that it begins in."""

    document: str
    heading: str
    number: int
    text: str

    @property
    def has_commands(self) -> bool:
        """Whether it shows commands and what they print, rather than something else."""
        return re.search(r"^\$ ", self.text, re.MULTILINE) is not None


@dataclass
class Example:
    """A command, and what it prints."""

    place: str
    command: str
    output: str


def blocks(document: str) -> list[Block]:
    """Return the blocks of a document, named by its path in the project."""
    found: list[Block] = []
    heading, is_block = "", False
    for number, line in enumerate((CHECKOUT / document).read_text().splitlines(), 1):
        if line.lstrip().startswith("```"):
            is_block = not is_block
            if is_block:
                found.append(Block(document, heading, number, ""))
        elif is_block:
            found[-1].text += line + "\n"
        elif line.startswith("#"):
            heading = line.lstrip("# ")
    return found


def others(document: str, heading: str) -> list[str]:
    """Return the blocks below a heading that show something else than commands with `$`."""
    return [block.text for block in blocks(document) if block.heading == heading and not block.has_commands]


def examples(document: str) -> list[Example]:
    """Return the commands of a document: lines that begin with `$`, with those that they go on in."""
    found: list[Example] = []
    for block in blocks(document):
        is_open = False
        for number, line in enumerate(block.text.splitlines() if block.has_commands else [], block.number + 1):
            if line.startswith("$ "):
                found.append(Example(f"{document}:{number}", line[2:], ""))
            elif is_open:
                found[-1].command += "\n" + line
            else:
                found[-1].output += line + "\n"
                continue
            is_open = not is_whole(found[-1].command)
    return found


def is_whole(command: str) -> bool:
    """Return whether a command does not go on in the next line."""
    if command.endswith("\\"):
        return False
    return subprocess.run(["bash", "-n", "-c", command], capture_output=True).returncode == 0


def squeeze(text: str) -> str:
    """Return a text without white space, since documents break lines where they must."""
    return re.sub(r"\s+", "", text)


class Comparison:
    """Compares what is printed with what documents show: equal but for white space and what is another one in each run.

    An id or a time that documents show twice must be the same one both times.
    """

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def here(self, text: str) -> str:
        """Return a text of a document with the ids and times that were printed for those that it shows."""
        for shown, value in self.values.items():
            text = text.replace(shown, value)
        return text

    def matches(self, shown: str, printed: str) -> bool:
        """Return whether what was printed is what a document shows; if so, remember its ids and times."""
        names: dict[str, str] = {}

        def form(match: re.Match[str]) -> str:
            text, kind = match[0], CHANGING[match.lastindex - 1]
            if text == "…":
                return ".*?"
            if text.endswith("…"):
                return UUID
            if text in self.values:
                return re.escape(self.values[text])
            if text in names:
                return f"(?P={names[text]})"
            names[text] = f"value{len(names)}"
            return f"(?P<{names[text]}>{kind})"

        pattern, end = "", 0
        text = squeeze(shown)
        for match in CHANGING_TEXT.finditer(text):
            pattern += re.escape(text[end : match.start()]) + form(match)
            end = match.end()
        found = re.fullmatch(pattern + re.escape(text[end:]), squeeze(printed))
        if found:
            self.values.update({text: found[name] for text, name in names.items()})
        return found is not None


class Reader:
    """A reader of the documentation, who types its commands in the folder of a server, one document after the other."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.folder = program.folder
        self.token = program.token()
        self.comparison = Comparison()
        self.settings = ""
        self.provide("bin/node-orchestrator", str(executable()))
        self.provide(".build/release/node-orchestrator", str(executable()))
        self.provide("bin/duckdb", sys.executable, str(Path(__file__).parent / "duckdb_shell.py"))
        self.provide(".venv/bin/python", sys.executable)
        (self.folder / "clients").symlink_to(CLIENTS)

    def provide(self, name: str, *command: str) -> None:
        """Let a file of the folder carry out a command."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'#!/bin/sh\nexec {" ".join(command)} "$@"\n')
        file.chmod(0o755)

    def run(self, command: str, until: str | None = None) -> str:
        """Run a command as it stands and return what it prints, at most until that is what a document shows."""
        command = command.replace("localhost:8080", self.program.url.removeprefix("http://"))
        # As on a terminal.
        command = re.sub(r"(?s)(node-orchestrator query )(?!.* -o )", r"\1--format table ", command)
        process = subprocess.Popen(
            ["bash", "-c", self.settings + self.comparison.here(command)],
            cwd=self.folder, start_new_session=True,
            env=client_environment(TOKEN=self.token, PATH=f"{self.folder}/bin:{os.environ['PATH']}"),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
        )  # fmt: skip
        watchdog = threading.Timer(TIMEOUT_SECONDS, os.killpg, (process.pid, signal.SIGKILL))
        watchdog.start()
        printed = ""
        try:
            with process:
                for line in process.stdout:
                    printed += line
                    if until is not None and self.comparison.matches(until, printed):
                        os.killpg(process.pid, signal.SIGKILL)
        finally:
            watchdog.cancel()
        return printed

    def follow(self, document: str) -> int:
        """Run the commands of a document one after the other, compare what they print, and return how many they are."""
        found = examples(document)
        for example in found:
            if variable := re.match(r"([A-Z]+)=", example.command):
                self.settings += self.run(f"{example.command}; declare -p {variable[1]}")
                continue
            is_endless = "curl -sN" in example.command
            printed = self.run(example.command, example.output if is_endless else None)
            assert self.comparison.matches(example.output, printed), f"{example.place}\n{printed}"
        return len(found)
