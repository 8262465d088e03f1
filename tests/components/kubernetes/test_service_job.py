"""A migration of a service, and a task of one, made alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pulumi

from components.kubernetes.service_job import (
    MIGRATION,
    TASK,
    Lock,
    Runs,
    ServiceJob,
    ServiceJobArgs,
)
from components.kubernetes.traffic import Addresses, Traffic
from components.kubernetes.workload import WorkloadArgs
from components.servers.servers import Grant
from tests.components.kubernetes.workloads import POSTGRES, SHAPED, USUAL
from tests.components.recording import Recording, assert_makes_what_it_says, given, record

RUNS = Runs(image="registry.example/cart:2.3.0", command=("/app/migrate",), arguments=("up",))
DATABASE = Traffic(peers=(Addresses(blocks=(("10.0.0.0/24", ()),)),), port=5432)


def made(**changes: Any) -> Recording:
    def build() -> ServiceJob:
        grant = Grant(
            resource="postgres",
            service="cart",
            handle=None,
            endpoint={"host": "postgres.example", "port": "5433", "database": "cart"},
            credentials={"username": "cart_migration", "password": pulumi.Output.secret("hush")},
        )
        shape: dict[str, Any] = {
            "shape": SHAPED,
            "secrets": {"KEY": pulumi.Output.secret("hushed")},
        }
        usual: dict[str, Any] = {
            "of": WorkloadArgs(**{**USUAL, **shape}),
            "service": "cart",
            "role": MIGRATION,
            "called": "cart-migrate",
            "runs": RUNS,
            "dependencies": (POSTGRES,),
            "grants": (grant,),
            "egress": (DATABASE,),
            "after": (given("database"),),
            "timeout_seconds": 300,
            "lock": Lock(grant=grant, image="postgres:17.5"),
        }
        return ServiceJob("cart-migration", ServiceJobArgs(**{**usual, **changes}))

    return record(build)


def task(**changes: Any) -> Recording:
    return made(role=TASK, called="cart-fill", lock=None, account="cart", **changes)


def job(migration: Recording) -> Any:
    return migration.one("Job").inputs


def pod(migration: Recording) -> Any:
    return job(migration)["spec"]["template"]["spec"]


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(ServiceJob, made(), task(by_hand=True))


def test_waits_for_its_database_and_policy() -> None:
    """A migration of a database that is not there fails, and one without a policy hangs."""
    waits = made().waits("Job")
    assert {"ConfigMap given-database", "NetworkPolicy cart-migration-network"} <= waits


def test_every_release_is_a_job_of_its_own() -> None:
    """The pods of a release would start on the tables of the last one."""
    names = {
        str(job(made(runs=runs))["metadata"]["name"])
        for runs in (
            RUNS,
            replace(RUNS, image="registry.example/cart:2.4.0"),
            replace(RUNS, image=f"registry.example/cart@sha256:{'a' * 64}"),
            replace(RUNS, arguments=("up", "--all")),
            replace(RUNS, command=("/app/migrate", "up"), arguments=()),
        )
    }
    assert len(names) == 5
    assert any(name.startswith("cart-migrate-2-3-0-") for name in names)
    assert job(made())["metadata"]["name"] == job(made())["metadata"]["name"]
    many = replace(RUNS, image=f"r.example/c:{'1' * 128}")
    longest = job(made(called="c" * 52, runs=many))["metadata"]["name"]
    assert len(longest) <= 63


def test_its_lock_is_there_before_it_starts_and_as_long_as_it_runs() -> None:
    """Two pods would change the same tables at once."""
    [lock], [container] = pod(made())["initContainers"], pod(made())["containers"]
    assert lock["restartPolicy"] == "Always"
    env = {each["name"]: each["value"] for each in lock["env"]}
    assert lock["startupProbe"]["exec"]["command"][-1] == env["HELD"]
    folders = {each["mountPath"]: each for each in lock["volumeMounts"]}
    assert not folders[env["HELD"].rpartition("/")[0]]["readOnly"]
    assert env["CREDENTIALS"] == "/var/run/secrets/nexus/postgres"
    assert (env["PGHOST"], env["PGPORT"], env["PGDATABASE"]) == ("postgres.example", "5433", "cart")
    assert (container["command"], container["args"]) == (["/app/migrate"], ["up"])
    assert job(made())["spec"]["podReplacementPolicy"] == "Failed"


def test_signs_in_as_who_may_change_the_tables() -> None:
    """With the service's own login no table can be made."""
    told = made().secrets["cart-migration-credentials"]
    assert told["postgres.username"] == "cart_migration"
    assert told["KEY"] == "hushed"


def test_a_failed_one_is_told_by_its_log_and_made_again() -> None:
    """Nobody would know what went wrong, or every later run would find the failed Job."""
    [container] = pod(made())["containers"]
    assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"
    assert job(made())["metadata"]["annotations"]["pulumi.com/replaceUnready"] == "true"
    assert job(made())["spec"]["activeDeadlineSeconds"] == 300


def test_is_no_pod_of_its_service() -> None:
    """Callers would reach a migration, and the Deployment would take it for its own."""
    migration = made()
    labels = job(migration)["spec"]["template"]["metadata"]["labels"]
    assert labels["app.kubernetes.io/component"] == "migration"
    [container] = pod(migration)["containers"]
    assert not {"ports", "readinessProbe", "livenessProbe", "lifecycle"} & set(container)
    policy = migration.one("NetworkPolicy").inputs["spec"]
    assert policy["podSelector"]["matchLabels"].items() <= labels.items()
    assert "ingress" not in policy
    [rule] = policy["egress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": 5432}]


def test_a_task_runs_as_its_service_does() -> None:
    """A task with other rights than its service's finds buckets closed, or nobody lets it in."""
    seeds = task()
    assert job(seeds)["metadata"]["name"].startswith("cart-fill-2-3-0-")
    assert "initContainers" not in pod(seeds)
    assert pod(seeds)["serviceAccountName"] == "cart"
    labels = job(seeds)["spec"]["template"]["metadata"]["labels"]
    assert labels["app.kubernetes.io/component"] == "task"
    policy = seeds.one("NetworkPolicy").inputs["spec"]
    assert policy["podSelector"]["matchLabels"].items() <= labels.items()


def test_what_is_run_by_hand_waits_for_somebody() -> None:
    """It would run at New Year by itself, or in another stack's cluster."""
    reindex = task(by_hand=True)
    cron = reindex.one("CronJob").inputs
    assert cron["metadata"]["name"] == "cart-fill"
    assert cron["metadata"]["annotations"]["nexus-cos/stack"] == "staging"
    assert cron["spec"]["suspend"] is True
    template = cron["spec"]["jobTemplate"]["spec"]
    assert template["activeDeadlineSeconds"] == 300
    assert template["template"]["spec"] == pod(task())
    assert {"ConfigMap given-database"} <= reindex.waits("CronJob")
