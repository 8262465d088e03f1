"""What others make is reached, told and waited for like a server of ours, and not made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from catalog import InputError, load_catalog
from components.servers.bootstrap.startup import checks, is_fatal
from nexus.cli.main import app
from nexus.plan.plan import Plan, make_plan
from nexus.plan.reach import reach
from nexus.policy.reachability import Endpoint, world_of
from nexus.policy.rules import violations
from tests.projects import set_config, small_project
from tests.reachable import matrix

pytestmark = pytest.mark.xdist_group("clouds")

MONGO: Mapping[str, Any] = {
    "host": "mongo.db.internal",
    "port": 27017,
    "tls": True,
    "addresses": ["10.20.0.0/16"],
    "username": "shop",
    "password": {"secure": "v1:placeholder"},
    "facts": {"database": "shop"},
}
PODS = {"namespace": "databases", "labels": {"app": "mongodb"}}
INSIDE = {"host": "mongo.databases.svc", "port": 27017, "pods": PODS}
HOSTS = (
    Endpoint(name="theirs", addresses=("10.20.0.15",)),
    Endpoint(name="neighbour", addresses=("10.21.0.15",)),
    Endpoint(name="public", addresses=("8.8.8.8", "2606:4700::1111")),
    Endpoint(name="their pods", namespace="databases", labels={"app": "mongodb", "shard": "1"}),
    Endpoint(name="beside them", namespace="databases", labels={"app": "other"}),
    Endpoint(name="elsewhere", namespace="default", labels={"app": "mongodb"}),
)


def shop(target: Path, **resources: str) -> Path:
    """The small project with further platform resources, which `cart` needs as well."""
    project = small_project(target)
    path = project / "catalog/platform.yaml"
    platform = yaml.safe_load(path.read_text(encoding="utf-8"))
    platform["resources"] |= {name: {"summary": text} for name, text in resources.items()}
    path.write_text(yaml.safe_dump(platform), encoding="utf-8")
    path = project / "catalog/services/shop.yaml"
    services = yaml.safe_load(path.read_text(encoding="utf-8"))
    services["services"]["cart"]["needs"] += [*resources]
    path.write_text(yaml.safe_dump(services), encoding="utf-8")
    versions = {"services": dict.fromkeys(services["services"], "1.0.0")}
    (project / "releases/staging.yaml").write_text(yaml.safe_dump(versions), encoding="utf-8")
    return project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose service `cart` needs a MongoDB, which no environment makes."""
    return shop(tmp_path / "project", mongodb="Documents of another team")


def told(plan: Plan, service: str) -> Mapping[str, Any]:
    [found] = [each for each in plan.resources if each.name == f"{service}-config"]
    return json.loads(found.inputs["data"]["dependencies.json"])["dependencies"]


def test_its_users_are_told_where_it_is_and_wait_for_it(project: Path) -> None:
    """A service that is told of no endpoint, or does not wait, fails in front of its users."""
    set_config(project, "dev", attached={"mongodb": MONGO})
    plan = make_plan(project, "dev")
    entry = told(plan, "cart")["mongodb"]
    assert entry["endpoint"] == {
        "host": "mongo.db.internal",
        "port": "27017",
        "tls": "required",
        "database": "shop",
    }
    assert entry["credentials"].endswith("/mongodb")
    assert [name for name, each in checks(told(plan, "cart")) if is_fatal(each)] == [
        "postgres",
        "mongodb",
    ]
    [secret] = [each for each in plan.resources if each.name == "cart-credentials"]
    assert {'stringData["mongodb.username"]', 'stringData["mongodb.password"]'} <= {*secret.secrets}
    assert "v1:placeholder" not in plan.to_json()
    assert not [each.name for each in plan.resources if "mongodb" in each.name]
    assert [str(each) for each in violations(plan.named())] == []


@pytest.mark.parametrize(
    ("attached", "port", "reached"),
    [
        (MONGO, 27017, {"theirs"}),
        ({"host": "10.20.0.15", "port": 9092}, 9092, {"theirs"}),
        ({"host": "mongo.example.com", "port": 27017}, 27017, {"public"}),
        (INSIDE, 27017, {"their pods"}),
        (None, 27017, set[str]()),
    ],
    ids=["addresses", "address", "public name", "pods", "not attached"],
)
def test_its_users_alone_reach_it_and_nothing_beside_it(
    project: Path, attached: object, port: int, reached: set[str]
) -> None:
    """Too little cuts the service off, too much opens the network of another team."""
    set_config(project, "dev", attached=None if attached is None else {"mongodb": attached})
    world, pods = world_of(make_plan(project, "dev").named())
    found = matrix(world, pods, HOSTS)
    wanted = {("Deployment/cart", name): (("TCP", port, port),) for name in reached}
    payments = {("Deployment/cart", "public"): (("TCP", 443, 443),)}
    if "public" in reached:
        wanted = {("Deployment/cart", "public"): (("TCP", 443, 443), ("TCP", port, port))}
    assert found == {**payments, **wanted}


def test_what_nobody_attached_stays_unprovided(project: Path) -> None:
    """The plan would not say that a service goes without."""
    assert told(make_plan(project, "dev"), "cart")["mongodb"]["endpoint"] is None
    command = ["--project", str(project), "plan", "--stack", "dev"]
    assert "mongodb        needed by cart" in CliRunner().invoke(app, command).stdout
    set_config(project, "dev", attached={"mongodb": MONGO})
    assert "mongodb" not in CliRunner().invoke(app, command).stdout.partition("Left out")[2]
    found = reach(project, "dev", load_catalog(project), ("cart", "mongodb"))
    assert (found.allowed, found.port) == (True, 27017)
    command = ["--project", str(project), "rehearse", "--stack", "dev", "--fail", "mongodb"]
    assert "Others make 'mongodb' for stack 'dev'" in CliRunner().invoke(app, command).output


@pytest.mark.parametrize("stack", ["dev", "staging"])
def test_a_server_that_is_attached_is_not_made(tmp_path: Path, stack: str) -> None:
    """A second PostgreSQL beside that of the other team costs money and holds nothing."""
    project = shop(tmp_path / "project", queue="Messages")
    own = {each.name for each in make_plan(project, stack).resources}
    postgres = {"host": "pg.db.internal", "port": 5432, "addresses": ["10.20.0.0/16"], "tls": True}
    set_config(project, stack, attached={"postgres": {**postgres, "facts": {"database": "shop"}}})
    plan = make_plan(project, stack)
    names = {each.name for each in plan.resources}
    gone = own - names
    assert {"postgres", "cart-database"} <= gone
    assert all("postgres" in name or "database" in name for name in gone)
    assert names < own
    assert told(plan, "cart")["postgres"]["endpoint"] == {
        "host": "pg.db.internal",
        "port": "5432",
        "sslmode": "verify-full",
        "database": "shop",
    }


PLACE = "Pulumi.dev.yaml: setting 'nexus-cos:attached.mongodb"


@pytest.mark.parametrize(
    ("attached", "sentence"),
    [
        (
            {"mongo": MONGO},
            "setting 'nexus-cos:attached.mongo': there is no such platform resource; did you mean "
            "'mongodb'?",
        ),
        (
            {"kafka": MONGO},
            "setting 'nexus-cos:attached.kafka': there is no such platform resource; remove it, or "
            "declare 'kafka' below 'resources' in catalog/platform.yaml.",
        ),
        (
            {"payments": MONGO},
            "it is an external API, so write it below 'nexus-cos:externals'.",
        ),
        (
            {"gpu": MONGO},
            "setting 'nexus-cos:attached.gpu': 'gpu' is no server that others could have; "
            "remove it.",
        ),
        ({"mongodb": {"port": 27017}}, f"{PLACE}.host' is missing; write:"),
        ({"mongodb": {**MONGO, "port": 0}}, f"{PLACE}.port': 0 is too small; write at least 1."),
        (
            {"mongodb": {**MONGO, "port": 70000}},
            f"{PLACE}.port': 70000 is too large; write at most 65535.",
        ),
        (
            {"mongodb": {**MONGO, "host": "mongodb://mongo:27017"}},
            f"{PLACE}.host': 'mongodb://mongo:27017' is no host; write a name or an address alone",
        ),
        *(
            (
                {"mongodb": {**MONGO, "host": host}},
                f"{PLACE}.host': '{host}' is the pod itself; write where the server is.",
            )
            for host in ("localhost", "127.0.0.1", "169.254.169.254", "::1")
        ),
        (
            {"mongodb": {**INSIDE, "pods": None}},
            f"{PLACE}': 'mongo.databases.svc' is inside of the cluster, where pods are let through "
            "by their labels; write whose, such as",
        ),
        (
            {"mongodb": {**MONGO, "addresses": []}},
            f"{PLACE}': 'mongo.db.internal' has no address in the internet",
        ),
        (
            {"mongodb": {**MONGO, "host": "10.20.0.15"}},
            f"{PLACE}' has addresses, but its host says the only one; remove 'addresses'.",
        ),
        (
            {"mongodb": {**MONGO, "pods": PODS}},
            f"{PLACE}' has both addresses and pods, but it is in one of the two places",
        ),
        (
            {"mongodb": {**INSIDE, "pods": {**PODS, "namespace": "nexus-data"}}},
            f"{PLACE}.pods': 'nexus-data' is a namespace of this platform",
        ),
        ({"mongodb": {**INSIDE, "pods": {**PODS, "labels": {}}}}, f"{PLACE}.pods.labels' is empty"),
        (
            {"mongodb": {**INSIDE, "pods": {**PODS, "labels": {"app": "a b"}}}},
            f"{PLACE}.pods.labels': 'app: a b' is no label of Kubernetes",
        ),
        (
            {"mongodb": {**INSIDE, "username": "shop"}},
            f"{PLACE}' has a username and no password; run: pulumi config set --secret --path "
            "'nexus-cos:attached.mongodb.password', or remove 'username'.",
        ),
        (
            {"mongodb": {**MONGO, "facts": {"host": "b"}}},
            f"{PLACE}.facts': 'host' is told anyway; remove it.",
        ),
    ],
    ids=str,
)
def test_a_mistake_is_one_sentence(project: Path, attached: dict[str, Any], sentence: str) -> None:
    """Found in the log of a service, the mistake has already failed its users."""
    set_config(project, "dev", attached=attached)
    with pytest.raises(InputError) as caught:
        make_plan(project, "dev")
    message = str(caught.value)
    assert sentence in message
    assert message.count("Pulumi.dev.yaml: ") == 1, "one mistake is one problem"
