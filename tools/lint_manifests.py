#!/usr/bin/env python3
"""Hold every stack's plan against the rules, and its manifests against checkov and kube-score.

    python tools/lint_manifests.py [STACK...]

Without arguments, every stack with a Pulumi.STACK.yaml, and the example with a service of every
kind. Broken rules, which are those of `nexus check --plan`, and failures that
tools/manifest_skips.yaml does not let through are printed, one per line, and the exit code is 1; so
are entries of that file that let nothing through. Exit code 2 if a tool cannot be had or a stack
cannot be planned.
"""

from __future__ import annotations

import fnmatch
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from go_build import GoBuildError, built
from isolated import NoEnvironmentError, interpreter

from catalog.errors import InputError
from catalog.project_file import stack_names
from nexus.plan.plan import Plan, make_plan
from nexus.policy.rules import violations
from nexus.pulumi.resource import HELM_RELEASE
from nexus.rehearsal.schema import KUBERNETES_VERSION

ROOT = Path(__file__).resolve().parent.parent
SHAPES = ROOT / "examples" / "shapes"
SKIPS = ROOT / "tools" / "manifest_skips.yaml"
CRITICAL = 1
"""kube-score's grade of what fails; 5 is a warning, 10 is good."""


def manifests(plan: Plan) -> str:
    """All Kubernetes objects of `plan` as one YAML stream, for tools that read those.

    An object that auto-naming would name carries its logical name instead. A Helm release is
    no object: what is in its chart is not known without the network.
    """
    objects = [
        {**each.inputs, "metadata": {"name": each.name, **each.metadata}}
        for each in plan.resources
        if each.is_kubernetes and each.type != HELM_RELEASE
    ]
    return yaml.safe_dump_all(objects, sort_keys=True, allow_unicode=True)


@dataclass(frozen=True, order=True, kw_only=True)
class Failure:
    """One object (`Kind namespace/name`) that fails one check of a tool."""

    tool: str
    check: str
    target: str
    message: str

    def __str__(self) -> str:
        return f"{self.target}: {self.message} [{self.tool} {self.check}]"


@dataclass(frozen=True, kw_only=True)
class Skip:
    """A check that is let through, for all objects or those that match."""

    tool: str
    check: str
    reason: str
    objects: tuple[str, ...] = ("*",)

    def covers(self, failure: Failure) -> bool:
        """Whether this entry lets `failure` through."""
        return (self.tool, self.check) == (failure.tool, failure.check) and any(
            fnmatch.fnmatchcase(failure.target, pattern) for pattern in self.objects
        )


def read_skips() -> tuple[Skip, ...]:
    """The entries of the file of skips; each needs a reason."""
    entries: list[dict[str, Any]] = yaml.safe_load(SKIPS.read_text(encoding="utf-8"))["skips"]
    return tuple(
        Skip(
            tool=entry["tool"],
            check=entry["check"],
            reason=entry["reason"],
            objects=tuple(entry.get("objects", ("*",))),
        )
        for entry in entries
    )


def failures(folder: Path) -> Iterator[Failure]:
    """What either tool finds in the manifests in `folder`."""
    yield from checkov_failures(folder)
    yield from kube_score_failures(folder)


def checkov_failures(folder: Path) -> Iterator[Failure]:
    """Failed checks of checkov's framework kubernetes."""
    command = [
        *(str(interpreter("checkov")), "-m", "checkov.main", "--directory", str(folder)),
        *("--framework", "kubernetes", "--compact", "--quiet", "--output", "json"),
        *("--skip-download",),
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LOG_LEVEL": "ERROR", "PYTHONPATH": ""},
    )
    report: dict[str, Any] = json.loads(done.stdout)
    if "results" not in report or report["summary"]["parsing_errors"]:
        raise ValueError(f"checkov could not read the manifests: {done.stdout}{done.stderr}")
    for each in report["results"]["failed_checks"]:
        kind, namespace, name = _parts(each["resource"])
        yield Failure(
            tool="checkov",
            check=each["check_id"],
            target=f"{kind} {namespace}/{name}",
            message=each["check_name"],
        )


def kube_score_failures(folder: Path) -> Iterator[Failure]:
    """Critical findings of the kube-score that tools/kube-score pins, built if it is not there."""
    program = built(
        "kube-score",
        ROOT / "tools" / "kube-score",
        {"kube-score": "github.com/zegl/kube-score/cmd/kube-score"},
        takes="a minute",
        flags=["-trimpath"],
    )
    command = [str(program / "kube-score"), "score", "--output-format", "json"]
    command += ["--kubernetes-version", f"v{KUBERNETES_VERSION}"]
    command += [str(path) for path in sorted(folder.glob("*.yaml"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    for each in json.loads(done.stdout):
        metadata = each["object_meta"]
        target = f"{each['type_meta']['kind']} {metadata.get('namespace', '')}/{metadata['name']}"
        for check in each["checks"]:
            if not check["skipped"] and check["grade"] == CRITICAL:
                comments = [comment["summary"] for comment in check["comments"] or ()]
                yield Failure(
                    tool="kube-score",
                    check=check["check"]["id"],
                    target=target,
                    message="; ".join(comments) or check["check"]["name"],
                )


def _parts(resource: str) -> tuple[str, str, str]:
    """Kind, namespace and name of checkov's `Kind.namespace.name`."""
    kind, namespace, name = resource.split(".", 2)
    return kind, namespace, name


def lint(stacks: Sequence[str]) -> list[str]:
    """One line per broken rule or failure, and per skip that lets nothing through.

    Without `stacks`, of all, and of the example.
    """
    skips = read_skips()
    used: set[Skip] = set()
    lines: list[str] = []
    plans = [(stack, ROOT, stack) for stack in stacks or stack_names(ROOT)]
    plans += [] if stacks else [(SHAPES.name, SHAPES, "dev")]
    for title, project, stack in plans:
        plan = make_plan(project, stack)
        lines += [f"{title}: {violation}" for violation in violations(plan.named())]
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, f"{stack}.yaml").write_text(manifests(plan), encoding="utf-8")
            for failure in sorted(failures(Path(folder))):
                covering = [skip for skip in skips if skip.covers(failure)]
                used.update(covering)
                if not covering:
                    lines.append(f"{title}: {failure}")
    lines += [
        f"{SKIPS.name}: {skip.tool} {skip.check} lets nothing through; remove it."
        for skip in skips
        if skip not in used
    ]
    return lines


def main(arguments: Sequence[str]) -> int:
    """Print what is found and return the exit code."""
    try:
        lines = lint(arguments)
    except (NoEnvironmentError, GoBuildError, InputError) as error:
        print(error, file=sys.stderr)
        return 2
    for line in lines:
        print(line)
    return 1 if lines else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
