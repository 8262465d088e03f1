"""What a user gave wrong, as full sentences."""

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


class InputError(Exception):
    """Something that the user gave is wrong; nothing may be done with it.

    The text is a full sentence per mistake: what is wrong, where, what to write instead.

    Args:
        found: the sentence; or, for mistakes in files, every problem found. `problems` has
            these in the order of files and lines.
    """

    def __init__(self, found: str | Sequence[Problem]) -> None:
        problems = () if isinstance(found, str) else found
        self.problems = tuple(sorted(problems, key=lambda problem: problem.position))
        super().__init__(found if isinstance(found, str) else "\n".join(map(str, self.problems)))
