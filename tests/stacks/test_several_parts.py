"""Services with several databases, vhosts and keys: a login for each, and what they are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog import InputError, load_catalog
from nexus.pictures.json import graph_document
from nexus.pictures.text import neighbours_as_text
from nexus.plan.plan import Plan
from nexus.policy.reachability import world_of
from nexus.policy.rules import violations
from stacks.capacity import check_capacity
from stacks.environment import ENVIRONMENTS
from tests.nexus.diff.plans import graph
from tests.projects import project_of
from tests.reachable import matrix
from tests.stacks.several_parts import SERVICES, plan_of, project, settings_of, told


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return plan_of(tmp_path_factory.mktemp("parts"))


def test_each_part_has_a_login_of_its_own(plan: Plan) -> None:
    """The Jobs take a login out of every other database, so two of one login undo each other."""
    wanted = {
        "orders-database": ("orders", "orders_migration", "postgres"),
        "orders-archive-database": ("orders-archive", "orders-archive_migration", "postgres"),
        "orders-database-access": ("orders", "orders", "postgres"),
        "orders-archive-database-access": ("orders-archive", "orders-archive", "postgres"),
        "orders-reporting-database": ("reporting", "orders-reporting", "postgres"),
        "billing-reporting-database": ("reporting", "billing-reporting", "postgres"),
        "reporting-database": ("reporting", "reporting", "postgres"),
        "reporting-orders-database": ("orders", "reporting-orders", "postgres"),
        "reporting-orders-archive-database": (
            *("orders-archive", "reporting-orders-archive", "postgres"),
        ),
        "reporting-billing-database": ("billing", "reporting-billing", "billing-postgres"),
    }
    for job, (database, login, server) in wanted.items():
        found = settings_of(plan, job)
        host = found["PGHOST"].partition(".")[0]
        assert (found["DATABASE"], found["LOGIN_ROLE"], host) == (database, login, server)
    vhosts = {
        "orders-vhost": ("orders", "orders"),
        "orders-audit-vhost": ("orders-audit", "orders-audit"),
        "reporting-vhost": ("reporting", "reporting"),
        "reporting-orders-audit-vhost": ("orders-audit", "reporting-orders-audit"),
    }
    for job, wanted_vhost in vhosts.items():
        found = settings_of(plan, job)
        assert (found["VHOST"], found["USERNAME"]) == wanted_vhost
    # Its user's connections count as those of the vhost that it is in, and of no other.
    limits = [settings_of(plan, job)["VHOST_MAX_CONNECTIONS"] for job in list(vhosts)[:3]]
    assert limits == ["20", "40", "20"]


def test_a_service_is_told_of_each_part_by_name_and_of_its_usual_one_first(plan: Plan) -> None:
    """It would find another one's tables where it looks for its own."""
    found = told(plan, "reporting")
    assert sorted(found) == ["billing-postgres", "postgres", "queue", "redis"]
    folder, database = "/var/run/secrets/nexus", found["postgres"]
    assert database["endpoint"]["database"] == "reporting"
    assert database["credentials"] == f"{folder}/postgres"
    assert {
        name: (each["database"], each["credentials"]) for name, each in database["parts"].items()
    } == {
        "reporting": ("reporting", f"{folder}/postgres"),
        "orders-archive": ("orders-archive", f"{folder}/postgres.orders-archive"),
        "orders": ("orders", f"{folder}/postgres.orders"),
    }
    assert [*database["parts"]] == ["reporting", "orders-archive", "orders"]
    # On another server, which may be down while this one is not.
    assert found["billing-postgres"]["endpoint"]["database"] == "billing"
    assert found["billing-postgres"]["credentials"] == f"{folder}/billing-postgres"
    assert {name: each["prefix"] for name, each in found["redis"]["parts"].items()} == {
        "reporting": "reporting:",
        "orders": "orders:",
    }
    audit = found["queue"]["parts"]["orders-audit"]
    assert (audit["vhost"], audit["exchange"]) == ("orders-audit", "trail")
    other = told(plan, "billing")
    assert other["postgres"]["endpoint"]["host"].startswith("billing-postgres.")
    assert other["shared-postgres"]["endpoint"]["database"] == "reporting"
    assert other["shared-postgres"]["credentials"] == f"{folder}/shared-postgres"
    assert told(plan, "orders")["postgres"]["parts"].keys() == {"orders", "archive", "reporting"}


def test_every_folder_that_it_is_told_of_has_a_login(plan: Plan) -> None:
    """A service that signs in to one part with the password of another is refused."""
    [secret] = [each for each in plan.resources if each.name == "reporting-credentials"]
    [pod] = [
        each.inputs["spec"]["template"]["spec"]
        for each in plan.named()
        if (each.kind, each.name) == ("Deployment", "reporting")
    ]
    [volume] = [each["secret"] for each in pod["volumes"] if each["name"] == "credentials"]
    mounted = {each["path"]: each["key"] for each in volume["items"]}
    assert {*mounted.values()} == secret.inputs["stringData"].keys()
    folders = {
        part["credentials"].removeprefix("/var/run/secrets/nexus/")
        for each in told(plan, "reporting").values()
        for part in (each, *each.get("parts", {}).values())
    }
    assert len(folders) == 8
    wanted = {f"{folder}/{file}" for folder in folders for file in ("username", "password")}
    assert mounted == {path: path.replace("/", ".") for path in wanted}


def test_a_migration_changes_all_of_its_own_databases_and_no_other(plan: Plan) -> None:
    """The service may change no table itself, so nobody could change those of its second one."""
    found = told(plan, "orders-migration")["postgres"]
    folder = "/var/run/secrets/nexus/postgres"
    assert {name: each["credentials"] for name, each in found["parts"].items()} == {
        "orders": folder,
        "archive": f"{folder}.archive",
    }
    [secret] = [each for each in plan.resources if each.name == "orders-migration-credentials"]
    assert sorted(secret.inputs["stringData"]) == [
        *("postgres.archive.password", "postgres.archive.username"),
        *("postgres.password", "postgres.username"),
    ]


def test_everybody_reaches_the_servers_of_its_parts_and_no_other(plan: Plan) -> None:
    """A part on the owner's server is of no use without a way there."""
    world, pods = world_of(plan.named())
    found = {pair for pair, ports in matrix(world, pods, pods).items() if ports}
    services = {
        (f"Deployment/{source}", f"StatefulSet/{server}")
        for source, servers in {
            "orders": ("postgres", "redis", "queue"),
            "billing": ("billing-postgres", "postgres"),
            "reporting": ("postgres", "billing-postgres", "redis", "queue"),
        }.items()
        for server in servers
    }
    migration = {("Job/orders-migration", "StatefulSet/postgres")}
    jobs = {
        (f"Job/{each.name}", f"StatefulSet/{server}")
        for each in plan.named()
        if each.kind == "Job" and each.name.endswith(("-database", "-database-access", "-vhost"))
        for server in [
            "queue"
            if each.name.endswith("-vhost")
            else settings_of(plan, each.name)["PGHOST"].partition(".")[0]
        ]
    }
    assert len(jobs) == 15
    assert found == services | migration | jobs
    assert [str(each) for each in violations(plan.named())] == []


def test_a_service_waits_for_every_part_and_a_user_for_the_owner_s(plan: Plan) -> None:
    """It would start without one of its logins, or the login's Job without its database."""
    made = {(each.type.rpartition(":")[2], each.name): each for each in plan.resources}
    waited = made["Deployment", "reporting"].dependencies
    for login in ("", "-orders", "-orders-archive", "-billing"):
        assert made["Job", f"reporting{login}-database"].urn in waited
    for login in ("", "-orders-audit"):
        assert made["Job", f"reporting{login}-vhost"].urn in waited
    archive = made["Job", "reporting-orders-archive-database"].dependencies
    assert made["Job", "orders-archive-database-access"].urn in archive


def test_graphs_have_one_edge_to_a_server_and_tell_of_every_part(tmp_path: Path) -> None:
    """Two edges between two nodes would be counted twice, and one alone would hide the others."""
    catalog = load_catalog(project(tmp_path))
    edges = [each for each in graph_document(catalog)["edges"] if each["source"] == "reporting"]
    assert [each["target"] for each in edges] == ["billing-postgres", "postgres", "queue", "redis"]
    assert edges[0]["of"] == "billing"
    assert edges[1]["parts"] == [
        {"of": None},
        {"of": "orders", "part": "archive", "access": "read-write"},
        {"of": "orders", "access": "read"},
    ]
    # What a snapshot tells is what is compared.
    assert graph(graph_document(catalog)).edges_to("postgres")[1].parts == (
        catalog.edges_to("postgres")[1].parts
    )
    text = neighbours_as_text(catalog, "reporting")
    assert "one of its own, 'archive' of orders, to read-write and that of orders, to read" in text


def test_what_a_server_takes_is_held_against_every_login(tmp_path: Path) -> None:
    """The second login of a service would be refused, for want of connections, in the day."""
    mailer = """\
  mailer:
    summary: Sends mails
    tier: core
    needs: [queue, {target: queue, part: bounces}, {target: queue, part: replies}]
"""
    catalog = load_catalog(project_of(tmp_path / "project", SERVICES + mailer, {}))
    with pytest.raises(InputError) as raised:
        check_capacity(ENVIRONMENTS["staging"], catalog, managed=True)
    assert "each (orders, reporting) and 1 at 60 (mailer) are 140," in str(raised.value)
