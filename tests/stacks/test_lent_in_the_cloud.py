"""Parts of managed servers that several services use: the same grants as in the cluster of dev."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from nexus.plan.plan import Plan, make_plan
from nexus.policy.rules import violations
from tests.projects import copy_project
from tests.stacks.test_lent_databases import env

USER = "auth-service"


def lend(folder: Path, lender: str, **entry: object) -> None:
    for path in sorted((folder / "catalog/services").glob("*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        if lender in content["services"]:
            for key, value in entry.items():
                content["services"][lender].setdefault(key, []).append(value)
            path.write_text(yaml.safe_dump(content), encoding="utf-8")


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """Staging, where a service uses one's database, another's keys beside its own, and a vhost."""
    folder = copy_project(tmp_path_factory.mktemp("lent") / "project")
    bus = {"access": "consume", "exchange": "events", "routing_keys": ["job.*"]}
    lend(
        folder,
        "scheduler",
        grants={"target": "queue", "to": USER, **bus},
    )
    lend(folder, "ledger-mgr", grants={"target": "postgres", "to": USER, "access": "read"})
    lend(folder, "token-mgr", grants={"target": "redis", "to": USER, "access": "read"})
    lend(folder, USER, needs="redis")
    lend(folder, USER, needs={"target": "redis", "of": "token-mgr"})
    lend(folder, USER, needs={"target": "queue", "of": "scheduler", **bus})
    lend(folder, USER, needs={"target": "postgres", "of": "ledger-mgr", "access": "read"})
    return make_plan(folder, "staging")


def test_managed_servers_are_used_by_the_same_grants(staging: Plan) -> None:
    """What works in dev would be refused in the cloud, for want of a login or of a way there."""
    wanted: Mapping[str, Mapping[str, str]] = {
        f"{USER}-vhost": {"VHOST": "scheduler", "USERNAME": USER, "ROUTING_KEYS": "job.*"},
        f"{USER}-database": {
            "DATABASE": "ledger-mgr",
            "LOGIN_ROLE": USER,
            "PGSSLMODE": "require",
        },
    }
    for job, settings in wanted.items():
        found = env(staging, job)
        assert {key: found[key] for key in settings} == settings
    assert [str(each) for each in violations(staging.named())] == []
    strings = {
        each.name: each.inputs["accessString"]
        for each in staging.named()
        if each.name.startswith(f"redis-{USER}") and "accessString" in each.inputs
    }
    own, lent = strings[f"redis-{USER}"], strings[f"redis-{USER}-token-mgr"]
    assert own.startswith(f"on ~{USER}:* resetchannels &{USER}:* -@all ")
    assert lent.startswith("on %R~token-mgr:* resetchannels -@all +@read ")
    [config] = [each for each in staging.resources if each.name == f"{USER}-config"]
    told = json.loads(config.inputs["data"]["dependencies.json"])["dependencies"]
    assert told["redis"]["endpoint"]["prefix"] == f"{USER}:"
    assert told["redis"]["parts"]["token-mgr"]["prefix"] == "token-mgr:"
    assert told["queue"]["endpoint"]["queue_prefix"] == f"{USER}."
