"""The page that puts the environments side by side, made from the environment table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from catalog import Catalog
from stacks.environment import ENVIRONMENTS, Environment, InCluster, Managed

_HEAD = """# Environments

Generated from `stacks/environment.py` by `make generate`. Which environment a stack is in says its
setting `nexus-cos:environment`; [settings.md](settings.md) lists what else can be set.

"""

_PRICES = """
## What a price needs

No price stands here: it depends on region, contract and day. These are the quantities to put into
AWS' and Cloudflare's calculators; traffic (NAT, load balancer, CDN, logs) comes on top and has to
be measured.

"""

Cell: TypeAlias = Callable[[Environment], str]


def environments_page(catalog: Catalog) -> str:
    """The page as Markdown."""
    names: list[str] = list(ENVIRONMENTS)
    provided = [(name, _provides(catalog.base(name))) for name in sorted(catalog.resources)]
    return "".join(
        (
            _HEAD,
            _table("", names, [*_PLAIN]),
            "\n## What provides each platform resource\n\n",
            "A resource that is not provided stays in the graph, and nothing waits for it.\n\n",
            _table("resource", names, provided),
            "\n## Sizes in AWS\n\n",
            _table("", _managed_names(), _SIZES),
            _PRICES,
            _table("quantity", _managed_names(), _quantities(catalog)),
        )
    )


def _managed_names() -> list[str]:
    return [str(name) for name, each in ENVIRONMENTS.items() if isinstance(each.platform, Managed)]


def _table(corner: str, names: Sequence[str], rows: list[tuple[str, Cell]]) -> str:
    def lines() -> Iterator[str]:
        yield f"| {corner} | {' | '.join(names)} |"
        yield f"|{' --- |' * (len(names) + 1)}"
        for title, cell in rows:
            cells = (cell(ENVIRONMENTS[name]) for name in names)  # pyright: ignore[reportArgumentType]
            yield f"| {title} | {' | '.join(cells)} |"

    return "\n".join(lines()) + "\n"


def _provides(resource: str) -> Cell:
    return lambda environment: next(
        (provider for name, provider in environment.provided.items() if name == resource),
        "not provided",
    )


def _managed(cell: Callable[[Managed], object]) -> Cell:
    def shown(environment: Environment) -> str:
        platform = environment.platform
        return "—" if isinstance(platform, InCluster) else _text(cell(platform))

    return shown


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)  # pyright: ignore[reportUnknownVariableType]


_PLAIN: list[tuple[str, Cell]] = [
    ("cluster", lambda e: "any" if isinstance(e.platform, InCluster) else "EKS, three zones"),
    ("a service without a version", lambda e: "runs as a stand-in" if e.stand_ins else "refused"),
    ("versions", _managed(lambda m: "digests" if m.digests else "tags or digests")),
    ("pods per service", lambda e: str(e.replicas)),
    ("memory and CPU of a pod", lambda e: f"{e.workload.memory}, {e.workload.cpu}"),
    ("the cluster's API from outside", _managed(lambda m: m.public_api)),
    ("data outlives a `destroy`", _managed(lambda m: m.retained)),
    ("days that logs are kept", _managed(lambda m: m.log_days)),
]

_SIZES: list[tuple[str, Cell]] = [
    ("PostgreSQL instances", _managed(lambda m: m.postgres.instances)),
    ("PostgreSQL instance class", _managed(lambda m: m.postgres.instance_class)),
    ("days that a point in time can be restored", _managed(lambda m: m.postgres.backup_days)),
    ("days of performance insights", _managed(lambda m: m.postgres.insights_days)),
    ("Redis nodes", _managed(lambda m: m.redis.nodes)),
    ("Redis node type", _managed(lambda m: m.redis.node_type)),
    ("days that Redis snapshots are kept", _managed(lambda m: m.redis.snapshot_days)),
    ("queue", _managed(lambda m: m.queue.deployment.lower().replace("_", " "))),
    ("queue instance type", _managed(lambda m: m.queue.instance_type)),
    ("nodes, with `nodes: managed`", _managed(lambda m: f"{m.nodes.least} to {m.nodes.most}")),
    ("node types, with `nodes: managed`", _managed(lambda m: m.nodes.instance_types)),
    ("GPU instance families", _managed(lambda m: m.nodes.gpu_families)),
    (
        "GPU nodes, with `nodes: managed`",
        _managed(lambda m: f"{m.nodes.gpu_least} to {m.nodes.gpu_limit}"),
    ),
    ("GPUs at most", _managed(lambda m: m.nodes.gpu_limit)),
]


def _quantities(catalog: Catalog) -> list[tuple[str, Cell]]:
    services = len(catalog.services)
    databases, caches, queues = (
        sum(1 for _ in catalog.servers(each)) for each in ("postgres", "redis", "queue")
    )
    return [
        ("EKS clusters", _managed(lambda _: 1)),
        ("pods of services", lambda e: str(services * e.replicas)),
        ("NAT gateways, public addresses", _managed(lambda m: m.nat_gateways)),
        ("interface endpoints × zones", _managed(lambda _: "6 × 3")),
        (
            "Aurora instance hours per hour",
            _managed(lambda m: f"{databases * m.postgres.instances} × {m.postgres.instance_class}"),
        ),
        (
            "ElastiCache node hours per hour",
            _managed(lambda m: f"{caches * m.redis.nodes} × {m.redis.node_type}"),
        ),
        (
            "Amazon MQ instance hours per hour",
            _managed(
                lambda m: (
                    f"{queues * (3 if 'CLUSTER' in m.queue.deployment else 1)}"
                    f" × {m.queue.instance_type}"
                )
            ),
        ),
        ("load balancers", _managed(lambda _: 1)),
        ("image repositories", _managed(lambda _: services)),
        ("KMS keys", _managed(lambda _: 6)),
        ("CloudFront distributions, with `edge` cloudfront or both", _managed(lambda _: 2)),
        ("Cloudflare load balancers, with `edge` cloudflare or both", _managed(lambda _: 2)),
    ]
