"""What a container is that a catalog entry describes: what is said, and what holds otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog import load_catalog
from catalog.run import (
    Command,
    Connect,
    GrpcHealth,
    HttpGet,
    Kind,
    Port,
    Probe,
    Protocol,
    Question,
    Run,
)
from tests.catalog.examples import EXAMPLES, complaints, example_project, write_project

HTTP = Port(name="http", number=8080)
GRPC = Port(name="grpc", number=9000, protocol=Protocol.GRPC)


def runs(folder: Path) -> dict[str, Run]:
    project = example_project(folder, EXAMPLES / "services" / "run.ok.yaml")
    return {name: each.run for name, each in load_catalog(project).services.items()}


def run_of(folder: Path, run: str, more: str = "") -> Run:
    text = f"domain: shop\nservices:\n  cart: {{summary: C, tier: core, {more}run: {run}}}\n"
    return load_catalog(write_project(folder, {"services/shop.yaml": text})).services["cart"].run


def timed(probe: Probe) -> tuple[Question, int, int, int]:
    return probe.asks, probe.period_seconds, probe.timeout_seconds, probe.failures


def test_nothing_said_is_one_http_port_with_three_paths(tmp_path: Path) -> None:
    """Every service of today would be watched otherwise than it was."""
    run = run_of(tmp_path, "{}")
    assert (run.kind, run.ports, run.called) == (Kind.WEB, (HTTP,), HTTP)
    assert run.health is not None
    assert timed(run.health.startup) == (HttpGet(path="/health/startup", port=HTTP), 2, 2, 15)
    assert timed(run.health.readiness) == (HttpGet(path="/health/ready", port=HTTP), 5, 2, 3)
    assert timed(run.health.liveness) == (HttpGet(path="/health/live", port=HTTP), 10, 2, 3)
    assert (run.grace_seconds, run.drain_seconds) == (30, 5)


def test_the_short_form_of_a_port_is_the_long_one(tmp_path: Path) -> None:
    """Two ways to say the same would deploy two things."""
    short = run_of(tmp_path / "a", "{}", "port: 9000, ")
    assert short == run_of(tmp_path / "b", "{ports: {http: 9000}}")


def test_every_probe_is_asked_as_it_says(tmp_path: Path) -> None:
    """A probe of another port or pace restarts what works."""
    health = runs(tmp_path)["orders"].health
    assert health is not None
    metrics = Port(name="metrics", number=9090)
    assert timed(health.startup) == (Connect(port=GRPC), 5, 2, 12)
    assert timed(health.readiness) == (HttpGet(path="/ready?deep=1", port=metrics), 5, 5, 3)
    assert timed(health.liveness) == (GrpcHealth(port=GRPC, service="orders.v1.Orders"), 10, 2, 5)


def test_one_question_for_everything_restarts_later_than_it_unlists(tmp_path: Path) -> None:
    """A pod that is busy for a moment is restarted before its Service leaves it alone."""
    health = runs(tmp_path)["streams-api"].health
    assert health is not None
    assert timed(health.startup) == (GrpcHealth(port=GRPC), 2, 2, 15)
    assert timed(health.readiness) == (GrpcHealth(port=GRPC), 3, 2, 4)
    assert timed(health.liveness) == (GrpcHealth(port=GRPC), 6, 2, 4)


@pytest.mark.parametrize(
    ("ports", "questions"),
    [
        (
            "{grpc: {port: 9000, protocol: grpc}}",
            [GrpcHealth(port=GRPC)] * 2 + [Connect(port=GRPC)],
        ),
        (
            "{sql: {port: 5432, protocol: tcp}}",
            [Connect(port=Port(name="sql", number=5432, protocol=Protocol.TCP))] * 3,
        ),
        (
            "{grpc: {port: 9000, protocol: grpc}, http: 8080}",
            [HttpGet(path=f"/health/{path}", port=HTTP) for path in ("startup", "ready", "live")],
        ),
    ],
)
def test_a_service_that_says_nothing_of_its_health_is_asked_by_its_protocol(
    ports: str, questions: list[Question], tmp_path: Path
) -> None:
    """An HTTP probe of a gRPC port never succeeds."""
    health = run_of(tmp_path, f"{{ports: {ports}}}").health
    assert health is not None
    assert [each.asks for each in (health.startup, health.readiness, health.liveness)] == questions


def test_a_start_that_is_not_described_asks_as_liveness(tmp_path: Path) -> None:
    """Asked as readiness, a start during an outage of the database would be restarted for ever."""
    run = run_of(
        tmp_path,
        "{kind: worker, ports: {http: 8080}, "
        "health: {readiness: {http: /ready}, liveness: {command: [live], period_seconds: 60}}}",
    )
    assert run.health is not None
    assert timed(run.health.startup) == (Command(command=("live",)), 2, 2, 15)


def test_what_nobody_calls_has_no_port_for_callers(tmp_path: Path) -> None:
    """A gateway's rule would route to what does not listen."""
    found = runs(tmp_path)
    assert found["mailer"].called is None
    assert found["mailer"].watched == Port(name="metrics", number=9090)
    assert found["sweeper"].called is None
    assert found["sweeper"].health is None
    assert (found["mailer"].grace_seconds, found["mailer"].drain_seconds) == (3, 0)
    catalog = load_catalog(tmp_path)
    routes = [edge.target for edge in catalog.needs("gateway")]
    assert routes == ["orders", "streams", "streams-api"]


def test_edges_lead_to_the_port_that_they_name(tmp_path: Path) -> None:
    """The policy would open a port that nobody calls, and not the one that is called."""
    catalog = load_catalog(example_project(tmp_path, EXAMPLES / "services" / "run.ok.yaml"))
    called = {edge.target: catalog.called(edge) for edge in catalog.needs("orders")}
    assert called == {
        "postgres": (),
        "streams": (Port(name="rtmp", number=1935, protocol=Protocol.TCP),),
        "streams-api": (GRPC,),
    }


def test_everything_else_is_kept_as_it_is_written(tmp_path: Path) -> None:
    """A container without its files or user ends at once."""
    run = runs(tmp_path)["orders"]
    assert (run.command, run.arguments, run.user) == (("/app/orders",), ("--verbose",), 1000)
    assert [(each.path, each.size, each.memory) for each in run.writable] == [
        ("/dev/shm", "16Mi", True),
        ("/tmp", "1Gi", False),
        ("/var/cache/app", "64Mi", True),
    ]
    assert run.environment == {"LOG_LEVEL": "info", "http_proxy": "http://proxy:3128"}
    [file] = run.files
    assert (file.path, file.source) == ("/etc/app/app.conf", "catalog/services/shop.yaml")
    assert file.content == (tmp_path / file.source).read_text(encoding="utf-8")


FILES = "domain: shop\nservices:\n  cart: {summary: C, tier: core, run: {files: {/a: x, /b: y}}}\n"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xfe", "'x' is not UTF-8 text; put other files into the image."),
        (
            b"x" * 600_000,
            "with 'x' the files of this service have more than 512 KiB together; put what is "
            "large into the image or a bucket.",
        ),
    ],
)
def test_files_that_no_config_map_takes(content: bytes, sentence: str, tmp_path: Path) -> None:
    """The deployment would end in the middle, with words of the API server."""
    project = write_project(tmp_path, {"services/shop.yaml": FILES})
    (tmp_path / "x").write_bytes(content)
    (tmp_path / "y").write_text("y", encoding="utf-8")
    assert f"field 'run.files./a': {sentence}" in complaints(project)[0]


def test_a_link_out_of_the_project_is_not_followed(tmp_path: Path) -> None:
    """A key of whoever deploys would be read into a ConfigMap."""
    project = write_project(tmp_path / "project", {"services/shop.yaml": FILES})
    (tmp_path / "key").write_text("secret", encoding="utf-8")
    (project / "x").symlink_to(tmp_path / "key")
    (project / "y").write_text("y", encoding="utf-8")
    assert complaints(project) == [
        "catalog/services/shop.yaml:3: service 'cart', field 'run.files./a': 'x' is outside of "
        "the project; name a file in it, from its folder."
    ]
