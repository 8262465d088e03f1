"""A platform whose services have several parts of a server: of their own, and of each other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from nexus.plan.plan import Plan, make_plan
from tests.projects import ROOT, project_of

SERVICES = """\
domain: shop
services:
  orders:
    summary: Takes orders
    tier: core
    needs:
      - postgres
      - {target: postgres, part: archive}
      - {target: postgres, of: reporting}
      - queue
      - {target: queue, part: audit}
      - redis
    migrate: {command: [/app/migrate]}
    grants:
      - {target: postgres, to: reporting, access: read}
      - {target: postgres, part: archive, to: reporting, access: read-write}
      - {target: redis, to: reporting, access: read}
      - target: queue
        part: audit
        to: reporting
        access: consume
        exchange: trail
        routing_keys: ["order.#"]
  billing:
    summary: Writes invoices
    tier: core
    needs: [{target: postgres, dedicated: true}, {target: postgres, of: reporting}]
    grants: [{target: postgres, to: reporting}]
  reporting:
    summary: Counts what the others have
    tier: domain
    needs:
      - {target: postgres, of: orders, part: archive, access: read-write}
      - {target: postgres, of: orders}
      - {target: postgres, of: billing}
      - postgres
      - {target: redis, of: orders}
      - redis
      - {target: queue, of: orders, part: audit, access: consume, exchange: trail,
         routing_keys: ["order.paid"]}
      - queue
    grants: [{target: postgres, to: orders}, {target: postgres, to: billing}]
"""


def project(folder: Path) -> Path:
    """The platform as a project, made in `folder`."""
    return project_of(folder / "project", SERVICES, {})


def plan_of(folder: Path) -> Plan:
    """The plan of its dev, made in `folder`."""
    return make_plan(project(folder), "dev")


def settings_of(plan: Plan, job: str) -> Mapping[str, str]:
    """The environment of the one container of a Job, as far as it is text."""
    [found] = [each for each in plan.named() if (each.kind, each.name) == ("Job", job)]
    [container] = found.inputs["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each["value"] for each in container["env"] if "value" in each}


def told(plan: Plan, name: str) -> Mapping[str, Any]:
    """What a workload or Job is told of the things that it needs."""
    [config] = [each for each in plan.resources if each.name == f"{name}-config"]
    document = json.loads(config.inputs["data"]["dependencies.json"])
    schema = json.loads((ROOT / "docs/dependencies.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(document)
    return document["dependencies"]
