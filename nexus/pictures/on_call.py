"""The page for whoever is on call: what each node needs and takes along, and how to act."""

from __future__ import annotations

from collections.abc import Iterator

from catalog import Catalog, Edge, Order, Service
from catalog.errors import listed
from catalog.run import Kind
from graph.impact import Impact, State, each_alone
from monitoring.nodes import FLOWS, Severity, Watched, watched
from nexus.pictures.impact import WORDS

INTRODUCTION = """\
# On call

Generated from the catalog by `make generate`. Each alert leads to the section of its node. First
ask what is the cause; mend that, and what is down because of it comes back by itself:

```sh
nexus why NODE --prometheus URL
```

Taking a rollout back with `kubectl` lasts until the next `pulumi up`: write the version that works
into the stack's file in `releases/` at once. [The runbook](runbook.md) has what takes longer.
"""


def on_call_page(catalog: Catalog, prefix: str) -> str:
    """A section per node, sorted by name, in Markdown.

    Args:
        catalog: a checked one.
        prefix: start of the stack's namespaces.
    """
    impacts = dict(each_alone(catalog))
    sections = (
        "\n".join(_section(catalog, node, impacts[node.name], prefix)) for node in watched(catalog)
    )
    return "\n".join([INTRODUCTION, *_flows(catalog), *sections])


def _flows(catalog: Catalog) -> Iterator[str]:
    """What each critical flow passes, and how well it has to work."""
    if not catalog.flows:
        return
    yield f"## {FLOWS.replace('-', ' ').capitalize()}\n"
    yield "Of the requests of 30 days:\n"
    yield "| flow | must not fail | must be answered in time | steps |"
    yield "| --- | --- | --- | --- |"
    for flow in catalog.flows:
        goal = flow.objective
        fast = f"{goal.fast_percent:g} % in {goal.fast_ms:,} ms"
        steps = " → ".join(map(_link, flow.steps))
        yield f"| {flow.name} | {goal.available_percent:g} % | {fast} | {steps} |"
    yield ""


def _section(catalog: Catalog, node: Watched, found: Impact, prefix: str) -> Iterator[str]:
    name = node.name
    service = catalog.services.get(name)
    shown = service or catalog.resources.get(name) or catalog.external[name]
    yield f"## {name}\n"
    yield f"{shown.summary}.\n"
    urgently = "at once" if node.severity is Severity.PAGE else "by a ticket"
    yield f"- **Told** {urgently}: {(service and service.who.words) or node.owner}"
    yield from _without(found, name)
    if service is not None:
        yield from _needs(catalog, name)
        yield ""
        yield from _commands(service, f"{prefix}-{service.domain}")
    elif name in catalog.external:
        providers = listed(catalog.external[name].providers) or "its provider"
        yield f"- **Act**: not ours; look at the state that {providers} tells of."
    else:
        yield (
            "- **Act**: what provides it in which environment says "
            "[environments.md](environments.md#what-provides-each-platform-resource)."
        )
    yield ""


def _without(found: Impact, name: str) -> Iterator[str]:
    """What its outage does, the worst first."""
    for state in (State.DOWN, State.DEGRADED):
        if flows := [flow for flow, each in found.flows.items() if each.state is state]:
            yield f"- **Flows {WORDS[state]} without it**: {', '.join(flows)}"
    for state in (State.DOWN, State.DEGRADED):
        if names := [other for other in found.named(state) if other != name]:
            title = f"{str(state).capitalize()} without it"
            yield f"- **{title}** ({len(names)}): {', '.join(map(_link, names))}"


def _needs(catalog: Catalog, name: str) -> Iterator[str]:
    for order, title in ((Order.STARTUP, "Needs to start"), (Order.RUNTIME, "Calls")):
        edges = [edge for edge in catalog.needs(name) if edge.order is order]
        if edges:
            yield f"- **{title}**: {', '.join(map(_edge, edges))}"


def _edge(edge: Edge) -> str:
    instead = "" if edge.fallback is None else f" ({edge.fallback} while it is down)"
    return f"{_link(edge.target)}{instead}"


def _link(name: str) -> str:
    return f"[{name}](#{name})"


def _commands(service: Service, namespace: str) -> Iterator[str]:
    """How to look and how to act."""
    name, kubectl = service.name, f"kubectl --namespace {namespace}"
    pods = f"--selector app.kubernetes.io/name={name}"
    yield "```sh"
    yield f"{kubectl} get pods {pods}"
    yield f"{kubectl} logs {pods} --all-containers --prefix --tail 100"
    if service.run.kind is Kind.SCHEDULED:
        yield f"{kubectl} create job --from cronjob/{name} {name}-by-hand"
    else:
        yield f"{kubectl} rollout history deployment/{name}"
        yield f"{kubectl} rollout undo deployment/{name}"
    yield "```"
