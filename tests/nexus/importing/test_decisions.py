"""What a Compose file does not say is asked, with the line, and then the catalog is sound."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog import InputError, load_catalog
from graph.rules import check
from nexus.importing.images import whole_image
from tests.nexus.importing.made import entry, imported, sentences, sound, write_compose

WEB = {"image": "r.example.com/app:1", "expose": ["8080"]}

OPEN: dict[str, tuple[dict[str, Any], dict[tuple[str | int, ...], Any], list[str]]] = {
    "no-port": (
        {"a": {**WEB, "depends_on": ["b"]}, "b": {"image": "r.example.com/b:1"}},
        {("b", "run", "ports"): {"main": {"port": 9000, "protocol": "tcp"}}},
        ["service 'b', field 'run.ports': others depend on it, but no port is known"],
    ),
    "no-port-and-no-caller": (
        {"a": {"image": "r.example.com/b:1"}},
        {("a", "run"): {"kind": "worker", "health": {"command": ["pgrep", "b"]}}},
        ["service 'a', field 'run.kind': it has no port"],
    ),
    "no-port-but-named": (
        {
            "a": {**WEB, "environment": {"B_URL": "http://b:9000/x"}},
            "b": {"image": "r.example.com/b:1", "healthcheck": {"test": "pgrep b"}},
        },
        {("b", "run", "ports"): {"main": {"port": 9000, "protocol": "tcp"}}},
        ["service 'b', field 'run.ports': B_URL of 'a' names it, but no port"],
    ),
    "port-without-value": (
        {"a": {**WEB, "expose": [], "ports": ["${A_PORT}", "${B}:${METRICS}"]}},
        {("a", "run", "ports", "a", "port"): 9000, ("a", "run", "ports", "metrics", "port"): 9001},
        [
            "service 'a', field 'run.ports.a.port': it is that of A_PORT, which has no value",
            "service 'a', field 'run.ports.metrics.port': it is that of METRICS",
        ],
    ),
    "cycle": (
        {"a": {**WEB, "depends_on": ["b"]}, "b": {**WEB, "depends_on": ["a"]}},
        {("b", "needs"): [{"target": "a", "order": "runtime", "reason": "It retries."}]},
        [
            "service 'a', field 'needs[0]': a → b → a start after each other; on the one",
            "service 'b', field 'needs[0]': a → b → a start after each other",
        ],
    ),
    "second-server-of-several": (
        {
            "a": {**WEB, "depends_on": ["one"]},
            "b": {**WEB, "depends_on": ["two"]},
            "c": {**WEB, "depends_on": ["two"]},
            "d": {**WEB, "depends_on": ["one"]},
            "one": {"image": "redis:8"},
            "two": {"image": "docker.io/bitnami/redis:8"},
        },
        {("b", "needs", 0, "dedicated"): True, ("c", "needs", 0, "dedicated"): False},
        [
            "service 'b', field 'needs[0].dedicated': 'two' is a second redis, with several users",
            "service 'c', field 'needs[0].dedicated'",
        ],
    ),
    "two-servers-of-one": (
        {
            "a": {**WEB, "depends_on": ["one", "two"]},
            "one": {"image": "postgres:17"},
            "two": {"image": "postgres:16"},
        },
        {("a", "needs", 0, "dedicated"): True},
        ["service 'a', field 'needs[0].dedicated': it uses 'one', 'two', but has one postgres"],
    ),
}


@pytest.mark.parametrize("case", OPEN)
def test_a_decision_is_asked_for_and_enough(case: str, tmp_path: Path) -> None:
    """A guess would run in production; a question without a place would never be answered."""
    services, answers, expected = OPEN[case]
    target = tmp_path / "project"
    draft = imported(write_compose(tmp_path / "shop", {"services": services}), target)
    asked = sentences(draft, target, open_=True)
    assert len(asked) == len(expected)
    for sentence, start in zip(asked, expected, strict=True):
        place, _, message = sentence.partition(": ")
        assert message.startswith(start)
        assert re.search(r"\(\S*compose\.yaml:\d+\)$", sentence)
        assert re.fullmatch(r"catalog/services/shop\.yaml:\d+", place)
    with pytest.raises(InputError) as refused:
        check(load_catalog(target))
    # Every line that is refused is one that was asked about.
    lines = {str(problem).partition(": ")[0] for problem in refused.value.problems}
    assert lines <= {sentence.partition(": ")[0] for sentence in asked}
    file = target / "catalog/services/shop.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    for (*above, key), value in answers.items():
        part = content["services"]
        for step in above:
            part = part[step]
        part[key] = value
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    sound(target)


@pytest.mark.parametrize(
    ("service", "told"),
    [
        ({"privileged": True}, "it is privileged, which no pod"),
        ({"network_mode": "host"}, "it uses the machine's network"),
        ({"user": "root"}, "it runs as root"),
        ({"user": "node"}, "it runs as 'node', a name that only the image knows"),
        ({"volumes": ["./conf:/etc/app"]}, "'conf' is mounted at /etc/app from the machine"),
        ({"volumes": ["/var/run/docker.sock:/var/run/docker.sock"]}, "the machine's Docker"),
        (
            {"image": "nginx"},
            "have no version, so that they are others tomorrow: a: docker.io/library",
        ),
        ({"image": "Nginx:1"}, "'Nginx:1' is no image that a registry can have"),
        ({"image": "${APP}:1"}, "its image depends on APP, which has no value"),
        ({"ports": ["53:53/udp"]}, "its UDP ports are left out"),
        ({"deploy": {"mode": "global"}}, "it runs once on every machine"),
        ({"scale": 0}, "it has no replicas, and the usual ones here"),
        ({"mem_reservation": "64M"}, "it reserves memory and has no limit of it"),
        ({"deploy": {"resources": {"reservations": {"cpus": "0.5"}}}}, "it reserves CPU and has"),
        (
            {
                "deploy": {
                    "resources": {"reservations": {"devices": [{"capabilities": ["gpu"]}]}},
                    "placement": {"constraints": ["node.labels.ssd"]},
                }
            },
            "it reserves devices; for a GPU",
        ),
        ({"deploy": {"placement": {"constraints": ["node.labels.ssd"]}}}, "on which machines"),
        ({"environment": {"Api-Key": "x"}}, "Api-Key cannot be kept"),
        ({"environment": ["TOKEN_URL=http://b:1/x"]}, "TOKEN_URL names 'b'"),
        ({"environment": ["X_URL=http://second/x"]}, "X_URL names 'b'"),
        ({"environment": ["X_URL=http://alias.b:80"]}, "X_URL names 'b'"),
        ({"environment": ["HERE_UNSET"]}, "no value is known of HERE_UNSET"),
    ],
)
def test_what_a_pod_may_not_is_told(service: dict[str, Any], told: str, tmp_path: Path) -> None:
    """It fails on the cluster, where nobody remembers the Compose file."""
    networks = {"default": {"aliases": ["alias.b"]}}
    second = {**WEB, "container_name": "second", "networks": networks}
    content = {"services": {"a": {**WEB, **service}, "b": second}}
    draft = imported(write_compose(tmp_path / "shop", content), tmp_path / "p")
    assert [each for each in sentences(draft, tmp_path / "p", open_=False) if told in each]
    sound(tmp_path / "p")


@pytest.mark.parametrize(
    ("test", "health"),
    [
        ("curl -f http://localhost:8080/up || exit 1", {"http": "/up", "port": "http"}),
        ("X='' wget -q -t1 --spider 'http://a:8080/'", {"http": "/", "port": "http"}),
        (["CMD", "curl", "http://127.0.0.1:8080"], {"http": "/", "port": "http"}),
        (["CMD", "curl", "http://b:8080"], {"command": ["curl", "http://b:8080"]}),
        ("echo $${HOSTNAME}", {"command": ["/bin/sh", "-c", "echo ${HOSTNAME}"]}),
        (
            "curl localhost:1 | grep ok",
            {"command": ["/bin/sh", "-c", "curl localhost:1 | grep ok"]},
        ),
        (["NONE"], None),
    ],
)
def test_a_health_check_asks_what_it_asked(test: Any, health: Any, tmp_path: Path) -> None:
    """One that asks something else restarts what works."""
    service = {**WEB, "healthcheck": {"test": test}}
    imported(write_compose(tmp_path / "shop", {"services": {"a": service}}), tmp_path / "p")
    sound(tmp_path / "p")
    found = entry(tmp_path / "p", "a")["run"].get("health")
    times = ("period_seconds", "timeout_seconds", "failures")
    assert found is health or {k: v for k, v in found.items() if k not in times} == health


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ({}, {}),
        ({"mem_limit": "20M"}, {"size": {"memory": "20Mi"}}),
        ({"mem_limit": 1}, {"size": {"memory": "1Mi"}}),
        ({"cpus": 2, "mem_limit": "2g"}, {"size": {"cpu": "2", "memory": "2Gi"}}),
        (
            {"mem_limit": "300M", "mem_reservation": "100M"},
            {"size": {"memory": {"request": "100Mi", "limit": "300Mi"}}},
        ),
        (
            {"deploy": {"resources": {"limits": {"cpus": "0.25", "memory": "20M"}}}},
            {"size": {"cpu": "250m", "memory": "20Mi"}},
        ),
        (
            {
                "deploy": {
                    "replicas": 2,
                    "resources": {"limits": {"cpus": "1"}, "reservations": {"cpus": "0.1"}},
                }
            },
            {
                "size": {"cpu": {"request": "100m", "limit": "1"}},
                "replicas": {"least": 2, "most": 2},
            },
        ),
        ({"deploy": {"replicas": 1}}, {}),
        ({"scale": 3}, {"replicas": {"least": 3, "most": 3}}),
    ],
)
def test_limits_and_replicas_are_those_of_the_file(
    service: dict[str, Any], expected: dict[str, Any], tmp_path: Path
) -> None:
    """A container of the usual size is killed for its memory, or costs what it never uses."""
    imported(write_compose(tmp_path / "s", {"services": {"a": {**WEB, **service}}}), tmp_path / "p")
    sound(tmp_path / "p")
    found = entry(tmp_path / "p", "a")
    assert {key: found[key] for key in ("size", "replicas") if key in found} == expected


@pytest.mark.parametrize(
    ("server", "port"),
    [
        ({"image": "mongo:8"}, 27017),
        ({"image": "mailhog/mailhog", "ports": ["8025:8025", "1025:1025"]}, 1025),
        ({"image": "opensearchproject/opensearch:3", "expose": ["9201"]}, 9201),
        ({"image": "mcr.microsoft.com/mssql/server:2022", "ports": ["${P}"]}, 1433),
    ],
)
def test_an_attached_server_has_the_port_of_its_clients(
    server: dict[str, Any], port: int, tmp_path: Path
) -> None:
    """Through the port of its user interface nobody reaches its data."""
    services = {"a": {**WEB, "depends_on": ["s"]}, "s": server}
    imported(write_compose(tmp_path / "shop", {"services": services}), tmp_path / "p")
    sound(tmp_path / "p")
    settings = yaml.safe_load((tmp_path / "p/Pulumi.dev.yaml").read_text(encoding="utf-8"))
    assert settings["config"]["nexus-cos:attached"] == {"s": {"host": "s.invalid", "port": port}}


def test_names_that_fit_no_cluster_are_changed_and_told(tmp_path: Path) -> None:
    """Kubernetes refuses them; a name of the platform's own would be another thing."""
    services = dict.fromkeys(("My_App", "my-app", "9lives", "storage", "x" * 60), WEB)
    target = tmp_path / "p"
    draft = imported(write_compose(tmp_path / "data", {"services": services}), target)
    catalog = sound(target)
    assert set(catalog.services) == {
        *("my-app", "my-app-2", "s-9lives", "storage-service", "x" * 40)
    }
    assert catalog.domains == ("data-services",)
    told = [each for each in sentences(draft, target, open_=False) if " in Compose; " in each]
    assert len(told) == 4


def test_variables_are_those_of_the_env_file(tmp_path: Path) -> None:
    """A template full of holes is no platform; the second import has to fill them."""
    services = {"a": {"image": "${IMAGE}:${TAG:-1.0}", "expose": ["${PORT_A}"]}}
    file = write_compose(tmp_path / "shop", {"services": services})
    draft = imported(file, tmp_path / "first")
    holes = draft.texts["variables.env"]
    assert re.findall(r"^#(\w+)=$", holes, re.MULTILINE) == ["IMAGE", "PORT_A"]
    filled = tmp_path / "filled.env"
    filled.write_text(
        holes.replace("#IMAGE=", "IMAGE=nginx").replace("#PORT_A=", "PORT_A=8080"), encoding="utf-8"
    )
    again = imported(file, tmp_path / "second", env_files=[filled])
    assert "variables.env" not in again.texts
    assert sound(tmp_path / "second").services["a"].port == 8080
    release = yaml.safe_load((tmp_path / "second/releases/dev.yaml").read_text(encoding="utf-8"))
    assert release["services"] == {"a": "docker.io/library/nginx:1.0"}
    assert entry(tmp_path / "second", "a")["run"]["ports"] == {
        "tcp-8080": {"port": 8080, "protocol": "tcp"}
    }


@pytest.mark.parametrize(
    ("image", "reference"),
    [
        ("nginx:1", "docker.io/library/nginx:1"),
        ("acme/app", "docker.io/acme/app:latest"),
        ("localhost/app:2", "localhost/app:2"),
        ("r.example.com:5000/a/b:1", "r.example.com:5000/a/b:1"),
        (f"nginx:1@sha256:{'0' * 64}", f"docker.io/library/nginx@sha256:{'0' * 64}"),
        (f"r.io/x@sha256:{'0' * 64}", f"r.io/x@sha256:{'0' * 64}"),
    ],
)
def test_an_image_is_completed_as_docker_does(image: str, reference: str) -> None:
    """Another registry has another image under that name, or none."""
    assert whole_image(image) == reference
