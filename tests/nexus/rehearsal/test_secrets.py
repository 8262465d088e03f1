"""Every kind of secret through everything that shows or keeps something: nowhere in the clear."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from pulumi_kubernetes import Provider
from pulumi_kubernetes.core.v1 import ConfigMap
from rich.console import Console

from nexus.diff.render import as_json, as_markdown, print_report
from nexus.diff.report import make_report
from nexus.plan.plan import make_plan
from nexus.plan.snapshot import make_snapshot
from nexus.plan.terraform import configuration
from nexus.rehearsal.outcome import Outcome, Program
from nexus.rehearsal.report import report
from nexus.rehearsal.run import rehearse
from stacks.program import build
from stacks.stack_file import read_stack_file
from tests.nexus.diff.plans import read
from tests.projects import set_config, small_project

KINDS = ("credential", "login", "token", "variable")
STACKS = ("dev", "staging")

pytestmark = pytest.mark.xdist_group("secrets")


def marker(kind: str, side: str) -> str:
    """A text that stands nowhere else."""
    return f"marker-{kind}-of-{side}-7b1e"


def given_secrets(side: str) -> frozenset[str]:
    return frozenset(marker(kind, side) for kind in KINDS)


def planted(folder: Path, side: str) -> Path:
    """A small project with a secret of every kind that settings can give."""
    project = small_project(folder)
    shop = project / "catalog/services/shop.yaml"
    text = shop.read_text("utf-8")
    shop.write_text(text.replace("  cart:\n", "  cart:\n    environment: [SIGNING_KEY]\n"), "utf-8")
    versions = {"services": dict.fromkeys(("stock", "cart", "front"), "1.0.0")}
    (project / "releases/staging.yaml").write_text(yaml.safe_dump(versions), "utf-8")
    api = {"provider": "Stripe", "url": "https://api.stripe.com"}
    secrets: dict[str, Any] = {
        "registry": "registry.example.com/nexus",
        "registryLogin": {"username": "nexus", "password": marker("login", side)},
        "externals": {"payments": {**api, "credential": marker("credential", side)}},
        "secretVariables": {"cart": {"SIGNING_KEY": marker("variable", side)}},
        "cloudflareToken": marker("token", side),
    }
    for stack in STACKS:
        set_config(project, stack, **secrets)
    set_config(
        project,
        "dev",
        certificates="letsEncrypt",
        letsEncrypt={"email": "platform@nexus.example.org", "challenge": "dns01"},
        host="nexus.example.org",
    )
    return project


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Two versions of the project whose secrets differ."""
    root = tmp_path_factory.mktemp("secrets")
    return {side: planted(root / side, side) for side in ("base", "head")}


def found(texts: Mapping[str, str], secrets: frozenset[str]) -> set[tuple[str, str]]:
    """Where which secret stands in the clear, as such or as JSON writes it in a text."""
    return {
        (place, secret)
        for place, text in texts.items()
        for secret in secrets
        if secret in text or json.dumps(secret)[1:-1] in text
    }


def snapshot_of(project: Path) -> dict[str, Any]:
    return make_snapshot(project, STACKS, str)


def terminal(of: Any) -> str:
    console = Console(file=StringIO(), width=200, force_terminal=False)
    print_report(of, console)
    return console.file.getvalue()  # pyright: ignore[reportAttributeAccessIssue]


def test_no_plan_and_no_comparison_shows_a_secret(projects: Mapping[str, Path]) -> None:
    """A plan is an artifact that everybody downloads, a comment is what everybody reads."""
    documents = {label: snapshot_of(project) for label, project in projects.items()}
    sides = {label: read(document, label) for label, document in documents.items()}
    compared = make_report(sides["base"], sides["head"])
    # The other order, and everything as new: values that are removed or added are shown whole.
    added = make_report(NOTHING, sides["head"])
    texts = {
        **{f"plan {key}": json.dumps(each) for key, each in documents["head"]["stacks"].items()},
        "terraform": configuration(make_plan(projects["head"], "staging")),
        **{
            f"{name} {index}": render(each)
            for index, each in enumerate((compared, added))
            for name, render in (("comment", as_markdown), ("json", as_json), ("term", terminal))
        },
    }
    assert min(len(text) for text in texts.values()) > 100
    assert "[secret]" in texts["plan dev"]
    assert found(texts, given_secrets("base") | given_secrets("head")) == set()


NOTHING = read({"graph": None, "stacks": {stack: {"resources": []} for stack in STACKS}})


@dataclass(frozen=True, kw_only=True)
class Traces:
    """What a rehearsal leaves: texts by place, and the secrets that it generated."""

    texts: Mapping[str, str]
    generated: frozenset[str]


def traces(program: Program, project: Path, stack: str) -> Traces:
    """Brings the stack up, changes nothing, takes it down, and collects everything it wrote."""
    file = read_stack_file(project, stack)
    hidden = ("registryLogin", "externals", "secretVariables", "cloudflareToken")
    keys = tuple(f"{file.project}:{key}" for key in hidden)
    encrypted = replace(file, secret_keys=keys)
    heard: list[object] = []
    texts: dict[str, str] = {}
    with rehearse(
        program,
        file.project,
        stack,
        encrypted.plain,
        encrypted.secret,
        on_event=heard.append,
    ) as rehearsal:
        outcomes: list[Outcome] = [rehearsal.preview(), rehearsal.up()]
        assert outcomes[-1].succeeded, outcomes[-1].errors
        texts["state"] = rehearsal.pulumi("stack", "export")
        texts["outputs"] = rehearsal.pulumi("stack", "output", "--json")
        texts["settings"] = rehearsal.pulumi("config", "--json")
        clear = json.loads(rehearsal.pulumi("stack", "export", "--show-secrets"))
        outcomes += [rehearsal.refresh(), rehearsal.destroy()]
        shown = report(stack, "tiers", outcomes, ())
    texts |= {"outcomes": str(outcomes), "events": str(heard), "report": json.dumps(shown)}
    return Traces(texts=texts, generated=frozenset(generated(clear)))


def generated(state: Mapping[str, Any]) -> Iterator[str]:
    """The passwords in a state that was exported with its secrets."""
    for resource in state["deployment"]["resources"]:
        if resource["type"].startswith("random:index/randomPassword"):
            yield json.loads(resource["outputs"]["result"]["plaintext"])


@pytest.mark.parametrize("stack", STACKS)
def test_no_run_writes_a_secret_down(
    projects: Mapping[str, Path], stack: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """A state lies in a bucket, a log in every pipeline: both outlive the secret's rotation."""
    seen = traces(lambda: build(projects["head"]), projects["head"], stack)
    out, err = capfd.readouterr()
    assert len(seen.generated) > 2
    assert len(seen.texts["state"]) > 10_000
    given = given_secrets("head")
    assert found({**seen.texts, "stdout": out, "stderr": err}, given | seen.generated) == set()


def leaking(secret: str) -> None:
    """A program with a mistake: a secret that is not marked as one."""
    provider = Provider("kubernetes")
    ConfigMap(
        "leak",
        metadata={"namespace": "default"},
        data={"key": secret},
        opts=pulumi.ResourceOptions(provider=provider),
    )
    pulumi.export("leak", secret)


def test_a_leak_is_found(projects: Mapping[str, Path]) -> None:
    """A search that cannot find anything proves nothing."""
    secret = marker("variable", "head")
    seen = traces(partial(leaking, secret), projects["head"], "dev")
    places = {place for place, _ in found(seen.texts, frozenset({secret}))}
    assert places == {"state", "outputs"}
