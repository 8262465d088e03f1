"""`nexus rehearse`: the real engine, the real program, simulated providers."""

from __future__ import annotations

import json
from functools import partial
from io import StringIO
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from catalog.errors import InputError, counted, did_you_mean
from nexus.cli.output import FORMAT, Output, require_room, say, write
from nexus.cli.session import ALL_NAMES, session, stack_option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from rich.console import Console

    from catalog import Catalog
    from catalog.job import Job
    from nexus.rehearsal.outcome import Outcome
    from nexus.rehearsal.run import Rehearsal
    from nexus.rehearsal.tiers import Tiers
    from stacks.stack_file import StackFile

_GOOD = "The stack comes up in order, a second run changes nothing, and nothing is left."
_MENDED = "The failure held back what depends on it, and the next run mended it."

FAILED = 1
"""Exit code when a run did not do what it should."""


def command(
    context: typer.Context,
    *,
    stack: Annotated[str, stack_option("Stack to rehearse.")] = "dev",
    ordering: Annotated[
        Literal["tiers", "edges"] | None,
        typer.Option(metavar="tiers|edges", help="Instead of the stack's own setting."),
    ] = None,
    fail: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="A workload, migration or task that fails in the first run."
        ),
    ] = None,
    format_: Annotated[Literal["text", "json"], FORMAT] = "text",
    output: Output = None,
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
    project = found.require_project()
    file = read_stack_file(project, stack)
    if ordering is not None:
        file = file.with_setting("ordering", ordering)
    _require_workloads(catalog, fail or (), file)
    require_room(output)
    text = StringIO()
    if format_ == "json":
        console = Console(highlight=False, stderr=True)
    elif output is None:
        console = Console(highlight=False)
    else:
        console = Console(highlight=False, file=text, width=120)
    try:
        succeeded, account = _rehearsed(project, file, catalog, frozenset(fail or ()), console)
    except KeyboardInterrupt:
        say("Interrupted; the engine was stopped and nothing is left behind.")
        raise typer.Exit(130) from None
    if format_ == "json":
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


def _require_workloads(catalog: Catalog, names: Sequence[str], file: StackFile) -> None:
    """Refuses what this stack does not run, before minutes are spent on it."""
    from stacks.environment import environment_of

    environment = environment_of(file.setting)
    attached = file.keys_of("attached")
    lacking = () if environment is None else environment.lacks(catalog.attaching(attached))
    known = (*catalog.services, *catalog.jobs, *catalog.resources)
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) or ALL_NAMES
            raise InputError(f"There is no workload '{name}' that could fail; {hint}")
        if name in catalog.services and catalog.services[name].run.schedule is not None:
            raise InputError(
                f"'{name}' runs now and then, and nobody waits for it, so it cannot hold anybody "
                "back; name another workload."
            )
        if name in attached:
            raise InputError(
                f"Others make '{name}' for stack '{file.stack}', so it cannot fail in its "
                "rehearsal; name another workload."
            )
        if name in lacking:
            raise InputError(
                f"Stack '{file.stack}' does not provide '{name}', so it cannot fail there; see "
                "docs/environments.md."
            )


def _released(catalog: Catalog, fail: frozenset[str]) -> tuple[str, ...]:
    """Services whose next release runs a Job anew that fails; whoever's image that is."""
    from catalog.job import migration_name, task_name

    found: set[str] = set()
    for service in catalog.services.values():
        jobs: dict[str, Job | None] = {migration_name(service.name): service.migration}
        jobs |= {
            task_name(service.name, name): task
            for name, task in service.tasks.items()
            if task.each_release
        }
        # One with an image of its own is the same in every release.
        if any(
            job is not None and job.image is None and name in fail for name, job in jobs.items()
        ):
            found.add(service.run.image_of or service.name)
    return tuple(sorted(found))


def _mended(
    rehearsal: Rehearsal,
    program: Callable[[tuple[str, ...]], None],
    catalog: Catalog,
    phase: Callable[[str, Callable[[], Outcome]], Outcome],
    console: Console,
) -> Iterator[str]:
    """Tries again without the failure, and rehearses it in the next release; yields what was wrong.

    With the first release nothing runs yet that a Job that fails could leave running.
    """
    from nexus.rehearsal.report import stopped_text
    from nexus.rehearsal.tiers import spread

    fail, rehearsal.kubernetes.fail = rehearsal.kubernetes.fail, frozenset()
    if not phase("Trying again, nothing fails", rehearsal.up).succeeded:
        yield "the next run did not mend it"
        return
    owners = _released(catalog, fail)
    if not owners:
        return
    rehearsal.program = lambda: program(owners)
    rehearsal.kubernetes.fail = fail & {*catalog.jobs}
    stopped = phase(f"Releasing {', '.join(owners)} anew, with the same failure", rehearsal.up)
    if stopped.succeeded:
        yield "nothing failed in the next release"
    console.print(stopped_text(spread(tuple(catalog.services), stopped.operations, catalog.jobs)))
    rehearsal.kubernetes.fail = frozenset()
    if not phase("Trying again, nothing fails", rehearsal.up).succeeded:
        yield "the next run did not mend the release"


def _rehearsed(
    project: Path, file: StackFile, catalog: Catalog, fail: frozenset[str], console: Console
) -> tuple[bool, str]:
    """Runs all phases; says whether each did what it should, and all operations as JSON."""
    from nexus.rehearsal.jobs import job_times
    from nexus.rehearsal.live import Progress
    from nexus.rehearsal.report import (
        SIMULATED,
        job_table,
        outcome_line,
        report,
        spread_text,
        tier_table,
    )
    from nexus.rehearsal.run import rehearse
    from nexus.rehearsal.tiers import spread, tier_times
    from stacks.program import build

    def phase(title: str, run: Callable[[], Outcome]) -> Outcome:
        with progress.phase(title):
            outcome = run()
        console.print(outcome_line(outcome))
        return outcome

    console.print(f"Rehearsing stack '{file.stack}'. {SIMULATED}\n")
    tiers = tiers_of(catalog)
    progress = Progress(tiers, console)
    with rehearse(
        lambda: build(project),
        file.project,
        file.stack,
        file.plain,
        file.secret,
        on_event=progress.hear,
    ) as rehearsal:
        rehearsal.kubernetes.fail = fail
        first = phase("Bringing everything up", rehearsal.up)
        if first.program_error is not None:
            raise InputError(str(first.program_error))
        times = tier_times(tiers, first.operations, rehearsal.dependencies())
        console.print(tier_table(times))
        wrong: list[str] = []
        if first.succeeded == bool(fail):
            wrong.append("nothing failed" if fail else "not everything came up")
        failure, jobs = None, ()
        if not first.succeeded:
            failure = spread(tuple(catalog.services), first.operations, catalog.jobs)
            console.print(spread_text(failure))
            wrong += _mended(rehearsal, partial(build, project), catalog, phase, console)
        elif jobs := job_times(catalog, first.operations, rehearsal.dependencies()):
            console.print(job_table(jobs))
        more = phase("Bringing it up once more", rehearsal.up)
        if more.changed or not more.succeeded:
            wrong.append(f"a run without a change touched {counted(more.changed, 'resource')}")
        down = phase("Taking everything down", rehearsal.destroy)
        left = len(rehearsal.export().get("resources", []))
        if left or not down.succeeded:
            wrong.append(f"{counted(left, 'resource')} {'is' if left == 1 else 'are'} left")
        account = report(
            file.stack,
            file.setting("ordering") or "tiers",
            rehearsal.outcomes,
            times,
            jobs=jobs,
            failure=failure,
        )
    if wrong:
        console.print(f"\nThe rehearsal failed: {', '.join(wrong)}.", style="red")
    else:
        console.print(f"\n{_MENDED if fail else _GOOD}", style="green")
    return not wrong, json.dumps(account, indent=2) + "\n"
