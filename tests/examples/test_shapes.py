"""examples/shapes: one service of every kind, planned, held against the rules, and rehearsed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog import load_catalog
from graph.dependencies import neighbourhood
from nexus.pictures import RENDERERS
from nexus.pictures.backstage import entities as backstage
from nexus.pictures.json import graph_document
from nexus.pictures.text import neighbours_as_text
from nexus.plan.plan import Plan, make_plan
from nexus.plan.reach import reach
from nexus.policy.reachability import world_of
from nexus.policy.rules import RULES, violations
from nexus.rehearsal.jobs import job_times
from nexus.rehearsal.run import rehearse
from nexus.rehearsal.schema import validate
from nexus.repair.findings import Diagnosis, state_in_words, unready
from stacks.program import build
from stacks.stack_file import read_stack_file
from tests.nexus.cli.typed import nexus
from tests.nexus.pictures.test_backstage import problems
from tests.projects import ROOT
from tests.reachable import matrix

SHAPES = ROOT / "examples/shapes"


@pytest.fixture(scope="module")
def shapes() -> Plan:
    return make_plan(SHAPES, "dev")


def one(plan: Plan, kind: str, name: str) -> Mapping[str, Any]:
    [found] = [
        each for each in plan.resources if (each.type[-len(kind) :], each.name) == (kind, name)
    ]
    return found.inputs


def told(plan: Plan, service: str) -> Mapping[str, Any]:
    text = one(plan, ":ConfigMap", f"{service}-config")["data"]["dependencies.json"]
    return json.loads(text)["dependencies"]


def test_every_object_is_valid_and_keeps_every_rule(shapes: Plan) -> None:
    """A shape that the API server or the pods' level refuses fails in the middle of a rollout."""
    for resource in shapes.resources:
        if resource.type.startswith("kubernetes:"):
            validate(resource.inputs)
    assert [str(each) for each in violations(shapes.named())] == []


def test_services_reach_the_ports_that_their_edges_name_and_no_other(shapes: Plan) -> None:
    """A metrics or admin port that is open to every caller is an open door."""
    world, pods = world_of(shapes.named())
    services = [
        each for each in pods if each.name.partition("/")[2] in load_catalog(SHAPES).services
    ]
    assert len(services) == 5
    found = {
        (source.partition("/")[2], target.partition("/")[2]): ports
        for (source, target), ports in matrix(world, services, services).items()
    }
    assert found == {
        ("front", "orders"): (("TCP", 8080, 8080),),
        ("orders", "streams"): (("TCP", 1935, 1935),),
        ("sweeper", "orders"): (("TCP", 8080, 8080), ("TCP", 9000, 9000)),
    }


def test_monitoring_reads_metrics_where_there_is_a_port_for_them(shapes: Plan) -> None:
    """A Prometheus that is let in at gRPC gets no metrics, and the metrics are nobody's."""

    def open_to_monitoring(service: str) -> list[int]:
        rules = one(shapes, ":NetworkPolicy", f"{service}-network")["spec"].get("ingress", [])
        return [rule["ports"][0]["port"] for rule in rules if "monitoring" in str(rule["from"])]

    names = ("orders", "mailer", "front", "streams", "sweeper")
    assert [open_to_monitoring(name) for name in names] == [[9090], [9090], [8080], [], []]


def test_a_caller_is_told_where_and_how(shapes: Plan) -> None:
    """A gRPC or RTMP client cannot do anything with a URL of HTTP."""
    assert told(shapes, "front")["orders"]["endpoint"] == {
        "url": "http://orders.nexus-shop.svc:8080"
    }
    assert told(shapes, "sweeper")["orders"]["endpoint"] == {
        "host": "orders.nexus-shop.svc",
        "port": "9000",
        "protocol": "grpc",
    }
    assert told(shapes, "sweeper")["orders"]["ports"] == {
        "grpc": told(shapes, "sweeper")["orders"]["endpoint"],
        "http": told(shapes, "front")["orders"]["endpoint"],
    }
    assert "ports" not in told(shapes, "front")["orders"]
    assert told(shapes, "orders")["streams"]["endpoint"] == {
        "host": "streams.nexus-shop.svc",
        "port": "1935",
        "protocol": "tcp",
    }


def test_what_others_make_is_reached_told_and_waited_for_and_not_made(shapes: Plan) -> None:
    """The platform would be cut off from it, or run a second one beside it."""
    [rule] = [
        rule
        for rule in one(shapes, ":NetworkPolicy", "mailer-network")["spec"]["egress"]
        if rule["ports"] == [{"protocol": "TCP", "port": 27017}]
    ]
    assert rule["to"] == [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "databases"}},
            "podSelector": {"matchLabels": {"app": "mongodb"}},
        }
    ]
    entry = told(shapes, "mailer")["mongodb"]
    assert (entry["kind"], entry["order"]) == ("resource", "startup")
    assert entry["endpoint"] == {
        "host": "mongodb.databases.svc",
        "port": "27017",
        "database": "texts",
    }
    pod = one(shapes, ":Deployment", "mailer")["spec"]["template"]["spec"]
    assert [each["name"] for each in pod["initContainers"]] == ["startup-check"]
    assert not [each.name for each in shapes.resources if "mongodb" in each.name]
    assert reach(SHAPES, "dev", load_catalog(SHAPES), ("mailer", "mongodb")).allowed
    assert not reach(SHAPES, "dev", load_catalog(SHAPES), ("orders", "mongodb")).allowed


def test_the_graph_says_what_runs_how_and_which_port_is_called() -> None:
    """A script or reviewer would take a worker for a server, and a gRPC call for HTTP."""
    catalog = load_catalog(SHAPES)
    document = graph_document(catalog)
    assert {each["name"]: each["runs"] for each in document["nodes"] if "runs" in each} == {
        "mailer": "worker",
        "sweeper": "scheduled",
    }
    named = {(each["source"], each["target"]): each.get("ports") for each in document["edges"]}
    assert named["sweeper", "orders"] == ["grpc", "http"]
    assert named["front", "orders"] is None
    text = neighbours_as_text(catalog, "sweeper")
    assert "(scheduled, domain shop, tier domain)" in text
    assert "startup, hard, at port grpc, http" in text
    text = neighbours_as_text(catalog, "orders")
    assert "and after its task orders-seed, which runs: /app/seed" in text
    assert "has the task orders-reindex, by hand, which runs: /app/reindex --all" in text
    [orders] = [each for each in document["nodes"] if each["name"] == "orders"]
    assert orders["tasks"] == ["orders-reindex", "orders-seed"]


def test_pictures_show_the_jobs_that_pods_wait_for() -> None:
    """Who looks at the graph for what comes before a service would miss its migration."""
    catalog = load_catalog(SHAPES)
    mermaid = RENDERERS["mermaid"](catalog).splitlines()
    assert '    n_orders_migration{{"orders-migration"}}' in mermaid
    pairs = [
        ("orders", "orders-migration"),
        ("orders-migration", "postgres"),
        ("orders", "orders-seed"),
        ("orders-seed", "orders-migration"),
    ]
    arrows = [f"  n_{a} --> n_{b}".replace("orders-", "orders_") for a, b in pairs]
    assert mermaid[-4:] == arrows
    dot = RENDERERS["dot"](catalog).splitlines()
    assert '    "orders-seed" [shape=hexagon];' in dot
    assert dot[-5:-1] == [f'  "{a}" -> "{b}";' for a, b in pairs]
    assert "Before its pods: orders-migration, orders-seed." in RENDERERS["svg"](catalog)
    entities = {each["metadata"]["name"]: each for each in backstage(catalog)}
    assert not [wrong for each in entities.values() for wrong in problems(each)]
    assert entities["orders-migration"]["spec"]["dependsOn"] == ["resource:postgres"]
    # Of a neighbour its needs are cut away.
    near = RENDERERS["mermaid"](neighbourhood(catalog, "front"))
    assert "n_orders --> n_orders_migration" in near
    assert "n_postgres" not in near


def test_a_migration_that_fails_takes_nothing_down() -> None:
    """Somebody rolls back a release that harms nobody, or waits for one that never comes."""
    result = nexus("impact", "orders-migration", project=SHAPES)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "While orders-migration fails, nothing is down: the rollout of orders waits, and the old "
        "pods run on.",
        "What starts after that waits too: front and sweeper.",
        "Where a tier comes up for the first time, so do all tiers after it.",
    ]
    found = nexus("impact", "orders-seed", "--format", "json", project=SHAPES)
    assert json.loads(found.stdout) == {
        "failed": ["orders-seed"], "services": ["orders"], "after": ["front", "sweeper"]
    }  # fmt: skip
    mixed = nexus("impact", "orders-seed", "postgres", project=SHAPES)
    assert (mixed.exit_code, mixed.stdout) == (2, "")
    assert "When 'orders-seed' fails, nothing is down, so it is told alone" in mixed.stderr


def test_reach_answers_for_the_port_of_the_edge() -> None:
    """`nexus reach` would say no of what is called all the time."""
    catalog = load_catalog(SHAPES)
    found = reach(SHAPES, "dev", catalog, ("sweeper", "orders"))
    assert (found.allowed, found.port) == (True, 9000)
    assert found.ports == (("TCP", 8080, 8080), ("TCP", 9000, 9000))
    assert [edge.target for edge in found.edges] == ["orders"]


def test_what_is_written_has_room_beside_what_the_service_needs(shapes: Plan) -> None:
    """A folder in memory counts as the container's own: it would be killed when it fills it."""
    for service, memory, disk in (("orders", "80Mi", "256Mi"), ("streams", "64Mi", "512Mi")):
        pod = one(shapes, ":Deployment", service)["spec"]["template"]["spec"]
        limits = pod["containers"][0]["resources"]["limits"]
        assert (limits["memory"], limits["ephemeral-storage"]) == (memory, disk)


def test_without_a_version_each_kind_has_a_stand_in_that_works(tmp_path: Path) -> None:
    """A stand-in with the service's command, or that is asked in gRPC, never gets ready."""
    project = tmp_path / "shapes"
    shutil.copytree(SHAPES, project)
    path = project / "releases/dev.yaml"
    path.write_text(yaml.safe_dump({"services": {}}), encoding="utf-8")
    plan = make_plan(project, "dev")
    for service, port in (("orders", 8080), ("streams", 1935), ("mailer", 9090)):
        [only] = one(plan, ":Deployment", service)["spec"]["template"]["spec"]["containers"]
        assert "command" not in only
        assert only["args"][0] == f"-listen=:{port}"
        ports = {each["name"]: each["containerPort"] for each in only["ports"]}
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            assert ports[only[probe]["httpGet"]["port"]] == port
    job = one(plan, ":CronJob", "sweeper")["spec"]["jobTemplate"]["spec"]
    [only] = job["template"]["spec"]["containers"]
    assert only["command"][0] == "python3"
    assert [str(each) for each in violations(plan.named())] == []


def test_a_migration_has_the_owner_s_login_and_its_service_the_rows_alone(shapes: Plan) -> None:
    """Tables that the service may drop, or that nobody may make."""
    jobs = {
        each: {
            variable["name"]: variable["value"]
            for variable in one(shapes, ":Job", each)["spec"]["template"]["spec"]["containers"][0][
                "env"
            ]
        }
        for each in ("orders-database", "orders-database-access", "sweeper-database")
    }
    logins = {name: (env["OWNER_ROLE"], env["LOGIN_ROLE"]) for name, env in jobs.items()}
    assert logins == {
        "orders-database": ("orders_owner", "orders_migration"),
        "orders-database-access": ("orders_owner", "orders"),
        # It works on the tables of another service.
        "sweeper-database": ("orders_owner", "sweeper"),
    }
    assert jobs["orders-database-access"]["ACCESS"] == "read-write"
    world, pods = world_of(shapes.named())
    [migration] = [each for each in pods if each.name.endswith("/orders-migration")]
    reached = matrix(world, [migration], [each for each in pods if each != migration])
    assert {target: ports for (_, target), ports in reached.items()} == {
        "StatefulSet/postgres": (("TCP", 5432, 5432),)
    }


def test_tasks_reach_what_their_service_reaches_and_nobody_reaches_them(shapes: Plan) -> None:
    """A task without a way to the database fails; one that callers reach answers nobody."""
    world, pods = world_of(shapes.named())
    [orders] = [each for each in pods if each.name == "Deployment/orders"]
    tasks = [each for each in pods if each.name.endswith(("/orders-seed", "/orders-reindex"))]
    assert {each.name for each in tasks} == {"Job/orders-seed", "CronJob/orders-reindex"}
    others = [each for each in pods if each not in (orders, *tasks)]
    reached = {target: ports for (_, target), ports in matrix(world, [orders], others).items()}
    assert set(reached) == {"StatefulSet/postgres", "StatefulSet/redis", "Deployment/streams"}
    for task in tasks:
        own = matrix(world, [task], others)
        assert {target: ports for (_, target), ports in own.items()} == reached
    assert not matrix(world, others, tasks)


def test_a_quota_has_room_for_the_jobs_beside_the_pods(shapes: Plan) -> None:
    """The sweeper finds no room at night, and a migration none during the rollout it is part of."""
    [quotas] = [rule for rule in RULES if rule.name == "quotas-hold-rollouts"]
    kinds = ("ResourceQuota", "CronJob", "Job")
    shop = [
        each
        for each in shapes.named()
        if each.namespace == "nexus-shop" and each.type.rpartition(":")[2] in kinds
    ]
    assert len(shop) == 5  # orders-migration, orders-seed, orders-reindex, sweeper

    def broken(pods: str) -> list[str]:
        changed = [
            replace(each, inputs={**each.inputs, "spec": {"hard": {"pods": pods}}})
            if each.type.endswith("Quota")
            else each
            for each in shop
        ]
        return [each.message for each in quotas.violations(changed)]

    assert broken("4") == []
    [message] = broken("3")
    assert "it admits 3 of pods, but its namespace needs 4" in message


def test_a_failed_migration_leaves_the_old_version_and_says_so() -> None:
    """Pods of the new release start on the old tables."""
    file = read_stack_file(SHAPES, "dev")
    with rehearse(lambda: build(SHAPES), file.project, "dev", file.config) as session:
        assert session.up().succeeded
        before = session.export()["resources"]
        [running] = [each for each in before if each["urn"].endswith("apps/v1:Deployment::orders")]
        session.program = lambda: build(SHAPES, ("orders",))
        session.kubernetes.fail = frozenset({"orders-migration"})
        failed = session.up()
        assert not failed.succeeded
        assert "orders-migration" in failed.error
        assert "the last lines of its log" in failed.error
        state = {"deployment": session.export()}
        found = Diagnosis(
            locks=(), unsound=None, findings=(), unready=unready(state), before=state, after=None
        )
        _, said = state_in_words("dev", found)
        assert said.startswith("- orders-migration failed: ")
        assert "the last lines of its log. The pods of its service run on" in said
        touched = {each.name for each in failed.operations if each.op != "same"}
        assert not {"orders", "front", "sweeper"} & touched
        assert running in session.export()["resources"]


def test_a_rehearsal_shows_what_runs_on_when_a_job_fails() -> None:
    """With the first release alone nothing is there yet that could run on."""
    result = nexus("rehearse", "--fail", "orders-seed", project=SHAPES)
    assert result.exit_code == 0, result.output
    said = " ".join(result.stdout.split())
    assert "Failed: orders-seed. Held back: front, orders, sweeper." in said
    assert "Releasing orders anew, with the same failure" in said
    assert "Failed: orders-seed. Runs on in the version before: front, orders, sweeper." in said


def test_one_image_runs_for_two_services(shapes: Plan) -> None:
    """A nightly job of another version than its program works on tables that it does not know."""
    job = one(shapes, ":CronJob", "sweeper")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    orders = one(shapes, ":Deployment", "orders")["spec"]["template"]["spec"]
    assert job["containers"][0]["image"] == orders["containers"][0]["image"]
    assert job["containers"][0]["command"] == ["/app/sweeper"]


def test_the_engine_brings_every_kind_up_in_order() -> None:
    """A scheduled service that its tier waits for holds up everybody, or starts too early."""
    file = read_stack_file(SHAPES, "dev")
    with rehearse(lambda: build(SHAPES), file.project, "dev", file.config) as session:
        up = session.up()
        assert up.succeeded, up.error
        made = {(each.type.rpartition(":")[2], each.name): each for each in up.operations}
        waits = session.dependencies()
        job, orders = made["CronJob", "sweeper"], made["Deployment", "orders"]
        assert orders.urn in waits[job.urn]
        assert made["Job", "sweeper-database"].urn in waits[job.urn]
        assert made["Deployment", "streams"].end <= orders.start
        migration, access = made["Job", "orders-migration"], made["Job", "orders-database-access"]
        assert made["Job", "orders-database"].end <= access.start
        assert access.end <= migration.start
        assert migration.end <= orders.start
        assert migration.urn in waits[orders.urn]
        seed, reindex = made["Job", "orders-seed"], made["CronJob", "orders-reindex"]
        assert migration.end <= seed.start
        assert made["Deployment", "streams"].end <= seed.start
        assert seed.end <= orders.start
        assert seed.urn in waits[orders.urn]
        assert migration.urn in waits[reindex.urn]
        first, second = job_times(load_catalog(SHAPES), up.operations, waits)
        assert (first.name, second.name) == ("orders-migration", "orders-seed")
        databases = ("orders-archive-database-access", "orders-database-access")
        assert first.after == (*databases, "postgres")
        assert second.after == (*databases, "orders-migration", "redis", "streams")
        assert first.before == second.before == ("orders",)
        assert first.simulated[1] <= second.simulated[0]
        assert reindex.urn not in waits[orders.urn]
        assert orders.end <= job.start
        gate = made["ConfigMap", "domain-ready"]
        assert made["Deployment", "mailer"].urn in waits[gate.urn]
        assert job.urn not in waits[gate.urn]
        again = session.up()
        assert set(again.counts) == {"same"}
        assert session.destroy().succeeded
