"""`nexus why`: which of a node's dependencies is down now."""

from __future__ import annotations

import json
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Annotated, Any, Literal
from urllib.parse import urlencode, urlsplit

import typer

from catalog.errors import InputError, listed, shortened
from nexus.cli.output import FORMAT, Output, write
from nexus.cli.session import require_nodes, session, stack_option

ANSWER_SECONDS = 20
"""How long Prometheus may take."""

STATE = '{__name__=~"nexus:stack|nexus:node:down"}'
"""What the rules of `nexus monitoring` know: the stacks they see, and each node that is down."""


def command(
    context: typer.Context,
    node: Annotated[str, typer.Argument(help="A service, platform resource or API.")],
    prometheus: Annotated[
        str,
        typer.Option(
            "--prometheus",
            metavar="URL",
            envvar="NEXUS_PROMETHEUS",
            help="Address of the Prometheus that has the rules of `nexus monitoring`.",
        ),
    ],
    *,
    format_: Annotated[Literal["text", "json"], FORMAT] = "text",
    output: Output = None,
    stack: Annotated[str, stack_option("The stack, where one Prometheus reads several.")] = "dev",
) -> None:
    """Say why a node is as it is: what it needs that is down right now, and who answers for that.

    Prometheus is asked what it sees, the graph says what follows from that.
    Without access, forward its port: kubectl port-forward service/prometheus 9090
    """
    from nexus.pictures.why import why_as_json, why_as_text

    catalog = session(context).catalog()
    require_nodes(catalog, [node])
    down = [name for name in _down(prometheus, stack) if catalog.kind(name) is not None]
    render = why_as_json if format_ == "json" else why_as_text
    write(render(catalog, node, down), output)


def _down(prometheus: str, stack: str) -> list[str]:
    """Nodes of the stack that are down, as Prometheus sees it now."""
    series = [each["metric"] for each in _asked(prometheus, STATE)]
    stacks = {each.get("stack", "") for each in series if each["__name__"] == "nexus:stack"}
    if not stacks:
        raise InputError(
            f"Prometheus at '{prometheus}' sees no stack; give it the rules that "
            "'nexus monitoring' writes, and the metrics of kube-state-metrics."
        )
    if len(stacks) > 1 and stack not in stacks:
        raise InputError(
            f"Prometheus at '{prometheus}' sees the stacks {listed(sorted(stacks))}; name one of "
            "them with --stack."
        )
    chosen = stack if stack in stacks else stacks.pop()
    return [
        each["nexus_node"]
        for each in series
        if each["__name__"] == "nexus:node:down" and each.get("stack", "") == chosen
    ]


def _asked(prometheus: str, query: str) -> list[dict[str, Any]]:
    """The result of an instant query.

    Raises:
        InputError: the address is none, or what answers there is no Prometheus or refuses.
    """
    address = urlsplit(prometheus)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise InputError(
            f"'{prometheus}' is not an address; write http://HOST:PORT or https://HOST."
        )
    kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
    path = f"{address.path.rstrip('/')}/api/v1/query?{urlencode({'query': query})}"
    try:
        connection = kind(address.hostname, address.port, timeout=ANSWER_SECONDS)
        with closing(connection):
            connection.request("GET", path)
            body = connection.getresponse().read().decode(errors="replace")
    except (OSError, ValueError, HTTPException) as error:
        raise InputError(
            f"Prometheus at '{prometheus}' does not answer ({error}); check the address, or "
            "forward its port with 'kubectl port-forward'."
        ) from error
    try:
        found = json.loads(body)
        if found["status"] == "success":
            return found["data"]["result"]
        message = f"Prometheus at '{prometheus}' refuses: {found['error']}."
    except (ValueError, KeyError, TypeError):
        message = (
            f"What answers at '{prometheus}' is not Prometheus (it says '{shortened(body)}'); "
            "check the address."
        )
    raise InputError(message)
