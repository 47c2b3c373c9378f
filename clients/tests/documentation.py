"""The blocks of commands in the documentation, run as they stand and compared with what stands below them."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from program import Program, executable
from support import CHECKOUT


@dataclass
class Example:
    """A command, and what it prints."""

    place: str
    command: str
    output: str


def examples(document: Path) -> list[Example]:
    """Return the commands of a document: lines that begin with `$`, with those that they go on in."""
    found: list[Example] = []
    lines = document.read_text().split("\n")
    is_block = False
    is_open = False
    for number, line in enumerate(lines, 1):
        if line.startswith("```"):
            is_block, is_open = not is_block, False
        elif is_block and line.startswith("$ "):
            found.append(Example(f"{document.relative_to(CHECKOUT)}:{number}", line[2:], ""))
            is_open = not is_whole(found[-1].command)
        elif is_block and is_open:
            found[-1].command += "\n" + line
            is_open = not is_whole(found[-1].command)
        elif is_block and found:
            found[-1].output += line + "\n"
    return found


def is_whole(command: str) -> bool:
    """Return whether a command does not go on in the next line."""
    if command.endswith("\\"):
        return False
    return subprocess.run(["bash", "-n", "-c", command], capture_output=True).returncode == 0


def pattern(output: str) -> re.Pattern[str]:
    """Return what an answer must match: any white space, and anything where the document has `…`."""
    parts = re.sub(r"\s+", "", output).split("…")
    return re.compile(".*?".join(map(re.escape, parts)))


def check(document: Path, program: Program) -> int:
    """Run the commands of a document one after the other against a server, and return how many there were."""
    environment = {**os.environ, "TOKEN": program.token()}
    found = examples(document)
    for example in found:
        command = example.command.replace("localhost:8080", program.url.removeprefix("http://"))
        command = command.replace(".build/release/node-orchestrator", str(executable()))
        result = subprocess.run(
            ["bash", "-c", command], cwd=program.folder, env=environment, capture_output=True, text=True, timeout=60
        )
        printed = re.sub(r"\s+", "", result.stdout)
        assert pattern(example.output).fullmatch(printed), f"{example.place}\n{result.stdout}{result.stderr}"
    return len(found)
