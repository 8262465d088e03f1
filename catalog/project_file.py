"""What `Pulumi.yaml` says of the settings of all stacks, as the Pulumi command line reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import NoneType
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field

from catalog.document import Document, read_document
from catalog.errors import InputError, Problem
from catalog.validation import Read, validated

NAME = "Pulumi.yaml"

Kind = Literal["string", "integer", "boolean", "array", "object"]


class _Declaration(BaseModel):
    """Further keys (`description`) are for people."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Items(_Declaration):
    """Of which type the items of a list are."""

    type: Kind
    items: Items | None = None


class Declared(_Declaration):
    """A setting as the project declares it for all of its stacks.

    Args:
        type: of its value; anything if it is not given.
        items: of which type the items of an array are.
        default, value: what stacks have that say nothing themselves.
        secret: whether a stack has to encrypt it.
    """

    type: Kind | None = None
    items: Items | None = None
    default: Any = None
    value: Any = None
    secret: bool = False

    @property
    def given(self) -> Any:
        """The value for stacks that say nothing themselves; None if there is none."""
        return self.value if self.default is None else self.default


class ProjectFile(BaseModel):
    """Further keys (runtime, description) are the command line's own."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    name: str = Field(min_length=1)
    # A mapping, or text: the older spelling of stackConfigDir.
    config: Any = None
    stack_config_dir: str = Field(default="", alias="stackConfigDir")

    @property
    def folder(self) -> str:
        """Where the stacks' files are, from the project's folder."""
        return self.config if isinstance(self.config, str) else self.stack_config_dir


def read_project_file(project: Path) -> Read[ProjectFile]:
    """The file in folder `project`.

    Raises:
        InputError: what is wrong with it.
    """
    document = read_document(project / NAME, NAME)
    content = validated(document, ProjectFile)
    if not isinstance(content.config, (dict, str, NoneType)):
        message = "field 'config' is no mapping of settings; write one, or remove it."
        raise InputError([document.problem(message, ("config",))])
    return Read(document, content)


def declared(read: Read[ProjectFile]) -> Mapping[str, Declared]:
    """Every setting that the project declares, by its full key, with the value in its short form.

    Raises:
        InputError: what is wrong with a declaration.
    """
    found: dict[str, Declared] = {}
    problems: list[Problem] = []
    given: object = read.content.config
    settings = cast("dict[str, Any]", given) if isinstance(given, dict) else {}
    for key, value in settings.items():
        full = key if ":" in key else f"{read.content.name}:{key}"
        if isinstance(value, dict):
            document = Document(NAME, value, _below(read.document, ("config", key)))
            found[full] = each = validated(document, Declared)
        else:
            found[full] = each = Declared(value=value)
        own = full.startswith(f"{read.content.name}:")
        problems += (
            read.document.problem(message, ("config", key))
            for message in _contradictions(full, each, own=own)
        )
    if problems:
        raise InputError(problems)
    return found


def _contradictions(key: str, each: Declared, *, own: bool) -> Iterator[str]:
    """What the command line refuses in a declaration by itself."""
    if each.default is not None and each.value is not None:
        yield f"setting '{key}' has a 'default' and a 'value'; remove one."
    if not own and (each.type or each.default is not None or each.value is None):
        yield f"setting '{key}' is not this project's own; write its 'value' and nothing else."


def _below(document: Document, at: tuple[str | int, ...]) -> dict[tuple[str | int, ...], int]:
    """Lines of the values below `at`, counted from there."""
    size = len(at)
    return {key[size:]: line for key, line in document.lines.items() if key[:size] == at}


def stack_files(project: Path) -> Path:
    """The folder of the stacks' files of the project in folder `project`.

    Raises:
        InputError: what is wrong with `Pulumi.yaml`.
    """
    return project / read_project_file(project).content.folder


def stack_paths(project: Path) -> dict[str, Path]:
    """The stacks' files, by stack; those beside a `Pulumi.yaml` that cannot be read."""
    try:
        folder = stack_files(project)
    except InputError:
        folder = project
    return {
        path.name.removeprefix("Pulumi.").removesuffix(".yaml"): path
        for path in folder.glob("Pulumi.*.yaml")
    }


def stack_names(project: Path) -> tuple[str, ...]:
    """The stacks that have a file, sorted."""
    return tuple(sorted(stack_paths(project)))
