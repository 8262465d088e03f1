"""Why a node is as it is while some are down, in words."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import asdict

from catalog import Catalog
from catalog.errors import counted, listed
from graph.impact import Impact, State, impact
from nexus.pictures.impact import loss_in_words


def why_as_text(catalog: Catalog, name: str, down: Collection[str]) -> str:
    """What of a node's dependencies is down, and what that does to it.

    Args:
        catalog: the platform.
        name: the node.
        down: nodes that are seen to be down.
    """
    return "\n".join(_lines(catalog, name, down)) + "\n"


def why_as_json(catalog: Catalog, name: str, down: Collection[str]) -> str:
    """The same for scripts. Its shape is a promise; add keys, never change any."""
    found = impact(catalog, _roots(catalog, down))
    behind = _behind(found, name)
    causes = {cause for each in behind.values() for cause in each}
    service, failed = found.services.get(name), name in found.failed
    state = State.DOWN if failed else State.OK if service is None else service.state
    document = {
        "node": name,
        "state": state,
        "seen_down": name in down,
        "causes": [name] if failed else sorted(causes),
        "chains": [_steps(found, lost, cause) for lost, each in behind.items() for cause in each],
        "without": [asdict(loss) for loss in (service.without if service is not None else ())],
        "elsewhere": [each for each in found.failed if each not in {name, *causes}],
        "who": {
            each: words
            for each in sorted({name, *causes} & set(catalog.services))
            if (words := catalog.services[each].who.words)
        },
    }
    return json.dumps(document, indent=2) + "\n"


def _lines(catalog: Catalog, name: str, down: Collection[str]) -> Iterator[str]:
    found = impact(catalog, _roots(catalog, down))
    behind = _behind(found, name)
    yield from _headline(catalog, found, name, seen=name in down)
    for lost, causes in behind.items():
        for cause in causes:
            if cause != lost:
                yield f"  {_chain(found, lost, cause)}, which is down by itself."
    causes = {cause for each in behind.values() for cause in each}
    for each in sorted({name, *causes} & set(catalog.services)):
        if words := catalog.services[each].who.words:
            yield f"Who answers for {each}: {words}"
    if elsewhere := [each for each in found.failed if each not in {name, *causes}]:
        yield f"Down elsewhere: {listed(elsewhere)}."


def _roots(catalog: Catalog, down: Collection[str]) -> list[str]:
    """Nodes that are down, but for those that another one takes down."""
    explained = {
        other
        for each in down
        for other in impact(catalog, [each]).named(State.DOWN)
        if other != each
    }
    return sorted(set(down) - explained)


def _headline(catalog: Catalog, found: Impact, name: str, *, seen: bool) -> Iterator[str]:
    service = found.services.get(name)
    if name in found.failed:
        yield f"{name} is down by itself: nothing that it needs is."
        along = len(set(impact(catalog, [name]).named(State.DOWN)) - {name})
        if along:
            yield f"It takes {counted(along, 'service')} along: nexus impact {name}"
    elif service is None or service.state is State.OK:
        all_needed = ", and so does all that it needs" if catalog.needs(name) else ""
        yield f"{name} works{all_needed}."
    elif service.state is State.DOWN:
        is_down = "is down" if seen else "still answers, but cannot be counted on,"
        yield f"{name} {is_down} because of {listed(service.causes)}:"
    else:
        yield f"{name} works, but for this: {'; '.join(map(loss_in_words, service.without))}."


def _behind(found: Impact, name: str) -> dict[str, tuple[str, ...]]:
    """The failed nodes behind a service that is down, or behind each loss of a degraded one."""
    service = found.services.get(name)
    if service is None or service.causes:
        return {} if service is None else {name: service.causes}
    lost = [loss.target for loss in service.without]
    return {
        each: found.services[each].causes if each in found.services else (each,) for each in lost
    }


def _chain(found: Impact, name: str, cause: str) -> str:
    _, *needed = _steps(found, name, cause)
    return f"{name} needs {', which needs '.join(needed)}"


def _steps(found: Impact, name: str, cause: str) -> list[str]:
    """How an outage came from its cause: each step is down because it needs the next one."""
    steps = [name]
    while steps[-1] != cause:
        because = found.services[steps[-1]].because
        services = (each for each in because if each in found.services)
        behind = (each for each in services if cause in found.services[each].causes)
        steps.append(cause if cause in because else next(behind))
    return steps
