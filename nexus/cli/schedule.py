"""`nexus schedule`: how long a first start takes, and what decides that."""

from __future__ import annotations

import json
from io import StringIO
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from catalog.errors import InputError
from nexus.cli.output import FORMAT, Output, write
from nexus.cli.session import ALL_NAMES, session, stack_option

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from catalog import Catalog
    from nexus.rehearsal.forecast import Forecast

PARALLEL = 64
"""What the workflows tell Pulumi, and a rehearsal."""

LONGEST_SECONDS = 86_400.0


def command(
    context: typer.Context,
    *,
    stack: Annotated[str, stack_option("Stack to compute.")] = "dev",
    ordering: Annotated[
        Literal["tiers", "edges"] | None,
        typer.Option(metavar="tiers|edges", help="Instead of the stack's own setting."),
    ] = None,
    parallel: Annotated[
        int, typer.Option(min=1, max=10_000, help="How many resources are made at once.")
    ] = PARALLEL,
    slow: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=SECONDS", help="A service that takes so long; may be repeated."),
    ] = None,
    longest: Annotated[
        bool,
        typer.Option("--longest", help="Every service takes its 'start_seconds', the longest."),
    ] = False,
    format_: Annotated[Literal["text", "json", "svg"], FORMAT] = "text",
    output: Output = None,
) -> None:
    """Compute when everything of a stack is there at its first start, and what decides that.

    From the plan and the times of a rehearsal, without the engine: the tiers beside
    their documented windows, the critical path, and how much longer each service may
    take without delaying the end. svg is a Gantt chart.
    """
    from nexus.plan.plan import make_plan
    from nexus.rehearsal.forecast import forecast
    from stacks.stack_file import read_stack_file

    found = session(context)
    catalog, project = found.catalog(), found.require_project()
    times = {each.name: float(each.start_seconds) for each in catalog.services.values()}
    given = {**(times if longest else {}), **_slow(slow or (), catalog)}
    settings = {} if ordering is None else {"ordering": ordering}
    plan = make_plan(project, stack, **settings)
    ordered = ordering or read_stack_file(project, stack).setting("ordering") or "tiers"
    computed = forecast(plan.resources, parallel=parallel, slow=given)
    title = f"First start of {stack}, ordering {ordered}, {parallel} at once"
    if format_ == "json":
        document = {"stack": stack, "ordering": ordered, **_document(computed, catalog)}
        write(json.dumps(document, indent=2) + "\n", output)
    elif format_ == "svg":
        from nexus.pictures.gantt import as_gantt

        write(as_gantt(f"{title}: {computed.makespan:g} s", _bars(computed, catalog)), output)
    else:
        write("\n".join(_lines(title, computed, catalog)) + "\n", output)


def _slow(given: Iterable[str], catalog: Catalog) -> Mapping[str, float]:
    times: dict[str, float] = {}
    for each in given:
        name, equals, text = each.partition("=")
        try:
            seconds = float(text)
        except ValueError:
            seconds = -1.0
        if not equals or not 0 <= seconds <= LONGEST_SECONDS:
            raise InputError(
                f"'--slow {each}' is not of the form NAME=SECONDS; write '--slow user-auth=60', "
                f"with at most {LONGEST_SECONDS:g}."
            )
        if name not in catalog.services:
            raise InputError(
                f"There is no service '{name}'; {catalog.service_hint(name) or ALL_NAMES}"
            )
        times[name] = seconds
    return times


def _lines(title: str, computed: Forecast, catalog: Catalog) -> Iterator[str]:
    from nexus.cli.rehearse import tiers_of
    from nexus.pulumi.urn import urn_of
    from nexus.rehearsal.report import tier_table

    yield f"{title}: {computed.makespan:g} s."
    yield (
        f"It takes at least {computed.least:g} s: the longest path takes "
        f"{sum(computed.durations[urn] for urn in computed.critical_path):g} s, and all work "
        f"together {sum(computed.durations.values()):g} s."
    )
    yield ""
    yield _rendered(tier_table(computed.tiers(tiers_of(catalog))))
    yield "What decides the end, one after the other:"
    for urn in computed.critical_path:
        at, name = computed.times[urn], urn_of(urn)
        kind = name.type.rpartition(":")[2]
        yield f"  {at.start:6g} s  {kind} {name.name}, {computed.durations[urn]:g} s"
    yield ""
    yield "How much longer each service may take before the end is delayed:"
    workloads = computed.workloads(catalog.services)
    ranked = sorted(workloads.items(), key=lambda each: (computed.slack[each[1]], each[0]))
    width = max(map(len, workloads), default=0)
    for name, urn in ranked:
        at = computed.times[urn]
        room = computed.slack[urn]
        told = f"{room:g} s" if room > 0 else "none"
        yield f"  {name:<{width}}  {told:>6}  from {at.start:g} to {at.end:g} s"


def _rendered(table: Any) -> str:
    from rich.console import Console

    text = StringIO()
    Console(file=text, width=100, highlight=False).print(table)
    return text.getvalue()


def _bars(computed: Forecast, catalog: Catalog) -> Mapping[str, list[Any]]:
    from nexus.pictures.gantt import Bar

    servers = {r.name for r in catalog.resources.values() if r.gate}
    groups: dict[str, list[Any]] = {catalog.first_tier: []}
    groups |= {tier: [] for tier in catalog.service_tiers}
    for name, urn in computed.workloads({*catalog.services, *servers}).items():
        at = computed.times[urn]
        bar = Bar(name=name, start=at.start, end=at.end, slack=computed.slack[urn])
        groups[catalog.tier_of(name) or catalog.first_tier].append(bar)
    return {
        tier: sorted(bars, key=lambda bar: (bar.start, bar.name))
        for tier, bars in groups.items()
        if bars
    }


def _document(computed: Forecast, catalog: Catalog) -> dict[str, Any]:
    from dataclasses import asdict

    from nexus.cli.rehearse import tiers_of
    from nexus.pulumi.urn import urn_of

    workloads = computed.workloads(catalog.services)
    return {
        "parallel": computed.parallel,
        "makespan": computed.makespan,
        "least": computed.least,
        "tiers": [
            {key: value for key, value in asdict(tier).items() if key != "workloads"}
            for tier in computed.tiers(tiers_of(catalog))
        ],
        "critical_path": [
            {
                "urn": urn,
                "name": urn_of(urn).name,
                "start": computed.times[urn].start,
                "end": computed.times[urn].end,
            }
            for urn in computed.critical_path
        ],
        "services": {
            name: {
                "start": computed.times[urn].start,
                "end": computed.times[urn].end,
                "slack": computed.slack[urn],
            }
            for name, urn in workloads.items()
        },
    }
