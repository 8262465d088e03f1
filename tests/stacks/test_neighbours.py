"""One service cannot use up what all share."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path

import moto
import pytest
import yaml

from catalog import InputError, load_catalog
from catalog.names import EnvironmentName
from nexus.plan.plan import Plan, make_plan
from stacks.capacity import (
    BROKERS,
    MEMORY,
    aurora_connections,
    check_capacity,
    postgres_connections,
)
from stacks.environment import ENVIRONMENTS, InCluster
from stacks.nodes import ROOM
from stacks.sizes import LEAST_CONNECTIONS
from tests.projects import small_project
from tests.transcription import RESOURCE_EDGES


def environments(plan: Plan, suffix: str) -> Mapping[str, Mapping[str, str]]:
    """Environment of every bootstrap Job whose name ends in `suffix`, by service."""
    return {
        each.name.removesuffix(suffix): {
            variable["name"]: variable["value"]
            for variable in each.inputs["spec"]["template"]["spec"]["containers"][0]["env"]
        }
        for each in plan.resources
        if each.type == "kubernetes:batch/v1:Job" and each.name.endswith(suffix)
    }


def test_all_databases_together_fit_into_the_server(plan: Plan) -> None:
    """A service that leaks connections must hit its own limit, not the server's."""
    limits = [int(env["CONNECTION_LIMIT"]) for env in environments(plan, "-database").values()]
    assert limits == [LEAST_CONNECTIONS] * sum(t == "postgres" for _, t in RESOURCE_EDGES)
    # Three are the superuser's, and each running Job takes one.
    assert sum(limits) + 3 + 10 <= max_connections(plan)


def test_the_server_grows_with_its_logins(tmp_path: Path) -> None:
    """The twenty-first service is the one that the README adds."""
    folders = {count: tmp_path / str(count) for count in range(1, 42)}
    grown = {
        count: postgres_connections(
            ENVIRONMENTS["dev"], load_catalog(project_of(folder, ["postgres"], count)), "postgres"
        )
        for count, folder in folders.items()
    }
    for count, connections in grown.items():
        assert connections >= count * LEAST_CONNECTIONS + 3 + 10
    # In dev another number restarts the server: a service more or less must not, of the 20 today.
    changes = [count for count in range(2, 42) if grown[count] != grown[count - 1]]
    assert changes == [6, 16, 26, 36]


def max_connections(plan: Plan) -> int:
    """What the shared PostgreSQL in the cluster is started with."""
    [server] = [
        each
        for each in plan.resources
        if each.type == "kubernetes:apps/v1:StatefulSet" and each.name == "postgres"
    ]
    [container] = server.inputs["spec"]["template"]["spec"]["containers"]
    [found] = [text for text in container["command"] if text.startswith("max_connections=")]
    return int(found.partition("=")[2])


def project_of(folder: Path, needs: list[str], count: int) -> Path:
    """A project of `count` services that need the same, each with a version in staging and prod."""
    project = small_project(folder / "project")
    names = [f"svc-{number}" for number in range(count)]
    entries = {name: {"summary": "One", "tier": "domain", "needs": [*needs]} for name in names}
    shop = {"domain": "shop", "services": entries}
    (project / "catalog/services/shop.yaml").write_text(yaml.safe_dump(shop), encoding="utf-8")
    platform = project / "catalog/platform.yaml"
    content = yaml.safe_load(platform.read_text(encoding="utf-8")) | {"flows": {}}
    platform.write_text(yaml.safe_dump(content), encoding="utf-8")
    for stack, version in (("staging", "1.0.0"), ("prod", f"sha256:{'0' * 64}")):
        release = {"services": dict.fromkeys(names, version)}
        (project / f"releases/{stack}.yaml").write_text(yaml.safe_dump(release), encoding="utf-8")
    return project


ENOUGH = {
    # Aurora: LEAST(memory / 9531392, 5000), at 20 connections each and 20 besides.
    ("staging", "postgres"): (82, "are 1,680, but db.r7g.large in staging takes 1,678;"),
    ("prod", "postgres"): (166, "are 3,360, but db.r7g.xlarge in prod takes 3,357;"),
    # Amazon MQ: 100 connections; 50 vhosts with the broker's own.
    ("staging", "queue"): (5, "are 120, but mq.m7g.medium in staging takes 100;"),
    ("prod", "queue"): (49, "are 51, but mq.m7g.large in prod takes 50;"),
}
"""Most services that fit on a server, and the end of the sum for one more."""


@pytest.mark.parametrize(("stack", "resource"), ENOUGH)
def test_no_more_services_than_the_server_takes(
    stack: EnvironmentName, resource: str, tmp_path: Path
) -> None:
    """The last ones' connections are refused, in the middle of the day."""
    most, message = ENOUGH[stack, resource]
    environment = ENVIRONMENTS[stack]
    fitting = load_catalog(project_of(tmp_path / "a", [resource], most))
    check_capacity(environment, fitting, managed=True)
    one_more = load_catalog(project_of(tmp_path / "b", [resource], most + 1))
    with pytest.raises(InputError) as raised:
        check_capacity(environment, one_more, managed=True)
    noun = "vhosts of services" if "50;" in message else "services"
    assert f"resource '{resource}': {most + 1} {noun}" in str(raised.value)
    assert message in str(raised.value)


def test_the_program_stops_before_too_many_services(tmp_path: Path) -> None:
    """A rule that no run asks is none."""
    project = project_of(tmp_path, ["queue"], 6)
    with pytest.raises(InputError, match="6 services at 20 connections each are 120"):
        make_plan(project, "staging")


def test_the_sizes_of_the_table_are_known() -> None:
    """A class without its memory would end the next run in a traceback."""
    for each in ENVIRONMENTS.values():
        if not isinstance(each.platform, InCluster):
            assert aurora_connections(each.platform.postgres.instance_class) > 1_000
            assert each.platform.queue.instance_type in BROKERS


def test_memory_is_that_of_the_machines() -> None:
    """A class with half the memory takes half the connections."""
    folder = Path(moto.__file__).parent / "ec2/resources"
    with gzip.open(folder / "instance_types.json.gz", "rt", encoding="utf-8") as file:
        types = json.load(file)
    for size, gib in MEMORY.items():
        assert types[f"r7g.{size}"]["MemoryInfo"]["SizeInMiB"] == gib * 1024


def test_rooms_are_those_of_the_machines() -> None:
    """A node that is smaller than its row leaves the pods that it was reckoned for pending."""
    folder = Path(moto.__file__).parent / "ec2/resources"
    with gzip.open(folder / "instance_types.json.gz", "rt", encoding="utf-8") as file:
        types = json.load(file)
    for name, room in ROOM.items():
        kept = 255 + 11 * room.pods + 100  # EKS' own, and what the kubelet evicts at
        assert room.cpu < types[name]["VCpuInfo"]["DefaultVCpus"] * 1000
        assert room.memory <= (types[name]["MemoryInfo"]["SizeInMiB"] - kept) * 1024**2
    for each in ENVIRONMENTS.values():
        if not isinstance(each.platform, InCluster):
            nodes = each.platform.nodes
            assert {*nodes.instance_types, *nodes.gpu_types} <= {*ROOM}


def test_every_vhost_is_limited(plan: Plan) -> None:
    """A consumer that declares a queue per message must not fill the broker's memory."""
    vhosts = environments(plan, "-vhost")
    assert set(vhosts) == {source for source, target in RESOURCE_EDGES if target == "queue"}
    for env in vhosts.values():
        assert 0 < int(env["VHOST_MAX_CONNECTIONS"]) <= 100
        assert 0 < int(env["VHOST_MAX_QUEUES"]) <= 1000
