"""A project that is being written: its files, and what a person must look at in them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from catalog.document import At, place, read_document
from catalog.errors import InputError, Problem
from nexus.importing.compose_file import UNSET

_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./ -]*(?<! )")
"""Text that every reader of YAML takes for text, but for the words below."""

_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})


@dataclass(frozen=True, kw_only=True)
class Question:
    """Something that whoever imports has to decide, or at least to know.

    Args:
        file: file of the project.
        at: place in it; the nearest value above counts.
        message: what is not known, and what to write.
        source: file and line that it follows from.
        open: whether `nexus check` refuses the project until it is decided.
    """

    file: str
    at: At
    message: str
    source: str
    open: bool = False


@dataclass(kw_only=True)
class Draft:
    """Files of a project, as values or as text, and the questions about them.

    Args:
        values: content of YAML files by path in the project; None in it is still to be written.
        heads: comment in front of a YAML file.
        questions: what is open or worth a look.
    """

    values: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    texts: dict[str, str] = field(default_factory=dict[str, str])
    heads: dict[str, str] = field(default_factory=dict[str, str])
    questions: list[Question] = field(default_factory=list[Question])

    def ask(self, file: str, at: At, message: str, source: str, *, open_: bool = False) -> None:
        """Keeps a question; variables without value are shown as they are written."""
        message = UNSET.sub(r"${\1}", message)
        self.questions.append(
            Question(file=file, at=at, message=message, source=source, open=open_)
        )

    def files(self) -> Mapping[str, str]:
        """Every file's text, by path."""
        comments: dict[tuple[str, At], list[str]] = {}
        for each in self.questions:
            if each.open:
                comments.setdefault((each.file, each.at), []).append(each.message)
        written = {
            file: self.heads.get(file, "")
            + "\n".join(_lines(value, (), {at: c for (f, at), c in comments.items() if f == file}))
            + "\n"
            for file, value in self.values.items()
        }
        return {**self.texts, **written}


def write_project(draft: Draft, folder: Path, *, replace: bool = False) -> None:
    """Writes every file of the draft below `folder`.

    Raises:
        InputError: one of them is there, or cannot be written.
    """
    files = draft.files()
    services = folder / "catalog" / "services"
    other = {f"catalog/services/{each.name}" for each in services.glob("*.y*ml")} - {*files}
    there = [] if replace else sorted(name for name in files if (folder / name).exists())
    if there or other:
        raise InputError(
            f"'{folder}' holds '{[*there, *sorted(other)][0]}' already; name another folder"
            + (", or remove it." if other else ", or write '--replace' to lose what is there.")
        )
    try:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"Cannot write '{error.filename}' ({error.strerror}); name a folder that you may write "
            "to by --output."
        ) from error


def told(draft: Draft, folder: Path, shown: str, *, open_: bool) -> tuple[Problem, ...]:
    """The draft's questions with their lines in the files of `folder`, in the order of these.

    Args:
        draft: what was written.
        folder: where it was written to.
        shown: how the folder is called in front of a file; empty for the current one.
        open_: whether those that are open are told, or the others.
    """
    documents = {file: read_document(folder / file, file) for file in draft.values}
    found: list[Problem] = []
    for each in draft.questions:
        if each.open is open_:
            document = documents.get(each.file)
            line = document.line(each.at) if document and each.at else None
            where = f"{place(each.at)}: " if each.at else ""
            source = f" ({each.source})" if each.source else ""
            file = str(Path(shown) / each.file)
            found.append(Problem(file, f"{where}{each.message}{source}", line))
    return tuple(sorted(dict.fromkeys(found), key=lambda problem: problem.position))


def _lines(value: dict[str, Any], at: At, comments: Mapping[At, list[str]]) -> Iterator[str]:
    indent = "  " * len(at)
    for key, part in value.items():
        here = (*at, key)
        for comment in comments.get(here, ()):
            yield f"{indent}# decide: {_one_line(comment)}"
        name = _scalar(key)
        if isinstance(part, dict) and part and not _is_short(part, here, comments):
            yield f"{indent}{name}:"
            yield from _lines(cast("dict[str, Any]", part), here, comments)
        elif isinstance(part, list) and any(isinstance(each, dict) for each in part):
            yield f"{indent}{name}:"
            for index, each in enumerate(cast("list[Any]", part)):
                for asked, found in comments.items():
                    if asked[: len(here) + 1] == (*here, index):
                        yield from (f"{indent}  # decide: {_one_line(text)}" for text in found)
                yield from _item(each, f"{indent}  ")
        elif isinstance(part, list) and len(_flow(part)) > LONGEST_FLOW:
            yield f"{indent}{name}:"
            yield from (f"{indent}  - {_flow(each)}" for each in cast("list[Any]", part))
        else:
            yield f"{indent}{name}: {_flow(part)}".rstrip()


def _item(value: Any, indent: str) -> Iterator[str]:
    """An item of a list; one with something left empty has a line for each key."""
    if not isinstance(value, dict) or None not in value.values():
        yield f"{indent}- {_flow(value)}"
        return
    for index, (key, part) in enumerate(cast("dict[str, Any]", value).items()):
        yield f"{indent}{' ' if index else '-'} {_scalar(key)}: {_flow(part)}".rstrip()


LONGEST_FLOW = 90


def _is_short(part: dict[str, Any], at: At, comments: Mapping[At, list[str]]) -> bool:
    """Whether a mapping fits on a line: a few plain values, and nothing to decide in it."""
    plain = all(not isinstance(each, (dict, list)) or each == {} for each in part.values())
    asked = any(each[: len(at)] == at and len(each) > len(at) for each in comments)
    return plain and not asked and len(at) > 3 and len(_flow(part)) < LONGEST_FLOW


def _flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        parts = cast("dict[str, Any]", value).items()
        inner = ", ".join(f"{_scalar(key)}: {_flow(each)}".rstrip() for key, each in parts)
        return f"{{{inner}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, cast('list[Any]', value)))}]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = str(value)
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\x7f")


def _one_line(text: str) -> str:
    return " ".join(text.split())
