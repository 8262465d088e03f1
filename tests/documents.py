"""The commands that README and docs tell a reader to type."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.projects import ROOT

PROGRAMS = ("aws", "curl", "git", "kind", "kubectl", "make", "nexus", "pulumi")
"""What begins a command in the middle of a sentence."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """What a reader types: one line, or several that the shell reads as one.

    Args:
        document: the file, from the project's folder.
        heading: of the section.
        text: as it stands there, without what continues a line.
        in_sentence: whether it stands there, and not in a block.
    """

    document: str
    heading: str
    text: str
    in_sentence: bool


def commands(document: str) -> tuple[Command, ...]:
    """The commands of a document, in its order: blocks of `sh`, and code inside of sentences."""
    found: list[Command] = []
    heading, is_heading = "", False
    for token in MarkdownIt("commonmark").parse((ROOT / document).read_text(encoding="utf-8")):
        if token.type == "heading_open":
            is_heading = True
        elif token.type == "inline" and is_heading:
            heading, is_heading = token.content, False
        else:
            found += (
                Command(
                    document=document,
                    heading=heading,
                    text=text,
                    in_sentence=token.type == "inline",
                )
                for text in _typed(token)
            )
    return tuple(found)


def _typed(token: Token) -> Iterator[str]:
    if token.type == "fence" and token.info == "sh":
        yield from _whole_commands(token.content)
    for child in token.children or ():
        if child.type == "code_inline" and _is_command(child.content):
            yield child.content


def _is_command(code: str) -> bool:
    """Whether code in a sentence is a command, and not the name of a program or a part of one."""
    words = re.sub(r"^([A-Z0-9_]+=\S+ )+", "", code).split()
    return len(words) > 1 and words[0].removeprefix(".venv/bin/") in PROGRAMS and "…" not in code


def _whole_commands(block: str) -> Iterator[str]:
    """The lines of a block, joined where the shell waits for more; comments are left out."""
    text = ""
    for line in block.splitlines():
        text += line if text.endswith(("", "\n")) else f"\n{line}"
        if not text.strip() or text.lstrip().startswith("#"):
            text = ""
        elif _complete(text):
            yield re.sub(r"\s+#\s.*$", "", re.sub(r"\\\n\s*", "", text)).strip()
            text = ""
        else:
            text += "\n"
    assert not text.strip(), f"a command without its end: {text}"


def _complete(text: str) -> bool:
    if text.endswith("\\"):
        return False
    command = ("bash", "-n", "-c", text)
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
