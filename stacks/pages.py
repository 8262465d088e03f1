"""The pages that list the settings and the environments, made from themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from catalog import Catalog
from catalog.size import Sizing
from stacks.environment import ENVIRONMENTS, Environment, InAws, InCluster
from stacks.setting_sentences import demands, shown
from stacks.settings import PROJECT, AwsSettings, CloudflareSettings, Settings

_SETTINGS = f"""# Settings

Generated from `stacks/settings.py` by `make generate`. Settings stand in `Pulumi.<stack>.yaml`
below `config:`, each as `{PROJECT}:<name>`, however the Pulumi project is called; a name alone, to
which Pulumi gives the project's, will do. What stands below `config:` in `Pulumi.yaml` is for every
stack that says nothing itself, and `stackConfigDir` there is the folder of the stacks' files. A
wrong, missing or unknown setting stops the program with a sentence before anything is registered.

- Everywhere: what the table says must be given.
- In AWS (`environment` staging or prod) also {{in_aws}}, `clusterAdmins` where the cluster
  is made here, and one of `externals` for every external API that a service needs.
- With Cloudflare in front also {{behind_cloudflare}}.

| setting | values | default | what it decides |
| --- | --- | --- | --- |
"""


def settings_page() -> str:
    """The page that lists every setting, as Markdown."""
    schema = Settings.model_json_schema()
    required = set(schema.get("required", ()))
    rows = [
        f"| `{name}` | {_values(field)} | {_default(field, name in required)} | "
        f"{field['description']} |"
        for name, field in schema["properties"].items()
    ]
    head = _SETTINGS.format(
        in_aws=_keys(demands(AwsSettings, Settings)),
        behind_cloudflare=_keys(demands(CloudflareSettings, AwsSettings)),
    )
    return head + "\n".join(rows) + "\n"


def _keys(keys: tuple[str, ...]) -> str:
    return ", ".join(f"`{key}`" for key in keys)


def _values(field: dict[str, Any]) -> str:
    if "enum" in field or "const" in field:
        choices = field.get("enum", [field.get("const")])
        return ", ".join(f"`{choice}`" for choice in choices)
    for option in field.get("anyOf", ()):
        if "enum" in option:
            return ", ".join(f"`{choice}`" for choice in option["enum"])
    if "examples" in field:
        return f"such as `{_text(field['examples'][0])}`"
    kinds = [option.get("type") for option in field.get("anyOf", [field])]
    return " or ".join(str(kind) for kind in kinds if kind != "null")


def _default(field: dict[str, Any], required: bool) -> str:
    if required:
        return "must be given"
    return "none" if field.get("default") in (None, {}) else f"`{_text(field['default'])}`"


def _text(value: object) -> str:
    return value if isinstance(value, str) else shown(value)


_ENVIRONMENTS = """# Environments

Generated from `stacks/environment.py` and `catalog/sizes.yaml` by `make generate`. Which
environment a stack is in says its setting `nexus-cos:environment`; [settings.md](settings.md) lists
what else can be set.

"""

_PRICES = """
## What a price needs

No price stands here: it depends on region, contract and day. These are the quantities to put into
AWS' and Cloudflare's calculators; traffic (NAT, load balancer, CDN, logs) comes on top and has to
be measured.

"""

Cell: TypeAlias = Callable[[Environment], str]


def environments_page(catalog: Catalog) -> str:
    """The page that puts the environments side by side, as Markdown."""
    names: list[str] = list(ENVIRONMENTS)
    provided = [(name, _provides(catalog.base(name))) for name in sorted(catalog.resources)]
    return "".join(
        (
            _ENVIRONMENTS,
            _table("", names, _plain(catalog)),
            "\n## What provides each platform resource\n\n",
            "A resource that is not provided stays in the graph, and nothing waits for it.\n\n",
            _table("resource", names, provided),
            "\n## Sizes in AWS\n\n",
            _table("", _names_in_aws(), _SIZES),
            _PRICES,
            _table("quantity", _names_in_aws(), _quantities(catalog)),
        )
    )


def _names_in_aws() -> list[str]:
    return [str(name) for name, each in ENVIRONMENTS.items() if isinstance(each.platform, InAws)]


def _table(corner: str, names: Sequence[str], rows: list[tuple[str, Cell]]) -> str:
    def lines() -> Iterator[str]:
        yield f"| {corner} | {' | '.join(names)} |"
        yield f"|{' --- |' * (len(names) + 1)}"
        for title, cell in rows:
            cells = (cell(ENVIRONMENTS[name]) for name in names)  # pyright: ignore[reportArgumentType]
            yield f"| {title} | {' | '.join(cells)} |"

    return "\n".join(lines()) + "\n"


def _provides(resource: str) -> Cell:
    def shown(environment: Environment) -> str:
        always: Mapping[str, str] = {**environment.provided}
        if resource in always:
            return always[resource]
        for setting, each in environment.on_request.items():
            asked: Mapping[str, str] = {**each}
            if resource in asked:
                return f"{asked[resource]}, with the setting `{setting}`"
        return "not provided"

    return shown


def _in_aws(cell: Callable[[InAws], object]) -> Cell:
    def shown(environment: Environment) -> str:
        platform = environment.platform
        return "—" if isinstance(platform, InCluster) else _cell(cell(platform))

    return shown


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)  # pyright: ignore[reportUnknownVariableType]


def _plain(catalog: Catalog) -> list[tuple[str, Cell]]:
    def usual(environment: Environment) -> Sizing:
        return catalog.environments[environment.name].usual

    return [
        ("cluster", lambda e: "any" if isinstance(e.platform, InCluster) else "EKS, three zones"),
        (
            "a service without a version",
            lambda e: "runs as a stand-in" if e.stand_ins else "refused",
        ),
        ("versions", _in_aws(lambda m: "digests" if m.digests else "tags or digests")),
        (
            "pods of a service that says nothing",
            lambda e: f"{usual(e).least} to {usual(e).most}",
        ),
        (
            "memory and CPU of its pods",
            lambda e: f"{usual(e).size.memory.request}, {usual(e).size.cpu.request}",
        ),
        ("the cluster's API from outside", _in_aws(lambda m: m.public_api)),
        ("data outlives a `destroy`", _in_aws(lambda m: m.retained)),
        ("days that logs are kept", _in_aws(lambda m: m.log_days)),
    ]


_SIZES: list[tuple[str, Cell]] = [
    ("PostgreSQL instances", _in_aws(lambda m: m.postgres.instances)),
    ("PostgreSQL instance class", _in_aws(lambda m: m.postgres.instance_class)),
    ("days that a point in time can be restored", _in_aws(lambda m: m.postgres.backup_days)),
    ("days of performance insights", _in_aws(lambda m: m.postgres.insights_days)),
    ("Redis nodes", _in_aws(lambda m: m.redis.nodes)),
    ("Redis node type", _in_aws(lambda m: m.redis.node_type)),
    ("days that Redis snapshots are kept", _in_aws(lambda m: m.redis.snapshot_days)),
    ("queue", _in_aws(lambda m: m.queue.deployment.lower().replace("_", " "))),
    ("queue instance type", _in_aws(lambda m: m.queue.instance_type)),
    ("nodes, with `nodes: managed`", _in_aws(lambda m: f"{m.nodes.least} to {m.nodes.most}")),
    ("node types, with `nodes: managed`", _in_aws(lambda m: m.nodes.instance_types)),
    ("GPU instance families", _in_aws(lambda m: m.nodes.gpu_families)),
    (
        "GPU nodes, with `nodes: managed`",
        _in_aws(lambda m: f"{m.nodes.gpu_least} to {m.nodes.gpu_limit}"),
    ),
    ("GPUs at most", _in_aws(lambda m: m.nodes.gpu_limit)),
]


def _quantities(catalog: Catalog) -> list[tuple[str, Cell]]:
    services = len(catalog.services)
    databases, caches, queues = (
        sum(1 for _ in catalog.servers(each)) for each in ("postgres", "redis", "queue")
    )
    return [
        ("EKS clusters", _in_aws(lambda _: 1)),
        (
            "pods of services",
            lambda e: str(sum(catalog.sizing(each, e.name).least for each in catalog.services)),
        ),
        ("NAT gateways, public addresses", _in_aws(lambda m: m.nat_gateways)),
        ("interface endpoints × zones", _in_aws(lambda _: "6 × 3")),
        (
            "Aurora instance hours per hour",
            _in_aws(lambda m: f"{databases * m.postgres.instances} × {m.postgres.instance_class}"),
        ),
        (
            "ElastiCache node hours per hour",
            _in_aws(lambda m: f"{caches * m.redis.nodes} × {m.redis.node_type}"),
        ),
        (
            "Amazon MQ instance hours per hour",
            _in_aws(
                lambda m: (
                    f"{queues * (3 if 'CLUSTER' in m.queue.deployment else 1)}"
                    f" × {m.queue.instance_type}"
                )
            ),
        ),
        ("load balancers", _in_aws(lambda _: 1)),
        ("image repositories", _in_aws(lambda _: services)),
        ("KMS keys", _in_aws(lambda _: 6)),
        ("CloudFront distributions, with `edge` cloudfront or both", _in_aws(lambda _: 2)),
        ("Cloudflare load balancers, with `edge` cloudflare or both", _in_aws(lambda _: 2)),
    ]
