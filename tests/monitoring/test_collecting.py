"""What a real collector makes of what containers print, and what it lets nobody see."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog import Catalog
from components.context import DATA
from components.servers.in_cluster_postgres import IMAGE as POSTGRES
from monitoring.collecting import collecting, stored, tenant
from monitoring.redaction import MASK, Redaction
from nexus.plan.plan import Plan
from tests.monitoring.logs import MOMENT, Store, api_server, printed, reading, storing, uid
from tests.nexus.cli.typed import nexus
from tests.projects import copy_project, set_config

OWN = ("SIGNING_SEED", "upstreamPin")
"""Secret variables of the stack, whose names say nothing of that."""

KEY = """-----BEGIN PRIVATE KEY-----
{full}
{full}
{rest}
-----END PRIVATE KEY-----"""


@dataclass(frozen=True)
class Said:
    """What the services said, and what became of it."""

    store: Store
    secrets: list[str]


def value(number: int) -> str:
    """A secret that is looked for."""
    return f"s3cr{number:04}et"


def names_of_secrets(plan: Plan) -> list[str]:
    """How everything is called that is secret in a plan: Secrets, what is in them, passwords."""
    names = {*OWN, *(name.lower() for name in OWN)}
    for each in plan.named():
        if each.type == "kubernetes:core/v1:Secret":
            names |= {key.rpartition(".")[2] for key in each.inputs["stringData"]} - {"username"}
        elif each.type == "random:index/randomPassword:RandomPassword":
            names |= {each.name, each.name.replace("-", "_").upper()}
    # Files with passwords in them, which `content` prints.
    return sorted(names - {"acl", "conf", "json"})


def forms(name: str, secret: str) -> Iterator[str]:
    """How a service may print a secret that it knows by a name."""
    camel = "".join(part.capitalize() for part in name.replace("_", "-").split("-"))
    yield f"{name}={secret}"
    yield f'using {name}: "{secret} and {secret}"'
    yield f"options {{{camel}={secret}, retries=3}}"
    yield json.dumps({"message": "start", name: secret})
    yield json.dumps({"message": "start", "config": {"deep": [{name: secret}]}})
    yield json.dumps({"message": "start", "config": {name: {"current": secret, "old": [secret]}}})
    yield json.dumps({"message": f"with {name}={secret}&x=1", "level": "debug"})
    yield json.dumps({"message": json.dumps({"inner": json.dumps({name: secret})})})
    yield json.dumps({"no": "message", "text": f"{name}: {secret}"})
    yield "{" + f'"{name}": "{secret}", not JSON'


def content(secret: str) -> Iterator[str]:
    """Secrets that their form gives away, and files of ours that have some."""
    yield f"default_pass = {secret}"
    yield json.dumps({"identities": [{"credentials": [{"accessKey": "a", "secretKey": secret}]}]})
    yield f"connecting to postgres://user-auth:{secret}@postgres.nexus-data.svc:5432/user_auth"
    yield json.dumps({"url": f"amqps://glitch:{secret}@queue:5671/glitch", "level": "error"})
    yield f"GET /x HTTP/1.1 Authorization: Bearer {secret}"
    yield json.dumps(
        {"headers": {"Authorization": [f"Bearer {secret}"], "Cookie": f"a=b; s={secret}"}}
    )
    yield f"Cookie: a=b; session={secret}; c=d"
    yield f"sent Bearer abcdef1234{secret}"
    yield f"ALTER ROLE glitch PASSWORD '{secret}'"
    yield f"psql --db-password {secret} --host x"
    yield f"token eyJhbGciOi{secret}.eyJzdWIiOiIx{secret}.{secret}"
    yield f"stripe sk_live_{secret}{secret}"
    yield json.dumps({"pem": KEY.format(full=secret * 8, rest=secret)})
    yield "x" * 20000 + f" password={secret} " + "y" * 20000


PLAIN = (
    "Listening on port 8080",
    "2026/01/31 invalid password for user alice, 3 tokens left",
    "GET https://registry.example.com:443/@scope/package?page=2 200 12ms",
    "basic authentication is on; bearer authentication is off; bypass: true",
    "at com.example.Main.main(Main.java:12)",
    "user alice@example.com signed in from http://host:8080/a@b",
    "{not json}",
    "Zażółć gęślą jaźń 日本語 \t $HOME ${HOME} %s \\n",
)
"""Lines without a secret, however close they come."""


STRUCTURED: tuple[dict[str, Any], ...] = (
    {
        "timestamp": "2026-01-31T08:59:59Z",
        "level": "warn",
        "message": "slow answer",
        "trace_id": "5b8aa5a2d2c872e8321cf37308d69df2",
        "span_id": "051581bf3cb55c13",
        "http.response.status_code": 200,
        "order": 9007199254740993,
        "items": ["a", "b"],
        "user": {"name": "alice", "token_count": 3},
    },
    {"msg": "no trace", "severity": "CRITICAL", "trace_id": "none"},
    {"event": "without words"},
)


VERSIONS = {"invoice-gen": "registry.example.com/nexus/invoice-gen:1.4.2@sha256:" + "a" * 64}


def pod_of(plan: Plan, service: str) -> dict[str, Any]:
    """A pod of a service as the API server shows it."""
    (made,) = (each for each in plan.named() if each.name == service and each.pod is not None)
    template = made.spec["template"]
    (container, *_) = template["spec"]["containers"]
    image = VERSIONS.get(service, container["image"])
    return {
        "metadata": {
            **template["metadata"],
            "namespace": made.namespace,
            "name": f"{service}-5d8f-x2k4q",
            "uid": uid(service),
        },
        "spec": {"nodeName": "node", "containers": [{"name": service, "image": image}]},
        "status": {
            "podIP": "10.0.0.1",
            "containerStatuses": [
                {
                    "name": service,
                    "image": image,
                    "containerID": "containerd://abc",
                    "restartCount": 0,
                }
            ],
        },
    }


@pytest.fixture(scope="module")
def said(plan: Plan, catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Generator[Said]:
    """A store with all that two services said."""
    folder = tmp_path_factory.mktemp("pods")
    secrets: list[str] = []
    lines: list[str] = []
    for name in names_of_secrets(plan):
        secrets.append(value(len(secrets)))
        lines += forms(name, secrets[-1])
    for index in range(len([*content("")])):
        secrets.append(value(len(secrets)))
        lines.append([*content(secrets[-1])][index])
    secrets.append(value(len(secrets)))
    key = KEY.format(full=secrets[-1] * 7 + "abc", rest=secrets[-1])
    printed(folder, "nexus-authentication/user-auth", [*lines, *key.splitlines(), "after"])
    printed(folder, "nexus-business/ledger-mgr", PLAIN)
    printed(folder, "nexus-business/invoice-gen", map(json.dumps, STRUCTURED))
    printed(folder, "nexus-data/postgres", ["database system is ready to accept connections"])
    printed(folder, "nexus-2-business/ledger-mgr", ["of another stack"])
    pods = [pod_of(plan, name) for name in ("invoice-gen", "postgres")]
    with storing() as store:
        configuration = collecting(
            stored(store.url, (*catalog.domains, DATA)),
            prefix="nexus",
            environment="dev",
            redaction=Redaction(names=OWN),
            logs=str(folder),
            state=str(tmp_path_factory.mktemp("state")),
        )
        with (
            api_server(pods, tmp_path_factory.mktemp("api")) as kubeconfig,
            reading(configuration, kubeconfig),
        ):
            store.found(tenant("authentication"), least=len(lines) + 3)
            store.found(tenant("business"), least=len(PLAIN) + len(STRUCTURED))
            yield Said(store, secrets)


def test_no_secret_leaves(said: Said) -> None:
    """Who reads logs is many more people than who may know a password."""
    records = said.store.found(tenant("authentication"))
    leaked = [
        (secret, record)
        for record in records
        for secret in said.secrets
        if secret in json.dumps(record)
    ]
    assert leaked == []
    assert sum(MASK in json.dumps(record) for record in records) > len(records) * 0.9


def test_what_is_no_secret_is_as_it_was(said: Said) -> None:
    """A collector that changes words sends people after what nobody said."""
    records = said.store.found(tenant("business"), 'service.name:="ledger-mgr"')
    assert sorted(record.get("_msg", "") for record in records) == sorted(PLAIN)
    assert {record["deployment.environment.name"] for record in records} == {"dev"}


def records_of(said: Said, domain: str, service: str) -> list[dict[str, Any]]:
    return said.store.found(tenant(domain), f'service.name:="{service}"')


def test_a_record_says_who_where_and_which_version(said: Said) -> None:
    """An outage of a new version is not seen in logs that do not tell versions apart."""
    records = records_of(said, "business", "invoice-gen")
    expected = {
        "service.name": "invoice-gen",
        "service.namespace": "business",
        "nexus.tier": "domain",
        "service.version": VERSIONS["invoice-gen"].partition(":")[2],
        "deployment.environment.name": "dev",
        "k8s.pod.name": "invoice-gen-5d8f-x2k4q",
    }
    for record in records:
        assert {key: record.get(key) for key in expected} == expected
    assert len(records) == len(STRUCTURED)


def test_what_no_label_says_the_file_does(said: Said) -> None:
    """While the API server is away, a log without a service would be nobody's."""
    (record,) = (
        each for each in said.store.found(tenant("authentication")) if each["_msg"] == "after"
    )
    assert (record["service.name"], record["service.namespace"]) == ("user-auth", "authentication")
    (server,) = said.store.found(tenant(DATA))
    assert server["service.namespace"] == DATA
    assert server["service.version"] == POSTGRES.rpartition(":")[2]


def test_fields_of_a_line_are_fields_of_its_record(said: Said) -> None:
    """Without a level and a trace id logs are searched line by line."""
    records = {each["_msg"]: each for each in records_of(said, "business", "invoice-gen")}
    slow = records["slow answer"]
    expected = {
        "_time": MOMENT,
        "severity_text": "warn",
        "severity_number": "13",
        "trace_id": "5b8aa5a2d2c872e8321cf37308d69df2",
        "span_id": "051581bf3cb55c13",
        "http.response.status_code": "200",
        # As a floating point number it would be another one.
        "order": "9007199254740993",
        "items.0": "a",
        "items.1": "b",
        "user.name": "alice",
        "user.token_count": "3",
        "timestamp": "2026-01-31T08:59:59Z",
        "log.iostream": "stdout",
    }
    assert {key: slow.get(key) for key in expected} == expected
    assert not {"message", "level", "logtag", "log.file.path", "nexus.json"} & slow.keys()
    assert records["no trace"]["severity_number"] == "21"
    # What looks like none is not made one.
    assert records["no trace"]["trace_id"] == "none"
    assert any(each.get("event") == "without words" for each in records.values())


def test_nobody_else_is_read(said: Said) -> None:
    """A second stack in the cluster, or a domain's neighbour, reads what is its own alone."""
    assert said.store.found(0, least=0) == []
    everybody = [said.store.found(tenant(name), least=0) for name in ("business", "finance")]
    assert not any(each["_msg"] == "of another stack" for records in everybody for each in records)
    assert {each["service.namespace"] for each in everybody[0]} == {"business"}


def test_what_is_printed_before_the_labels_are_known_waits(plan: Plan, tmp_path: Path) -> None:
    """The first lines of a new node would be of no version."""
    (tmp_path / "api").mkdir()
    printed(tmp_path / "pods", "nexus-business/invoice-gen", ["early"])
    with storing() as store:
        configuration = collecting(
            stored(store.url, ["business"]),
            prefix="nexus",
            environment="dev",
            redaction=Redaction(),
            logs=str(tmp_path / "pods"),
            state=str(tmp_path / "state"),
        )
        pods = [pod_of(plan, "invoice-gen")]
        with (
            api_server(pods, tmp_path / "api", silent_seconds=1.5) as kubeconfig,
            reading(configuration, kubeconfig),
        ):
            (record,) = store.found(tenant("business"))
    assert record["nexus.tier"] == "domain"
    assert record["service.version"].startswith("1.4.2@")


def test_typed_for_it_knows_the_stacks_own_secrets(tmp_path: Path) -> None:
    """A secret variable whose name says nothing is found only by who knows the settings."""
    project = copy_project(tmp_path / "project")
    values = {"user-auth": {"SIGNING_SEED": {"secure": "v1:x:y"}}}
    set_config(project, "dev", secretVariables=values, namespacePrefix="blue")
    document = yaml.safe_load(nexus("monitoring", "--format", "collector", project=project).stdout)
    (pattern,) = document["processors"]["redaction"]["blocked_key_patterns"]
    assert "signing[-_. ]?seed" in pattern
    include = document["receivers"]["file_log"]["include"]
    assert "/var/log/pods/blue-authentication_*/*/*.log" in include
