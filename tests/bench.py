"""Measures speed and memory: `make bench`. Prints figures, asserts nothing.

Each command runs as a process of its own, imports included; the smallest of the
runs is the least disturbed by what else the machine does. With `SINCE=REVISION`
it compares the commands with those of that revision instead, in turns.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from catalog import Catalog, load_catalog
from monitoring.alertmanager import alertmanager
from monitoring.collecting import collecting, stored, tenant
from monitoring.redaction import Redaction
from monitoring.rules import rules
from tests.monitoring.logs import api_server, printed, storing
from tests.monitoring.logs import reading as reading_logs
from tests.monitoring.servers import Loopback, reading
from tests.monitoring.simulated import Exporter, Outage, played
from tests.projects import ROOT, copy_project
from tests.servers.found import found
from tests.servers.running import scratch_folder

RUNS = 5
COPIES = (1, 10, 40)
"""Sizes of the synthetic catalogs, in copies of the 43 services."""

RECORDS = 30_000
"""Lines that a collector reads."""

WATCHED = 10
"""Up to how many copies a Prometheus evaluates the rules."""

COMPARED = (
    ["check"],
    ["graph"],
    ["plan", "--stack", "dev"],
    ["plan", "--stack", "staging"],
    ["plan", "--stack", "prod"],
)
"""What is compared with another revision."""

NEXUS = Path(sys.executable).with_name("nexus")


@dataclass(frozen=True)
class Figure:
    """Seconds, those of the processor, and peak memory (MiB) of one run of a command."""

    seconds: float
    cpu_seconds: float
    mebibytes: float


def _run(command: Sequence[str], environment: Mapping[str, str]) -> Figure:
    start = time.perf_counter()
    process = os.posix_spawn(
        command[0],
        list(command),
        environment,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    _, status, usage = os.wait4(process, 0)
    seconds = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"'{' '.join(command)}' failed; run it to see why.")
    return Figure(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def measure(command: Sequence[str], runs: int) -> Figure:
    """The fastest of `runs` runs of `command`, and the memory of that run."""
    figures = [_run(command, os.environ) for _ in range(runs)]
    return min(figures, key=lambda figure: figure.seconds)


def compare(project: Path, before: Path, arguments: Sequence[str], runs: int) -> tuple[float, ...]:
    """The least CPU seconds of `nexus ARGUMENTS` in `before` and in `project`.

    Each runs its own code with the Python packages of this one, in turns. Processor's
    seconds differ less than the clock's from run to run on a machine that does other things.
    """
    figures: dict[Path, list[Figure]] = {before: [], project: []}
    for _ in range(runs):
        for root, measured in figures.items():
            environment = {**os.environ, "PYTHONPATH": str(root)}
            measured.append(_run([str(NEXUS), "--project", str(root), *arguments], environment))
    return tuple(min(figure.cpu_seconds for figure in figures[root]) for root in figures)


def checkout(revision: str, folder: Path) -> Path:
    """The files of a revision of this repository, in `folder`."""
    archive = subprocess.run(
        ["git", "-C", str(ROOT), "archive", revision], check=True, stdout=subprocess.PIPE
    )
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder


def synthetic_project(target: Path, copies: int) -> Path:
    """A project whose catalog is the real one `copies` times, each copy with its own edges."""
    project = copy_project(target)
    catalog = load_catalog(ROOT)
    shutil.rmtree(project / "catalog" / "services")
    (project / "catalog" / "services").mkdir()
    for copy in range(copies):
        for domain in catalog.domains:
            path = project / "catalog" / "services" / f"{domain}-{copy}.yaml"
            path.write_text(yaml.safe_dump(_domain(catalog, domain, copy)), encoding="utf-8")
    path = project / "catalog" / "platform.yaml"
    platform = yaml.safe_load(path.read_text(encoding="utf-8"))
    platform["flows"] = {
        f"{flow.name}-{copy}": [f"{s}-{copy}" if s in catalog.services else s for s in flow.steps]
        for copy in range(copies)
        for flow in catalog.flows
    }
    platform["buckets"] = {
        f"{name}-{copy}": {
            "owner": f"{bucket.owner}-{copy}",
            "granted": [f"{service}-{copy}" for service in bucket.granted],
            "served": bucket.served and copy == 0,
        }
        for copy in range(copies)
        for name, bucket in catalog.buckets.items()
    }
    path.write_text(yaml.safe_dump(platform), encoding="utf-8")
    return project


def _domain(catalog: Catalog, domain: str, copy: int) -> dict[str, Any]:
    def renamed(target: str) -> str:
        return f"{target}-{copy}" if target in catalog.services else target

    services: dict[str, Any] = {}
    for service in catalog.services.values():
        if service.domain == domain:
            needs = [
                {
                    "target": renamed(edge.target),
                    "order": str(edge.order),
                    **({"fallback": str(edge.fallback)} if edge.fallback else {}),
                    **({"reason": edge.reason} if edge.reason else {}),
                }
                for edge in catalog.needs(service.name)
                # The balancer routes to one service, so the other copies stand behind that one.
                if copy == 0 or edge.target != "load-balancer"
            ]
            services[f"{service.name}-{copy}"] = {
                "summary": service.summary,
                "tier": str(service.tier),
                "needs": needs,
            }
    return {"domain": f"{domain}-{copy}", "services": services}


def main() -> None:
    """Prints the figures as a Markdown table."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--since", metavar="REVISION", help="compare with this revision")
    since = parser.parse_args().since
    if since:
        _print_comparison(since)
    else:
        _print_figures()


def generated(catalog: Catalog) -> float:
    """Seconds that the rules and routes of one stack take, of the processor."""
    start = time.process_time()
    rules(catalog)
    alertmanager(catalog)
    return time.process_time() - start


def evaluated(catalog: Catalog) -> float:
    """Seconds that Prometheus takes for all rules of one stack, once."""
    stacks = {
        "dev": played(catalog, Outage(down={"postgres": (0, 1e9)}, by="wrong"), seed=1, lag=0)
    }
    loopback = Loopback(text=Exporter(catalog, stacks).text)
    with (
        loopback.serving() as port,
        scratch_folder("bench") as folder,
        reading(found().prometheus, rules(catalog), port, "5s", folder) as url,
    ):

        def taken() -> dict[str, float]:
            with urllib.request.urlopen(f"{url}/metrics") as answer:
                text = answer.read().decode()
            pattern = r'^prometheus_rule_group_last_duration_seconds\{.*;(.+)"\} (\S+)$'
            return {name: float(each) for name, each in re.findall(pattern, text, re.MULTILINE)}

        # Two intervals of 30 s, the second over what has been read; budgets are every five minutes.
        time.sleep(75)
        return sum(taken().values())


def collected(*, redacting: bool) -> float:
    """Records per second of the processor that a collector reads, marks and sends."""
    lines = [
        f'{{"level": "info", "message": "GET /orders/{number} 200", "user": {{"id": {number}}}}}'
        if number % 2
        else f"2026-01-31 09:00:00 worker {number} took order {number} from the queue in 12 ms"
        for number in range(RECORDS)
    ]
    with scratch_folder("bench") as folder, storing() as store:
        printed(folder / "pods", "nexus-shop/orders", lines)
        configuration = yaml.safe_load(
            collecting(
                stored(store.url, ["shop"]),
                prefix="nexus",
                environment="dev",
                redaction=Redaction(),
                logs=str(folder / "pods"),
                state=str(folder / "state"),
            )
        )
        if not redacting:
            pipeline = configuration["service"]["pipelines"]["logs"]
            pipeline["processors"] = [
                each for each in pipeline["processors"] if "redaction" not in each
            ]
        with (
            api_server([], folder) as kubeconfig,
            reading_logs(yaml.safe_dump(configuration), kubeconfig) as process,
        ):
            store.found(tenant("shop"), f"* | limit {RECORDS}", least=RECORDS)
            times = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").split()[13:15]
    return RECORDS / (sum(map(int, times)) / os.sysconf("SC_CLK_TCK"))


def _print_comparison(revision: str) -> None:
    print(f"| CPU seconds | {revision} | now | now / {revision} |")
    print("| --- | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        before = checkout(revision, Path(folder))
        for arguments in COMPARED:
            old, new = compare(ROOT, before, arguments, RUNS)
            row = f"| `nexus {' '.join(arguments)}` | {old:.2f} | {new:.2f} | {new / old:.2f} |"
            print(row, flush=True)


def _print_figures() -> None:
    print("| command | services | seconds | peak MiB |")
    print("| --- | ---: | ---: | ---: |")

    def show(label: str, services: int, figure: Figure) -> None:
        row = f"| {label} | {services} | {figure.seconds:.2f} | {figure.mebibytes:.0f} |"
        print(row, flush=True)

    for arguments in (["check"], ["graph"], ["plan", "--stack", "dev"]):
        command = [str(NEXUS), "--project", str(ROOT), *arguments]
        show(f"`nexus {' '.join(arguments)}`", 43, measure(command, RUNS))
    with tempfile.TemporaryDirectory() as folder:
        for copies in COPIES:
            project = synthetic_project(Path(folder) / str(copies), copies)
            base = [str(NEXUS), "--project", str(project)]
            check = measure([*base, "check"], min(RUNS, 3))
            show("`nexus check`, synthetic", 43 * copies, check)
            watched = measure([*base, "monitoring"], min(RUNS, 3))
            show("`nexus monitoring`, synthetic", 43 * copies, watched)
            plan = measure([*base, "plan", "--stack", "dev"], 1 if copies > 1 else RUNS)
            show("`nexus plan`, synthetic", 43 * copies, plan)
            if copies <= WATCHED:
                catalog = load_catalog(project)
                for label, seconds in (
                    ("rules and routes, generated", generated(catalog)),
                    ("Prometheus' rules, evaluated once", evaluated(catalog)),
                ):
                    print(f"| {label} | {43 * copies} | {seconds:.3f} | — |", flush=True)
    for label, redacting in (("logs, secrets taken out", True), ("logs, as they are", False)):
        rate = collected(redacting=redacting)
        print(f"| {label}: {rate:.0f} records a second of one core | — | — | — |", flush=True)
    rehearse = [str(NEXUS), "--project", str(ROOT), "rehearse", "--stack", "dev"]
    show("`nexus rehearse` (up, up, destroy)", 43, measure(rehearse, 1))


if __name__ == "__main__":
    main()
