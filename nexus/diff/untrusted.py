"""Reads JSON that anybody may have written."""

from __future__ import annotations

import json
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from catalog.wording import counted
from nexus.diff.errors import UnreadableError

LARGEST_FILE = 20 * 1024 * 1024
"""Bytes; a plan of 43 services has 0.8 MB, one of 1,000 services would still fit."""

DEEPEST = 60
"""Levels of nesting; a Kubernetes object has about 12."""

LARGEST_NUMBER = 2**63
"""Larger ones are no quantities, and JavaScript readers of the report would round them."""

Model = TypeVar("Model", bound=BaseModel)


def read_json(content: bytes, name: str, source: str) -> Any:
    """The data in `content`: finite numbers, bounded size and depth.

    Args:
        content: the file's bytes.
        name: what to call the file in an error.
        source: the command that writes such files.

    Raises:
        UnreadableError: what is wrong, without repeating what stands there.
    """
    if len(content) > LARGEST_FILE:
        raise UnreadableError(
            f"{name} has {len(content):,} bytes, more than the {LARGEST_FILE:,} that are read; "
            f"make it with `{source}`."
        )
    try:
        data = json.loads(content.decode("utf-8"), parse_constant=_refuse)
    except UnicodeDecodeError as error:
        raise UnreadableError(
            f"{name} is no UTF-8 text (byte {error.start}); make it again with `{source}`."
        ) from None
    except json.JSONDecodeError as error:
        raise UnreadableError(
            f"{name} is no JSON (line {error.lineno}, column {error.colno}); "
            f"make it again with `{source}`."
        ) from None
    # Numbers with thousands of digits, NaN; too many brackets.
    except (ValueError, RecursionError):
        raise _unbounded(name, source) from None
    if not is_bounded(data, DEEPEST):
        raise _unbounded(name, source)
    return data


def _refuse(_: str) -> NoReturn:
    raise ValueError


def _unbounded(name: str, source: str) -> UnreadableError:
    return UnreadableError(
        f"{name} is nested more than {DEEPEST} levels deep or holds numbers that are not finite "
        f"or above 2^63; make it again with `{source}`."
    )


def is_bounded(data: Any, deepest: int) -> bool:
    """Whether `data` has at most `deepest` levels and no number beyond the limit."""
    level: list[Any] = [data]
    # Level by level, so that no depth can exhaust the stack.
    for _ in range(deepest):
        following: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                following.extend(value.values())
            elif isinstance(value, list):
                following.extend(value)
            elif isinstance(value, (int, float)) and not abs(value) <= LARGEST_NUMBER:
                return False
        if not following:
            return True
        level = following
    return False


def shaped(model: type[Model], data: Any, name: str, source: str) -> Model:
    """`data` as `model`.

    Args:
        model: the documented shape.
        data: what stands in the file.
        name: what to call the file in an error.
        source: the command that writes such files.

    Raises:
        UnreadableError: where it does not fit first, by position: keys may be hostile.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False, include_context=False)
    first = details[0]
    known = {field for part in (model, *_parts(model)) for field in part.model_fields}
    place = ".".join(
        str(step) if isinstance(step, int) or step in known else "…" for step in first["loc"]
    )
    if not place:
        # 'Value error' is pydantic's word in front of a sentence of this project.
        told = f"{name} {first['msg'].removeprefix('Value error, ')}"
    else:
        more = f" and {counted(len(details) - 1, 'more place')}" if len(details) > 1 else ""
        told = f"{name} does not fit at `{place}`{more} (`{first['type']}`)"
    raise UnreadableError(f"{told}; make it again with `{source}`.")


def _parts(model: type[BaseModel]) -> list[type[BaseModel]]:
    """Models of the items of the model's lists."""
    found: list[type[BaseModel]] = []
    for field in model.model_fields.values():
        arguments = getattr(field.annotation, "__args__", ())
        found += [a for a in arguments if isinstance(a, type) and issubclass(a, BaseModel)]
    return found
