"""Reads a comment as GitHub does: which links, images, HTML and mentions come out of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

PARSER = MarkdownIt("gfm-like", {"html": True, "linkify": True})

OUR_HTML = re.compile(
    r"<!-- nexus-diff -->|</?details>|<summary>[^<>&@#]*</summary>|</?sub>|\s", re.ASCII
)

LINKING = re.compile(
    r"@[\w-]+|#\d+|\bGH-\d+|\b[0-9a-f]{7,40}\b|https?:|www\.|\w+@\w+\.\w+|[\w.-]+/[\w.-]+#\d"
)
"""What GitHub turns into a link in any text outside code: mentions, references, commits, URLs."""


def tokens(comment: str) -> Iterator[Token]:
    """Every token, those inside of lines included."""
    for token in PARSER.parse(comment):
        yield token
        yield from token.children or ()


def faults(comment: str) -> list[str]:
    """Everything in a comment that its author, not we, could have put there to be seen as ours."""
    found: list[str] = []
    for token in tokens(comment):
        if token.type in {"link_open", "image"}:
            found.append(f"{token.type}: {token.attrs}")
        if token.type in {"html_block", "html_inline"} and OUR_HTML.sub("", token.content):
            found.append(f"html: {token.content}")
        if token.type == "text" and LINKING.search(token.content):
            found.append(f"text: {token.content}")
        if token.type == "fence" and token.info != "mermaid":
            found.append(f"fence: {token.content}")
    html = [token.content for token in tokens(comment) if token.type.startswith("html_")]
    opened = sum(content.count("<details>") for content in html)
    closed = sum(content.count("</details>") for content in html)
    if opened != closed:
        found.append(f"{opened} details opened, {closed} closed")
    return found


def headings(comment: str) -> list[str]:
    """The text of every heading."""
    flat = list(PARSER.parse(comment))
    return [
        flat[index + 1].content for index, token in enumerate(flat) if token.type == "heading_open"
    ]
