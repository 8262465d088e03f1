"""The whole comparison of two sides, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from catalog import Catalog
from nexus.diff.catalog_diff import (
    BlastRadius,
    CatalogDiff,
    ServiceRename,
    blast_radius,
    diff_catalogs,
)
from nexus.diff.errors import UnreadableError
from nexus.diff.failure import sentences
from nexus.diff.graph_document import read_graph
from nexus.diff.picture import picture
from nexus.diff.plan_diff import PlanDiff, diff_plans
from nexus.diff.plan_document import PlanDocument, read_plan
from nexus.diff.side import Side

NO_GRAPH = (
    "There is no graph of one side, so nothing is said of the catalog; "
    "give it with `--base-graph` and `--head-graph`."
)


class Status(StrEnum):
    """What could be said of a stack."""

    COMPARED = "compared"
    NEW = "new"
    GONE = "gone"
    UNREADABLE = "unreadable"


class ExitCode(IntEnum):
    """What `nexus diff` ends with; 1 is for what could not be planned."""

    NONE = 0
    UNREADABLE = 2
    CHANGES = 10
    DANGEROUS = 11


@dataclass(frozen=True, kw_only=True)
class StackReport:
    """One stack: what differs, or why that cannot be said.

    Args:
        stack: its name.
        status: what could be said of it.
        diff: what differs.
        note: what to know of it, in own words.
        errors: what its program said where it could not be planned, by side: foreign words.
    """

    stack: str
    status: Status
    diff: PlanDiff = field(default_factory=PlanDiff)
    note: str = ""
    errors: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything there is to tell a reviewer.

    Args:
        base, head: what the user calls the two sides.
        stacks: every stack of either side, sorted.
        catalog: what differs in the catalog; None if a side has no readable graph.
        picture: the changed neighbourhood as Mermaid, if there is one to draw.
        touched: services whose workloads change, though the catalog does not say so.
        touched_blast: what their outage does.
        notes: what the reader should know, in sentences.
        incomplete: whether a document could not be read.
    """

    base: str
    head: str
    stacks: tuple[StackReport, ...]
    catalog: CatalogDiff | None = None
    picture: str | None = None
    touched: tuple[str, ...] = ()
    touched_blast: BlastRadius = field(default_factory=BlastRadius)
    notes: tuple[str, ...] = ()
    incomplete: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """What the comparison comes to; what is dangerous counts before what is unreadable."""
        if any(stack.diff.warned for stack in self.stacks):
            return ExitCode.DANGEROUS
        if self.incomplete or any(s.status is Status.UNREADABLE for s in self.stacks):
            return ExitCode.UNREADABLE
        changed = any(
            not stack.diff.is_empty or stack.status is not Status.COMPARED for stack in self.stacks
        )
        catalog = self.catalog is not None and not self.catalog.is_empty
        return ExitCode.CHANGES if changed or catalog else ExitCode.NONE


def make_report(base: Side, head: Side) -> Report:
    """Compares two sides. Whatever they hold, there is a report: what is unreadable is said."""
    notes = [*base.notes, *(note for note in head.notes if note not in base.notes)]
    if not base.has_program:
        notes.append("The base has nothing to plan yet, so everything is new.")
    if not head.has_program:
        notes.append("The head has nothing to plan; what runs stays until `pulumi destroy`.")
    catalogs = (_graph(base, "base", notes), _graph(head, "head", notes))
    incomplete = any(isinstance(each, UnreadableError) for each in catalogs)
    before, after = catalogs
    found: CatalogDiff | None = None
    if isinstance(before, Catalog) and isinstance(after, Catalog):
        found = diff_catalogs(before, after)
    renames = () if found is None else found.look_renamed
    known = {stack for side in (base, head) for stack in (*side.plans, *side.errors)}
    stacks = tuple(_stack(stack, base, head, renames) for stack in sorted(known))
    if found is None or not isinstance(before, Catalog) or not isinstance(after, Catalog):
        return Report(
            base=base.label,
            head=head.label,
            stacks=stacks,
            notes=tuple(notes),
            incomplete=incomplete,
        )
    touched = _touched(stacks, before, after, found)
    return Report(
        base=base.label,
        head=head.label,
        stacks=stacks,
        catalog=found,
        picture=picture(before, after, found),
        touched=touched,
        touched_blast=blast_radius((before, after), touched),
        notes=tuple(notes),
    )


def _stack(stack: str, base: Side, head: Side, renames: Sequence[ServiceRename]) -> StackReport:
    sides = {"base": base, "head": head}
    errors = {
        name: sentences(side.errors[stack]) for name, side in sides.items() if stack in side.errors
    }
    if errors:
        note = f"Its plan cannot be made at the {' and the '.join(errors)}, so it is not compared."
        return StackReport(stack=stack, status=Status.UNREADABLE, note=note, errors=errors)
    try:
        before, after = _plan(stack, base, "base"), _plan(stack, head, "head")
    except UnreadableError as error:
        return StackReport(stack=stack or "?", status=Status.UNREADABLE, note=str(error))
    if before is not None and after is not None:
        if before.stack != after.stack:
            note = (
                f"The base is a plan of stack {before.stack}, the head one of {after.stack}; "
                "name two plans of one stack."
            )
            return StackReport(stack=after.stack, status=Status.UNREADABLE, note=note)
        return StackReport(
            stack=after.stack, status=Status.COMPARED, diff=diff_plans(before, after, renames)
        )
    if after is not None:
        empty = PlanDocument(stack=after.stack, resources=[])
        return StackReport(
            stack=after.stack,
            status=Status.NEW,
            diff=diff_plans(empty, after),
            note="The stack is new.",
        )
    return StackReport(
        stack=stack,
        status=Status.GONE,
        note=(
            "The stack is no longer in the project. Nothing is deleted by that: what runs stays, "
            "unmanaged, until somebody runs `pulumi destroy` with the old program."
        ),
    )


def _plan(stack: str, side: Side, name: str) -> PlanDocument | None:
    if stack not in side.plans:
        return None
    what = f"The plan of {stack or 'the stack'} at the {name}"
    plan = read_plan(side.plans[stack], what)
    if stack and plan.stack != stack:
        raise UnreadableError(f"{what} says that it is of another stack; make it again.")
    return plan


def _graph(side: Side, name: str, notes: list[str]) -> Catalog | UnreadableError | None:
    if side.graph is None:
        if side.errors:
            notes.append(
                f"There is no graph of the {name}, whose stacks say what is wrong; so nothing is "
                "said of the catalog."
            )
        elif side.has_program and NO_GRAPH not in notes:
            notes.append(NO_GRAPH)
        return None
    try:
        return read_graph(side.graph, f"The graph of the {name}")
    except UnreadableError as error:
        notes.append(str(error))
        return error


def _touched(
    stacks: tuple[StackReport, ...], base: Catalog, head: Catalog, found: CatalogDiff
) -> tuple[str, ...]:
    """Services whose Deployment changes in any stack, those that the catalog's part names left out.

    What only rolls because its configuration changed is left out too: the cause is told.
    """
    known = base.services.keys() | head.services.keys()
    names = {
        change.after.name
        for stack in stacks
        for change in (*stack.diff.changed, *stack.diff.replaced)
        if change.after.type == "kubernetes:apps/v1:Deployment" and not change.because
    }
    return tuple(sorted((names & known) - set(found.changed)))
