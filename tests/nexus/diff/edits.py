"""Realistic edits of the project, as a pull request would make them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.projects import set_config

from .copies import (
    Entry,
    drop_need,
    edit_service,
    edit_yaml,
    remove_service,
    rename_everywhere,
    replace_in,
    service_files,
    set_need,
)

Edit = Callable[[Path], None]

NONE, CHANGES, DANGEROUS = 0, 10, 11


def nothing(project: Path) -> None:
    """A pull request that changes documentation alone."""


def reorder_keys(project: Path) -> None:
    """Every mapping and every list of needs turned round."""

    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: turned(value[key]) for key in reversed(value)}
        return value

    for path, content in service_files(project):
        for entry in content["services"].values():
            entry.get("needs", []).reverse()
        path.write_text(yaml.safe_dump(turned(content), sort_keys=False), encoding="utf-8")
    edit_yaml(project / "Pulumi.dev.yaml", lambda file: file.update(turned(dict(file))))


def reformat(project: Path) -> None:
    """Comments gone, other quotes, indentation and line ends."""
    for path, content in service_files(project):
        path.write_text(json.dumps(content, indent=7), encoding="utf-8")
    path = project / "catalog" / "platform.yaml"
    path.write_text("\n\n# moved\n" + path.read_text(encoding="utf-8") + "\n", encoding="utf-8")


def move_window(project: Path) -> None:
    """Windows are documentation: nothing in the cluster knows them."""

    def change(platform: dict[str, Any]) -> None:
        platform["tiers"][-1]["ends_at"] += 30

    edit_yaml(project / "catalog" / "platform.yaml", change)


def add_service(project: Path) -> None:
    """A service with a database."""
    path = next(path for path, file in service_files(project) if file["domain"] == "business")

    def change(file: dict[str, Any]) -> None:
        needs = ["postgres", "scheduler"]
        entry = {"summary": "Refunds customers", "tier": "domain", "needs": needs}
        file["services"]["refund-service"] = entry

    edit_yaml(path, change)


def add_stateless_service(project: Path) -> None:
    """A service that needs others alone."""
    path = next(path for path, file in service_files(project) if file["domain"] == "business")

    def change(file: dict[str, Any]) -> None:
        entry = {"summary": "Shows reports", "tier": "domain", "needs": ["scheduler"]}
        file["services"]["report-viewer"] = entry

    edit_yaml(path, change)


def flip_to_runtime(project: Path) -> None:
    set_need(
        project, "user-auth", "session-mgr", order="runtime", reason="It starts without sessions."
    )


def rename_flow(project: Path) -> None:
    def change(platform: dict[str, Any]) -> None:
        platform["flows"]["user-authentication"].remove("redis")

    edit_yaml(project / "catalog" / "platform.yaml", change)


def set_image(project: Path) -> None:
    """The first version of a service's own image, in place of the stand-in."""
    set_config(project, "dev", registry="registry.example.com/nexus")
    edit_yaml(
        project / "releases" / "dev.yaml",
        lambda file: file.update(services={"session-mgr": "1.4.2"}),
    )


def set_field(service: str, field: str, value: Any) -> Edit:
    def change(entry: Entry) -> None:
        entry[field] = value

    return lambda project: edit_service(project, service, change)


def move_domain(project: Path) -> None:
    """The scheduler moves into another domain, so into another namespace."""
    entries: list[Entry] = []
    for path, content in service_files(project):
        if "scheduler" in content["services"]:
            entries.append(content["services"].pop("scheduler"))
            if content["services"]:
                path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
            else:
                path.unlink()
    new = {"domain": "jobs", "services": {"scheduler": entries[0]}}
    path = project / "catalog" / "services" / "jobs.yaml"
    path.write_text(yaml.safe_dump(new), encoding="utf-8")


def rename_told(project: Path) -> None:
    """A service with every kind of data gets another name, and the catalog says so."""
    rename_everywhere(project, "scheduler", "job-scheduler")
    set_field("job-scheduler", "renamed_from", "scheduler")(project)


WORKLOAD = "components/kubernetes/workload.py"
SERVERS = "components/servers"


def code(file: str, old: str, new: str) -> Edit:
    return lambda project: replace_in(project, file, old, new)


def rename_resource(*, alias: bool) -> Edit:
    """Every workload's Service gets another name in the program."""

    def change(project: Path) -> None:
        file = WORKLOAD
        replace_in(project, file, 'f"{name}-service",', 'f"{name}-endpoint",')
        if alias:
            path = project / file
            start, found, rest = path.read_text(encoding="utf-8").partition('f"{name}-endpoint",')
            given = (
                "opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions("
                'aliases=[pulumi.Alias(name=f"{name}-service")])),'
            )
            assert "opts=opts," in rest
            path.write_text(start + found + rest.replace("opts=opts,", given, 1), encoding="utf-8")

    return change


def all_of(*edits: Edit) -> Edit:
    def change(project: Path) -> None:
        for edit in edits:
            edit(project)

    return change


def without_policies(project: Path) -> None:
    """The program as it would be without network policies, quotas and limits."""
    replace_in(
        project,
        WORKLOAD,
        "network = NetworkPolicy(",
        "lambda: NetworkPolicy(",
    )
    replace_in(project, WORKLOAD, "[*before, network, ", "[*before, ")
    for file in ("kubernetes/namespace.py", "servers/server_isolation.py"):
        path = project / "components" / file
        text = path.read_text(encoding="utf-8")
        assert " NetworkPolicy(" in text
        path.write_text(
            text.replace(" NetworkPolicy(", " lambda: NetworkPolicy("), encoding="utf-8"
        )
    replace_in(
        project, "stacks/in_cluster/stack.py", "    build_limits(", "    lambda: build_limits("
    )


POSTGRES = f"{SERVERS}/in_cluster_postgres.py"

EDITS: Mapping[str, tuple[int, Edit]] = {
    "nothing": (NONE, nothing),
    "reorder-keys": (NONE, reorder_keys),
    "reformat": (NONE, reformat),
    "move-window": (NONE, move_window),
    "add-service": (CHANGES, add_service),
    "add-stateless-service": (CHANGES, add_stateless_service),
    "remove-service-with-data": (DANGEROUS, lambda p: remove_service(p, "scheduler")),
    "remove-stateless-service": (CHANGES, lambda p: remove_service(p, "puabo-nexus-ai-dispatch")),
    "rename-service-with-data": (
        DANGEROUS,
        lambda p: rename_everywhere(p, "scheduler", "job-scheduler"),
    ),
    "rename-stateless-service": (
        DANGEROUS,
        lambda p: rename_everywhere(p, "puabo-nexus-ai-dispatch", "puabo-nexus-dispatch"),
    ),
    "rename-service-told": (CHANGES, rename_told),
    "add-startup-edge": (CHANGES, lambda p: set_need(p, "scheduler", "user-auth")),
    "add-runtime-edge": (
        CHANGES,
        lambda p: set_need(p, "scheduler", "user-auth", order="runtime", reason="It may be late."),
    ),
    "remove-edge": (CHANGES, lambda p: drop_need(p, "user-auth", "session-mgr")),
    "startup-to-runtime": (CHANGES, flip_to_runtime),
    "lose-fallback": (CHANGES, lambda p: set_need(p, "key-service", "redis")),
    "change-flow": (CHANGES, rename_flow),
    "take-database": (DANGEROUS, lambda p: drop_need(p, "scheduler", "postgres")),
    "give-redis": (CHANGES, lambda p: set_need(p, "user-auth", "redis")),
    "give-server": (DANGEROUS, lambda p: set_need(p, "scheduler", "postgres", dedicated=True)),
    "image": (CHANGES, set_image),
    "port": (CHANGES, set_field("session-mgr", "port", 9090)),
    "start-seconds": (CHANGES, set_field("session-mgr", "start_seconds", 90)),
    "move-tier": (CHANGES, set_field("scheduler", "tier", "core")),
    "move-domain": (CHANGES, move_domain),
    "ordering-setting": (CHANGES, lambda p: set_config(p, "dev", ordering="edges")),
    "prefix-setting": (DANGEROUS, lambda p: set_config(p, "dev", namespacePrefix="cos")),
    "host-setting": (CHANGES, lambda p: set_config(p, "dev", host="nexus.example.com")),
    "rotation-setting": (DANGEROUS, lambda p: set_config(p, "dev", rotations={"user-auth": 1})),
    "workload-size": (CHANGES, code("catalog/sizes.yaml", "memory: 64Mi", "memory: 96Mi")),
    "replicas": (CHANGES, code("catalog/sizes.yaml", "least: 1, most: 2", "least: 2, most: 2")),
    "probe": (
        CHANGES,
        code("catalog/run_loader.py", "questions[1], READINESS_SECONDS", "questions[1], 3"),
    ),
    "redis-prefix": (
        DANGEROUS,
        code(f"{SERVERS}/servers.py", 'else f"{service}:"', 'else f"v2-{service}:"'),
    ),
    "database-name": (
        DANGEROUS,
        code(f"{SERVERS}/parts.py", '"DATABASE": database', '"DATABASE": f"{database}-db"'),
    ),
    "server-image": (CHANGES, code(POSTGRES, "postgres:17.5", "postgres:17.6")),
    "server-major": (DANGEROUS, code(POSTGRES, "postgres:17.5", "postgres:18.0")),
    "volume-size": (DANGEROUS, code("stacks/environment.py", 'storage="4Gi"', 'storage="8Gi"')),
    "bootstrap-script": (CHANGES, code(f"{SERVERS}/bootstrap/postgres.sh", "set -eu", "set -eux")),
    "without-policies": (CHANGES, without_policies),
    "rename-resource-with-alias": (CHANGES, rename_resource(alias=True)),
    "rename-resource-without-alias": (DANGEROUS, rename_resource(alias=False)),
}  # fmt: skip
"""By name: the exit code that is right, and the edit."""

AURORA = "components/aws/aurora_postgres.py"
BALANCER = "components/aws/load_balancer.py"

CLOUD_EDITS: Mapping[str, tuple[str, Edit]] = {
    "staging": (
        "staging",
        all_of(
            code(AURORA, "storage_encrypted=True", "storage_encrypted=False"),
            code("stacks/environment.py", '("m7i.large",)', '("m7i.xlarge",)'),
            code(BALANCER, 'cidr="0.0.0.0/0"', 'cidr="198.51.100.0/24"'),
            code("components/cloudflare/cloudflare_edge.py", "ttl=AUTOMATIC_TTL", "ttl=300"),
            lambda p: set_config(p, "staging", apiCidrs=["203.0.113.0/24", "198.51.100.0/24"]),
        ),
    ),
    "prod": (
        "prod",
        all_of(
            code(AURORA, 'f"{identifier}-{number}"', 'f"{identifier}-member-{number}"'),
            code("stacks/aws/edge.py", "[gateway].port,", "[gateway].port + 1,"),
            code("components/cloudflare/cloudflare_edge.py", 'type="CNAME"', 'type="A"'),
        ),
    ),
}  # fmt: skip
"""By name: the stack, and edits that are told together, since its plan takes seconds. In place:
a rule of a group, the TTL of a record, who reaches the cluster's API. New: what holds the data and
its members, nodes of another type, a record of another type."""
