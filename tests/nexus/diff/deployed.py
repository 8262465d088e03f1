"""A project as a stack of the engine, and runs of it with another project's code and settings."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from nexus.rehearsal.outcome import Outcome
from nexus.rehearsal.run import Rehearsal
from stacks.stack_file import read_stack_file

from .own_code import own_code


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """The dev stack of a copy of the project.

    Args:
        project: the copy whose settings the stack has between two runs.
        session: the stack.
    """

    project: Path
    session: Rehearsal

    def up(self, project: Path | None = None) -> Outcome:
        """`pulumi up`, of another copy if one is given."""
        return self._run(project or self.project, self.session.up)

    def preview(self, project: Path | None = None) -> Outcome:
        """`pulumi preview`, of another copy if one is given."""
        return self._run(project or self.project, self.session.preview)

    def _run(self, project: Path, verb: Callable[[], Outcome]) -> Outcome:
        # The copy's modules have to stay while its program runs: Pulumi looks types up in them.
        with self._settings(project), own_code(project) as load:
            self.session.program = partial(load("stacks.program").build, project)
            return verb()

    @contextmanager
    def _settings(self, project: Path) -> Generator[None]:
        own, other = (read_stack_file(each, "dev").plain for each in (self.project, project))
        self._set(own, other)
        try:
            yield
        finally:
            self._set(other, own)

    def _set(self, before: Mapping[str, str], after: Mapping[str, str]) -> None:
        for key in before.keys() | after.keys():
            if key not in after:
                self.session.pulumi("config", "rm", key)
            elif after[key] != before.get(key):
                self.session.pulumi("config", "set", key, after[key])
