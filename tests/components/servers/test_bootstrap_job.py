"""The Job that gives a service its part of a server, made alone."""

from __future__ import annotations

from typing import Any

import pytest

from components.servers import bootstrap_job
from components.servers.bootstrap_job import (
    DEADLINE_SECONDS,
    SCRIPTS,
    SECRETS,
    WAIT_SECONDS,
    Bootstrap,
    BootstrapJob,
    BootstrapJobArgs,
    SecretsManagerMaster,
)
from tests.components.recording import (
    CONTEXT,
    Recording,
    assert_makes_what_it_says,
    given,
    record,
)

FETCHED = SecretsManagerMaster(
    secret="arn:secret", region="eu-central-1", service_account="postgres-bootstrap"
)
USUAL: dict[str, Any] = {
    "bootstrap": Bootstrap(context=CONTEXT, namespace="nexus-data", script_map="scripts-1"),
    "image": "postgres:17.5",
    "script": "postgres.sh",
    "env": {"PGHOST": "postgres"},
    "master": "postgres-master-1",
    "username": "cart",
    "password": "hush",
    "rotation": 0,
}


def made(**changes: Any) -> Recording:
    return record(
        lambda: BootstrapJob(
            "cart-database",
            BootstrapJobArgs(server=given("server"), **{**USUAL, **changes}),
        )
    )


def template(job: Recording) -> dict[str, Any]:
    return job.one("Job").inputs["spec"]["template"]


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(BootstrapJob, made())


def test_waits_for_the_server_and_is_the_handle() -> None:
    """A Job that starts before its server uses up its retries and fails the deployment."""
    job = made()
    assert job.outputs["handle"] == "Job cart-database"
    assert job.one("Job").inputs["metadata"]["namespace"] == "nexus-data"
    assert job.waits("Job") == {"ConfigMap given-server", "Secret cart-database-credentials"}


def test_credentials_are_secret_and_mounted() -> None:
    """A password in the environment or in the plan is read by everybody who may look."""
    job = made()
    assert job.secrets["cart-database-credentials"] == {"username": "cart", "password": "hush"}
    # All of a Secret's content is secret, whatever was given.
    assert "stringData.password" in job.one("Secret").secrets
    assert job.one("Secret").inputs["metadata"]["namespace"] == "nexus-data"
    pod = template(job)["spec"]
    [container] = pod["containers"]
    mounts = {each["mountPath"]: each["name"] for each in container["volumeMounts"]}
    assert mounts[f"{SECRETS}/service"] == "service"
    assert mounts[f"{SECRETS}/master"] == "master"
    assert mounts[SCRIPTS] == "script"
    volumes = {each["name"]: each for each in pod["volumes"]}
    assert set(volumes) == set(mounts.values())
    assert volumes["service"]["secret"]["secretName"].startswith("cart-database-credentials-")
    assert volumes["master"]["secret"]["secretName"] == "postgres-master-1"
    assert volumes["script"]["configMap"]["name"] == "scripts-1"
    assert "hush" not in str(job.one("Job").inputs)


def test_without_a_password_there_is_no_secret() -> None:
    """An empty Secret is a login without a password."""
    job = made(password=None, username="")
    assert job.labels() == {"Job cart-database"}
    volumes = template(job)["spec"]["volumes"]
    assert [each["name"] for each in volumes] == ["tmp", "script", "master"]
    assert job.waits("Job") == {"ConfigMap given-server"}


@pytest.mark.parametrize(
    "change",
    [
        {"script": "bucket.sh"},
        {"image": "postgres:18.0"},
        {"username": "basket"},
        {"rotation": 1},
    ],
)
def test_a_change_runs_the_job_again(change: dict[str, Any]) -> None:
    """A fixed script that does not run leaves every database as it was."""
    before, after = template(made()), template(made(**change))
    key = "nexus-cos/inputs"
    assert before["metadata"]["annotations"][key] != after["metadata"]["annotations"][key]


def test_another_text_of_the_script_runs_the_job_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fixed script that does not run leaves every database as it was."""
    before = template(made())["metadata"]["annotations"]
    monkeypatch.setattr(bootstrap_job, "script", lambda _: "echo made otherwise")
    after = template(made())["metadata"]["annotations"]
    assert before["nexus-cos/inputs"] != after["nexus-cos/inputs"]


@pytest.mark.parametrize(
    ("script", "interpreter"),
    [("postgres.sh", "/bin/sh"), ("bucket.sh", "/bin/sh"), ("rabbitmq.py", "python3")],
)
def test_script_is_run_by_what_understands_it(script: str, interpreter: str) -> None:
    """A shell that is given Python fails at the first line, in every environment."""
    [container] = template(made(script=script))["spec"]["containers"]
    assert container["command"] == [interpreter, f"{SCRIPTS}/{script}"]


def test_the_hash_does_not_depend_on_the_password() -> None:
    """A hash of a password in a pod's annotations can be guessed at, offline."""
    hashes = {
        template(made(password=each))["metadata"]["annotations"]["nexus-cos/inputs"]
        for each in ("hush", "another", None)
    }
    assert len(hashes) == 1


def test_script_is_told_its_settings() -> None:
    """A script that waits longer than its Job may run is killed without a reason."""
    [container] = template(made())["spec"]["containers"]
    env = {each["name"]: each["value"] for each in container["env"]}
    assert env == {
        "HOME": "/tmp",
        "SECRETS_DIR": SECRETS,
        "WAIT_SECONDS": str(WAIT_SECONDS),
        "PGHOST": "postgres",
    }
    assert container["command"] == ["/bin/sh", f"{SCRIPTS}/postgres.sh"]
    assert WAIT_SECONDS < DEADLINE_SECONDS


def test_job_ends_before_the_provider_gives_up() -> None:
    """When the provider stops first, its error hides the Job's own reason."""
    job = made().one("Job")
    deadline = job.inputs["spec"]["activeDeadlineSeconds"]
    assert int(job.options["customTimeouts"]["create"].removesuffix("s")) > deadline


def test_failed_job_is_replaced_and_a_done_one_stays() -> None:
    """Jobs are immutable; one that is cleaned away looks to a refresh as never run."""
    job = made().one("Job").inputs
    assert job["metadata"]["annotations"] == {"pulumi.com/replaceUnready": "true"}
    assert "name" not in job["metadata"]
    assert "ttlSecondsAfterFinished" not in job["spec"]
    assert job["spec"]["template"]["spec"]["restartPolicy"] == "Never"


def test_master_of_aws_is_fetched_by_the_pod() -> None:
    """A master's password that passes through Kubernetes is in etcd, and in its backups."""
    job = made(master=FETCHED)
    pod = template(job)["spec"]
    assert pod["serviceAccountName"] == "postgres-bootstrap"
    assert [each["name"] for each in pod["initContainers"]] == ["fetch-master", "split-master"]
    [volume] = [each for each in pod["volumes"] if each["name"] == "master"]
    assert volume["emptyDir"]["medium"] == "Memory"
    env = {each["name"]: each["value"] for each in pod["initContainers"][0]["env"]}
    assert (env["MASTER_ARN"], env["AWS_REGION"]) == ("arn:secret", "eu-central-1")
    usual = template(made())["spec"]
    assert "initContainers" not in usual
    assert "serviceAccountName" not in usual
