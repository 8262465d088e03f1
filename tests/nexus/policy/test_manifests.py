"""checkov and kube-score look at the manifests, and skips let through what they name only."""

from __future__ import annotations

from pathlib import Path

import lint_manifests
import pytest
import yaml
from lint_manifests import Failure, Skip, failures, lint, manifests, read_skips

from nexus.plan.plan import Plan

BAD = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "bad", "namespace": "nexus-business"},
    "spec": {
        "selector": {"matchLabels": {"app": "bad"}},
        "template": {
            "metadata": {"labels": {"app": "bad"}},
            "spec": {
                "containers": [
                    {"name": "bad", "image": "bad", "securityContext": {"privileged": True}}
                ]
            },
        },
    },
}


def test_both_tools_find_a_planted_workload(tmp_path: Path) -> None:
    """A tool that reads nothing reports nothing, and exits with 0."""
    (tmp_path / "bad.yaml").write_text(yaml.safe_dump(BAD))
    found = {(each.tool, each.check, each.target) for each in failures(tmp_path)}
    bad = "Deployment nexus-business/bad"
    assert ("checkov", "CKV_K8S_16", bad) in found
    assert ("kube-score", "container-security-context-privileged", bad) in found


def test_a_skip_covers_what_it_names() -> None:
    """A skip for one object must not let the same mistake through elsewhere."""
    skip = Skip(tool="checkov", check="A", reason="x", objects=("Job nexus-data/*",))
    job = Failure(tool="checkov", check="A", target="Job nexus-data/a", message="m")
    assert skip.covers(job)
    for other in ({"tool": "kube-score"}, {"check": "B"}, {"target": "Job nexus-ai/a"}):
        assert not skip.covers(Failure(**{**vars(job), **other}))


def test_skips_are_few_and_have_reasons() -> None:
    """A skip without a reason is never taken back."""
    skips = read_skips()
    assert len({skip.check for skip in skips}) <= 5
    assert all(len(skip.reason) > 15 for skip in skips)


def test_failures_and_stale_skips_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A skip that outlives its finding hides the next one, and a rule nobody holds is none."""
    failure = Failure(tool="checkov", check="A", target="Job nexus-data/a", message="Bad")
    covered = Failure(tool="checkov", check="B", target="Job nexus-data/a", message="Fine")
    monkeypatch.setattr(lint_manifests, "failures", lambda _: iter([failure, covered]))
    used, stale = (Skip(tool="checkov", check=check, reason="x") for check in ("B", "C"))
    monkeypatch.setattr(lint_manifests, "read_skips", lambda: (used, stale))
    monkeypatch.setattr(lint_manifests, "violations", lambda _: ("A pod without limits [x]",))
    assert lint(["dev"]) == [
        "dev: A pod without limits [x]",
        "dev: Job nexus-data/a: Bad [checkov A]",
        "manifest_skips.yaml: checkov C lets nothing through; remove it.",
    ]


def test_manifests_hold_every_object_with_a_name(plan: Plan) -> None:
    """An object left out is an object not looked at."""
    objects = list(yaml.safe_load_all(manifests(plan)))
    assert len(objects) == sum(r.type.startswith("kubernetes:") for r in plan.resources)
    assert all(each["metadata"]["name"] for each in objects)
