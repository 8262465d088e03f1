"""`nexus rehearse`: the real engine, the real program, simulated providers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from catalog.errors import InputError
from nexus.cli.output import require_room, write
from nexus.cli.session import session

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from catalog import Catalog
    from nexus.rehearsal.live import Progress
    from nexus.rehearsal.outcome import Outcome
    from nexus.rehearsal.session import Rehearsal
    from nexus.rehearsal.tiers import Spread, Tiers, TierTimes
    from stacks.stack_file import StackFile

_GOOD = "The stack comes up in order, a second run changes nothing, and nothing is left."
_MENDED = "The failure held back what depends on it, and the next run mended it."

FAILED = 1
"""Exit code when a run did not do what it should."""


class Format(StrEnum):
    """How the rehearsal is told."""

    TEXT = "text"
    JSON = "json"


def command(
    context: typer.Context,
    *,
    stack: Annotated[
        str, typer.Option("--stack", "-s", metavar="NAME", help="Stack to rehearse.")
    ] = "dev",
    ordering: Annotated[
        Literal["tiers", "edges"] | None,
        typer.Option(metavar="tiers|edges", help="Instead of the stack's own setting."),
    ] = None,
    fail: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A workload that does not get ready in the first run."),
    ] = None,
    format_: Annotated[Format, typer.Option("--format", "-f", help="Format.")] = Format.TEXT,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file.")
    ] = None,
) -> None:
    """Bring a stack up, again, and down on the real Pulumi engine.

    Needs no cluster, account or secret: every provider is simulated. json has
    every operation; what the screen shows is on standard error then. Exit code 1
    when a run failed, the second one changed something or something was left.
    """
    from rich.console import Console

    from stacks.stack_file import read_stack_file

    found = session(context)
    catalog = found.catalog()
    project = found.project.absolute()
    file = read_stack_file(project, stack)
    if ordering is not None:
        file = file.with_setting("ordering", ordering)
    _require_workloads(catalog, fail or [], file)
    if output is not None:
        require_room(output)
    text = StringIO()
    if format_ is Format.JSON:
        console = Console(highlight=False, stderr=True)
    elif output is None:
        console = Console(highlight=False)
    else:
        console = Console(highlight=False, file=text, width=120)
    run = _Run(
        project=project,
        file=file,
        services=tuple(catalog.services),
        tiers=tiers_of(catalog),
        console=console,
    )
    try:
        succeeded, account = run.through(frozenset(fail or []))
    except KeyboardInterrupt:
        typer.echo("Interrupted; the engine was stopped and nothing is left behind.", err=True)
        raise typer.Exit(130) from None
    if format_ is Format.JSON:
        write(account, output)
    elif output is not None:
        write(text.getvalue(), output)
    if not succeeded:
        raise typer.Exit(FAILED)


def tiers_of(catalog: Catalog) -> Tiers:
    """The catalog's tiers as a rehearsal needs them."""
    from nexus.rehearsal.tiers import Tiers

    return Tiers(
        windows={t.name: (float(t.starts_at), float(t.ends_at)) for t in catalog.tiers},
        members={
            **{r.name: catalog.first_tier for r in catalog.resources.values() if r.gate},
            **{service.name: service.tier for service in catalog.services.values()},
        },
    )


def _require_workloads(catalog: Catalog, names: list[str], file: StackFile) -> None:
    """Refuses what this stack does not run, before minutes are spent on it."""
    from catalog.errors import did_you_mean
    from stacks.environment import environment_named

    environment = environment_named(file.setting("environment"))
    lacking = () if environment is None else environment.lacks(catalog)
    for name in names:
        if name not in catalog.services and name not in catalog.resources:
            known = (*catalog.services, *catalog.resources)
            hint = did_you_mean(name, known) or "run 'nexus graph' to see all names."
            raise InputError(f"There is no workload '{name}' that could fail; {hint}")
        if name in lacking:
            raise InputError(
                f"Stack '{file.stack}' does not provide '{name}', so it cannot fail there; see "
                "docs/environments.md."
            )


@dataclass(frozen=True, kw_only=True)
class _Run:
    """One rehearsal of one stack, shown on `console`."""

    project: Path
    file: StackFile
    services: tuple[str, ...]
    tiers: Tiers
    console: Console

    def through(self, fail: frozenset[str]) -> tuple[bool, str]:
        """Runs all phases; says whether each did what it should, and all operations as JSON."""
        from catalog.errors import counted
        from nexus.rehearsal.live import Progress
        from nexus.rehearsal.run import rehearse
        from nexus.rehearsal.summary import SIMULATED, spread_text
        from nexus.rehearsal.tiers import spread, tier_times
        from stacks.program import build

        self.console.print(f"Rehearsing stack '{self.file.stack}'. {SIMULATED}\n")
        progress = Progress(self.tiers, self.console)
        with rehearse(
            lambda: build(self.project),
            self.file.project,
            self.file.stack,
            self.file.plain,
            self.file.secret,
            fail=fail,
            on_event=progress.hear,
        ) as rehearsal:
            first = self._phase(progress, "Bringing everything up", rehearsal.up)
            if first.program_error is not None:
                raise InputError(str(first.program_error))
            times = tier_times(self.tiers, first.operations, rehearsal.dependencies())
            self._show_tiers(times)
            wrong: list[str] = []
            if first.succeeded == bool(fail):
                wrong.append("nothing failed" if fail else "not everything came up")
            failure: Spread | None = None
            if not first.succeeded:
                failure = spread(self.services, first.operations)
                self.console.print(spread_text(failure))
                rehearsal.fail = frozenset()
                again = self._phase(progress, "Trying again, nothing fails", rehearsal.up)
                wrong += [] if again.succeeded else ["the next run did not mend it"]
            more = self._phase(progress, "Bringing it up once more", rehearsal.up)
            if more.changed or not more.succeeded:
                wrong.append(f"a run without a change touched {counted(more.changed, 'resource')}")
            down = self._phase(progress, "Taking everything down", rehearsal.destroy)
            left = len(rehearsal.export().get("resources", []))
            if left or not down.succeeded:
                wrong.append(f"{counted(left, 'resource')} {'is' if left == 1 else 'are'} left")
            account = self._account(rehearsal, times, failure)
        if wrong:
            self.console.print(f"\nThe rehearsal failed: {', '.join(wrong)}.", style="red")
        else:
            self.console.print(f"\n{_MENDED if fail else _GOOD}", style="green")
        return not wrong, account

    def _phase(self, progress: Progress, title: str, run: Callable[[], Outcome]) -> Outcome:
        from nexus.rehearsal.summary import outcome_line

        with progress.phase(title):
            outcome = run()
        self.console.print(outcome_line(outcome))
        return outcome

    def _show_tiers(self, times: tuple[TierTimes, ...]) -> None:
        from nexus.rehearsal.summary import tier_table

        self.console.print(tier_table(times))

    def _account(
        self, rehearsal: Rehearsal, times: tuple[TierTimes, ...], failure: Spread | None
    ) -> str:
        from nexus.rehearsal.report import report

        account = report(
            self.file.stack,
            self.file.setting("ordering") or "tiers",
            rehearsal.outcomes,
            times,
            failure=failure,
        )
        return json.dumps(account, indent=2) + "\n"
