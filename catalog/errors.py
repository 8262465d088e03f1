"""What a user gave wrong, as full sentences, and the words that all our sentences share."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

LONGEST_SHOWN = 60
"""Characters of a wrong value that are shown; more would bury the sentence."""


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


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 service`, `2 services`."""
    return f"{number} {noun if number == 1 else noun + 's'}"


def listed(words: Sequence[str], most: int | None = None) -> str:
    """Words with commas and 'and', those beyond `most` counted: `a, b and 3 more`."""
    if most is not None and len(words) > most:
        return f"{', '.join(words[:most])} and {len(words) - most} more"
    *first, last = words or [""]
    return f"{', '.join(first)} and {last}" if first else last


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A question that names the one or two known names nearest to `name`; None if none is near."""
    near = difflib.get_close_matches(name, sorted(known), n=2, cutoff=0.6)
    return "did you mean " + " or ".join(f"'{name}'" for name in near) + "?" if near else None


def service_hint(
    name: str, former: Mapping[str, str | None], others: Iterable[str] = ()
) -> str | None:
    """What to write for a service that is not there: its name now, or the nearest names.

    Args:
        former: every service, with what it was called before.
        others: what else the name may have been meant for.
    """
    for now, before in former.items():
        if before == name:
            return f"write '{now}', as it is called now."
    return did_you_mean(name, (*former, *others))


def one_of(known: Iterable[str]) -> str:
    """The known names in quotes, in the order given: `'a', 'b' or 'c'`."""
    *names, last = [f"'{name}'" for name in known]
    return f"{', '.join(names)} or {last}" if names else last


def shortened(text: str) -> str:
    """`text`, cut where it would bury the sentence."""
    if len(text) <= LONGEST_SHOWN:
        return text
    closing = text[-1] if text[-1] in ("'", '"') else ""
    return f"{text[: LONGEST_SHOWN - 2]}…{closing}"
