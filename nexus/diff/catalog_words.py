"""A catalog's changes in sentences. Names are marked, for every format writes them its own way."""

from __future__ import annotations

from collections.abc import Iterator

from catalog import Edge, Objective, Order
from catalog.errors import counted
from catalog.part import in_words
from nexus.diff.catalog_diff import ApiChange, CatalogDiff, FlowChange, Moved
from nexus.diff.wording import Phrase, Words, names, phrase

_KINDS = {
    "service": ("service", "services"),
    "resource": ("platform resource", "platform resources"),
    "external": ("external API", "external APIs"),
}
"""One and many of each kind of node."""


def catalog_sentences(diff: CatalogDiff) -> tuple[Phrase, ...]:
    """What the catalog's changes are, then what they do; empty if there are none."""
    if diff.is_empty:
        return ()
    return (*_facts(diff), *_effects(diff))


def _facts(diff: CatalogDiff) -> Iterator[Phrase]:
    yield from _nodes(diff)
    if diff.tiers_before != diff.tiers_after:
        was, now = names(diff.tiers_before, most=20), names(diff.tiers_after, most=20)
        yield phrase("The tiers are ", *now, "; they were ", *was)
    for moved in diff.tiers:
        yield phrase(
            [moved.name], f" moves from tier {moved.before} to {moved.after}", _way(diff, moved)
        )
    for moved in diff.domains:
        yield phrase(
            [moved.name], " moves from domain ", [moved.before], " to ", [moved.after],
            ": its objects are made anew in the other namespace",
        )  # fmt: skip
    for moved in diff.servers:
        yield phrase(
            [moved.name], " moves from the server ", [moved.before], " to ", [moved.after],
            ": what it keeps in the old one stays there until somebody brings it over",
        )  # fmt: skip
    yield from _edges_added(diff)
    yield from _edges_removed(diff)
    for before, after in diff.edges_changed:
        yield from _edge(before, after)
    for change in diff.apis:
        yield _api(change)
    for flow in diff.flows:
        yield from _flow(flow)


def _way(diff: CatalogDiff, moved: Moved) -> str:
    """Whether a service starts later or earlier in its other tier; nothing if no side has both."""
    for tiers in (diff.tiers_after, diff.tiers_before):
        if moved.before in tiers and moved.after in tiers:
            later = tiers.index(moved.after) > tiers.index(moved.before)
            return f", so it starts {'later' if later else 'earlier'}"
    return ""


def _nodes(diff: CatalogDiff) -> Iterator[Phrase]:
    for each in diff.renamed:
        yield phrase(
            [each.former], " is called ", [each.name], " now; what it keeps stays where it is, as ",
            [each.data_name],
        )  # fmt: skip
    for word, nodes in (("New", diff.added), ("Removed", diff.removed)):
        for kind, (one, many) in _KINDS.items():
            found = [name for name, its_kind in nodes.items() if its_kind == kind]
            if found:
                yield phrase(f"{word} {one if len(found) == 1 else many}: ", *names(found))
    for each in diff.look_renamed:
        yield phrase(
            [each.name], " looks like ", [each.former], " under another name; if it is the same "
            "service, write ", [f"renamed_from: {each.data_name}"], " at it",
        )  # fmt: skip
    for moved in diff.data:
        yield phrase(
            [moved.name], " is to keep its data as ", [moved.after], ", no longer as ",
            [moved.before], ": what it has stays behind",
        )  # fmt: skip


def _edges_added(diff: CatalogDiff) -> Iterator[Phrase]:
    """One sentence per service and manner."""
    alike: dict[tuple[str, str], list[str]] = {}
    told = {(moved.name, moved.after) for moved in diff.servers}
    for edge in diff.edges_added:
        if (edge.source, edge.target) in told:
            continue
        alike.setdefault((edge.source, _manner(edge)), []).append(edge.target)
    for (source, manner), targets in alike.items():
        yield phrase([source], " now needs ", *names(targets), f" {manner}")


def _edges_removed(diff: CatalogDiff) -> Iterator[Phrase]:
    """One sentence per service; one that goes takes its edges with it, which is no news."""
    alike: dict[tuple[str, bool], list[str]] = {}
    told = {(moved.name, moved.before) for moved in diff.servers}
    for edge in diff.edges_removed:
        if edge.source not in diff.removed and (edge.source, edge.target) not in told:
            key = edge.source, edge.target in diff.removed
            alike.setdefault(key, []).append(edge.target)
    for (source, gone), targets in alike.items():
        are = "is" if len(targets) == 1 else "are"
        removed = f", which {are} removed" if gone else ""
        yield phrase([source], " no longer needs ", *names(targets), removed)


def _manner(edge: Edge) -> str:
    order = "at startup" if edge.order is Order.STARTUP else "at runtime only"
    return order if edge.fallback is None else f"{order}, with the fallback '{edge.fallback}'"


def _edge(before: Edge, after: Edge) -> Iterator[Phrase]:
    if before.order is not after.order:
        what = (
            "only at runtime now: it no longer waits for it"
            if after.order is Order.RUNTIME
            else "at startup now: it waits until that is ready"
        )
        yield phrase([after.source], " needs ", [after.target], f" {what}")
    if before.fallback is not after.fallback:
        without = "down with it" if after.order is Order.STARTUP else "without it while it is down"
        what = (
            f"lost its fallback '{before.fallback}' and is {without}"
            if after.fallback is None
            else f"falls back to '{after.fallback}' while it is down"
            + ("" if before.fallback is None else f", before to '{before.fallback}'")
        )
        yield phrase([after.source], " → ", [after.target], f": {what}")
    if before.ports != after.ports:
        named = [f"'{port}'" for port in after.ports]
        at = (
            f"{'the port' if len(named) == 1 else 'the ports'} {' and '.join(named)}"
            if named
            else "its first port"
        )
        yield phrase([after.source], " calls ", [after.target], f" at {at} now")
    if before.parts != after.parts:
        yield phrase([after.source], " uses of ", [after.target], f" {in_words(after.parts)} now")
    if before.api != after.api:
        version = "no version of its API by name" if after.api is None else f"its API {after.api}"
        yield phrase([after.source], " calls of ", [after.target], f" {version} now")
    if before.reason != after.reason and _manner(before) == _manner(after):
        yield phrase([after.source], " → ", [after.target], ": only the reason is worded anew")


def _api(change: ApiChange) -> Phrase:
    if change.after is None:
        what = "is removed"
    elif change.before is None:
        what = "is new"
    elif change.after.deprecated is None:
        what = "is no longer deprecated" if change.before.deprecated else "is reached elsewhere"
    elif change.before.sunset == change.after.sunset:
        what = "has another notice, and the same end"
    else:
        what = f"is deprecated and ends on {change.after.sunset}"
    return phrase("API ", [change.version], " of ", [change.service], f" {what}")


def _flow(change: FlowChange) -> Iterator[Phrase]:
    if change.before is None or change.after is None:
        word = "New" if change.before is None else "Removed"
        steps = change.after or change.before
        yield phrase(
            f"{word} critical flow ", [change.name], ": ", *names(steps.steps if steps else ())
        )
        return
    if change.before.steps != change.after.steps:
        yield phrase("Critical flow ", [change.name], " is now: ", *names(change.after.steps))
    if change.before.objective != change.after.objective:
        before, after = _promise(change.before.objective), _promise(change.after.objective)
        yield phrase("Critical flow ", [change.name], f" promises {after}; until now {before}")


def _promise(objective: Objective) -> str:
    return (
        f"that {objective.available_percent:g} % of its requests do not fail and "
        f"{objective.fast_percent:g} % are answered within {objective.fast_ms:,.0f} ms"
    )


def _effects(diff: CatalogDiff) -> Iterator[Phrase]:
    if diff.earlier or diff.later:
        parts: list[Words] = ["Startup order: "]
        if diff.later:
            parts += [f"{counted(len(diff.later), 'service')} later (", *names(diff.later), ")"]
        if diff.earlier:
            parts += ["; " if diff.later else ""]
            parts += [f"{counted(len(diff.earlier), 'service')} earlier ("]
            parts += [*names(diff.earlier), ")"]
        yield phrase(*parts, _waves(diff))
    else:
        yield phrase("Startup order: every service that stays starts in the same step as before")
    if len(diff.chain_before) != len(diff.chain_after):
        yield phrase(
            f"Longest startup chain: {len(diff.chain_before)} → {len(diff.chain_after)}: ",
            *names(diff.chain_after, most=20, joint=" → "),
        )
    elif diff.chain_before != diff.chain_after:
        yield phrase(
            f"Longest startup chain: still {len(diff.chain_after)}, now ",
            *names(diff.chain_after, most=20, joint=" → "),
        )
    else:
        yield phrase(
            f"Longest startup chain: unchanged, {counted(len(diff.chain_after), 'service')}"
        )
    if diff.flows_touched:
        yield phrase("Critical flows through what changed: ", *names(diff.flows_touched))
    blast = diff.blast
    if blast.down:
        yield phrase(
            f"Blast radius: {counted(len(blast.down), 'service')} "
            f"{'is' if len(blast.down) == 1 else 'are'} down while what changed is: ",
            *names(blast.down),
        )
    if blast.degraded:
        yield phrase(
            f"Blast radius, degraded: {counted(len(blast.degraded), 'service')}: ",
            *names(blast.degraded),
        )
    if not blast.down and not blast.degraded:
        yield phrase("Blast radius: nothing else is down or degraded while what changed is down")


def _waves(diff: CatalogDiff) -> str:
    if diff.waves_before == diff.waves_after:
        return f"; still {counted(diff.waves_after, 'step')} by the edges alone"
    return f"; {diff.waves_before} → {counted(diff.waves_after, 'step')} by the edges alone"
