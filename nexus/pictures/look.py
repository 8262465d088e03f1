"""What the picture of the tiers says beside the graph itself: its words, and who stands out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from catalog import Catalog, Order
from catalog.wording import counted
from graph.figures import figures
from graph.impact import Impact, State
from nexus.pictures.impact import NO_FLOWS, WORDS
from nexus.pictures.scene import drawn_pairs

FAILED, DOWN, DEGRADED = "#7f1d1d", "#fca5a5", "#fde68a"
"""Fill of a node that failed, of one that is down because of it, and of one that is degraded."""

MOST_NAMED = 3
"""Failed nodes that the caption names; more would not fit into its line."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """How the picture is drawn.

    Args:
        title: what it shows, for who cannot see it.
        caption: two lines of text below it.
        fills: colour of the nodes that stand out, by name.
        fades: whether all other nodes, and lines that lead to them, step back.
    """

    title: str
    caption: tuple[str, str]
    fills: Mapping[str, str] = field(default_factory=dict[str, str])
    fades: bool = False

    def is_faded(self, *names: str) -> bool:
        """Whether what belongs to these nodes steps back."""
        return self.fades and not all(name in self.fills for name in names)


def plain_look(catalog: Catalog) -> Look:
    """The graph as it is, every node alike."""
    numbers = figures(catalog)
    calls = sum(
        edge.order is Order.RUNTIME and edge.target in catalog.services for edge in catalog.edges
    )
    lines = (
        "A line leads from a service to those that start after it"
        f" ({numbers.reduced} of {counted(numbers.startup_between_services, 'startup edge')})."
    )
    if not numbers.reduced:
        lines = "No service starts after another."
        if drawn_pairs(catalog):
            lines += " A dashed line leads from a service to those it calls."
    return Look(
        title="Tiers and startup order of the platform",
        caption=(
            "Tiers start from top to bottom, the waves of a tier from left to right. " + lines,
            "Signs are the platform resources a service needs, a dashed number the services it "
            "calls at run time without waiting "
            f"({counted(calls, 'runtime edge')} between services).",
        ),
    )


def outage_look(found: Impact) -> Look:
    """What an outage leaves: the nodes that it reaches in their colour, all others pale."""
    fills = dict.fromkeys(found.named(State.DOWN), DOWN)
    fills |= dict.fromkeys(found.named(State.DEGRADED), DEGRADED)
    fills |= dict.fromkeys(found.failed, FAILED)
    flows = ", ".join(f"{name} {WORDS[flow.state]}" for name, flow in found.flows.items())
    numbers = {state: len(found.named(state)) for state in State}
    more = len(found.failed) - MOST_NAMED
    failed = ", ".join(found.failed[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return Look(
        title=f"What happens while these are down: {', '.join(found.failed)}",
        caption=(
            f"Down: {failed} (dark). Services: {numbers[State.DOWN]} down (red), "
            f"{numbers[State.DEGRADED]} degraded (yellow), {numbers[State.OK]} ok (pale).",
            f"Critical flows: {flows}." if flows else NO_FLOWS,
        ),
        fills=fills,
        fades=True,
    )
