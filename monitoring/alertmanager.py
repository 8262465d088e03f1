"""Alertmanager's configuration: who is told, and what is explained by something else."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import yaml

from catalog import Catalog
from monitoring.nodes import PLATFORM, Severity, Watched, watched
from monitoring.timing import Timing

try:  # libyaml writes ten times as fast; some builds of PyYAML are without
    from yaml import CSafeDumper as _Dumper
except ImportError:  # pragma: no cover
    from yaml import SafeDumper as _Dumper

RECEIVERS = "/etc/alertmanager/receivers"
"""Folder with a file per receiver that holds the address of its webhook: an address is a secret."""

HEARTBEAT = "heartbeat"
"""Severity and receiver of the alert that always fires: its silence is the news."""

_NOBODY = "nobody"


def as_yaml(document: Any) -> str:
    """What Prometheus and Alertmanager read."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=1000)


def alertmanager(
    catalog: Catalog,
    timing: Timing | None = None,
    *,
    receivers: str = RECEIVERS,
    told: Collection[str] | None = None,
) -> str:
    """Alertmanager's configuration file: one page per cause.

    Args:
        catalog: a checked one.
        timing: how long is waited.
        receivers: folder with a file per receiver, `page-OWNER` and `ticket-OWNER`.
        told: receivers that have an address; None for all of them.
    """
    timing = timing or Timing()
    nodes = watched(catalog)
    document = {
        "route": _route(_owners(nodes), timing),
        "inhibit_rules": [*_explained(nodes), _own_tickets()],
        "receivers": [
            {"name": _NOBODY},
            *(
                _receiver(name, receivers) if told is None or name in told else {"name": name}
                for name in _receiver_names(_owners(nodes))
            ),
        ],
    }
    return as_yaml(document)


_TOLD = (Severity.PAGE, Severity.TICKET)


def receiver_names(catalog: Catalog) -> tuple[str, ...]:
    """Who can be told something: `heartbeat`, and `page-OWNER` and `ticket-OWNER` by owner."""
    return _receiver_names(_owners(watched(catalog)))


def _receiver_names(owners: list[str]) -> tuple[str, ...]:
    return (HEARTBEAT, *(f"{severity}-{owner}" for owner in owners for severity in _TOLD))


def _owners(nodes: tuple[Watched, ...]) -> list[str]:
    return sorted({PLATFORM, *(node.owner for node in nodes)})


def _route(owners: list[str], timing: Timing) -> dict[str, Any]:
    routes: list[dict[str, Any]] = [
        {"matchers": [f'severity="{Severity.CAUSE}"'], "receiver": _NOBODY},
        {
            "matchers": [f'severity="{HEARTBEAT}"'],
            "receiver": HEARTBEAT,
            "repeat_interval": timing(300),
        },
    ]
    for owner in owners:
        told = [f'severity="{Severity.PAGE}"', f'owner="{owner}"']
        page = f"{Severity.PAGE}-{owner}"
        routes += [
            {
                "matchers": [*told, 'critical="yes"'],
                "receiver": page,
                "repeat_interval": timing(3600),
            },
            {"matchers": told, "receiver": page},
            {
                "matchers": [f'severity="{Severity.TICKET}"', f'owner="{owner}"'],
                "receiver": f"{Severity.TICKET}-{owner}",
                "repeat_interval": timing(86400),
            },
        ]
    return {
        "receiver": f"{Severity.TICKET}-{PLATFORM}",
        "group_by": ["stack", "nexus_node"],
        "group_wait": timing(timing.group_wait),
        # What was held back is told a minute after its cause has ended, at the latest.
        "group_interval": timing(60),
        "repeat_interval": timing(14400),
        "routes": routes,
    }


def _explained(nodes: tuple[Watched, ...]) -> list[dict[str, Any]]:
    """Whatever is told of a service that is down because of a node, while that is down."""
    return [
        {
            "source_matchers": [f'severity="{Severity.CAUSE}"', f'nexus_node="{node.name}"'],
            "target_matchers": [
                f'severity=~"{"|".join(_TOLD)}"',
                f'nexus_node=~"{"|".join(node.explains)}"',
            ],
            "equal": ["stack"],
        }
        for node in nodes
        if node.explains
    ]


def _own_tickets() -> dict[str, Any]:
    """What else is told of a node that is down: its edges, its restarts."""
    return {
        "source_matchers": [f'severity="{Severity.CAUSE}"'],
        "target_matchers": [f'severity="{Severity.TICKET}"', 'alertname!="NexusDown"'],
        "equal": ["stack", "nexus_node"],
    }


def _receiver(name: str, folder: str) -> dict[str, Any]:
    return {"name": name, "webhook_configs": [{"url_file": f"{folder}/{name}"}]}
