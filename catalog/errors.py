"""Errors a user can make in the files of this project, as full sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One mistake in a file: where it is, what is wrong and what to write instead.

    Args:
        file: path of the file, relative to the project.
        message: one sentence that names the service and field, and the fix.
        line: line of the mistake, counted from 1; None when it is the whole file.
    """

    file: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.message}"

    @property
    def position(self) -> tuple[str, int, str]:
        """Sort key: by file, line (what concerns the whole file first) and text."""
        return self.file, self.line or 0, self.message


class CatalogError(Exception):
    """The catalog (or a file that refers to it) is wrong; nothing may be registered.

    `problems` holds every mistake found, in the order of files and lines; the
    error's text is one line per problem.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.position))
        super().__init__("\n".join(str(problem) for problem in self.problems))
