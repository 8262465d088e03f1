"""Places in the catalog's files, and how errors call them."""

from __future__ import annotations

At = tuple[str | int, ...]
"""Place of a value: keys and list indexes from the root of the file."""

_NOUNS = {
    "services": "service",
    "resources": "resource",
    "external": "external API",
    "buckets": "bucket",
    "flows": "flow",
}


def place(at: At) -> str:
    """A place in a file in words: `service 'x', field 'needs[0].order'`, or `the file`."""
    words: list[str] = []
    if len(at) > 1 and at[0] in _NOUNS:
        words.append(f"{_NOUNS[str(at[0])]} '{at[1]}'")
        at = at[2:]
    if at:
        field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in at)
        words.append(f"field '{field.removeprefix('.')}'")
    return ", ".join(words) or "the file"
