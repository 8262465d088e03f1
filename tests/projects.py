"""Copies of this project that a test may spoil."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
"""The project itself."""

AT_WORK = ROOT
"""The platform that people edit and deploy. Only tests of what holds for every platform read it;
tests/stacks/test_other_catalogs.py runs them with another one."""

DOCUMENTED = ROOT / "tests/documented"
"""The platform of the dependency document and of the decisions on it, with settings of its own.
Tests that know its services, figures or settings use it, so that they hold whatever is at work."""

STACKS = ("dev", "staging", "prod")
"""Stacks whose settings are in the repository."""

DATA = (
    "Pulumi.yaml",
    *(f"Pulumi.{stack}.yaml" for stack in STACKS),
    "catalog/platform.yaml",
    "catalog/sizes.yaml",
    "catalog/services",
    "releases",
)


def copy_project(target: Path) -> Path:
    """A copy of the documented platform's data files in folder `target`, which is made."""
    for name in DATA:
        source = DOCUMENTED / name
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target / name)
        else:
            shutil.copy(source, target / name)
    return target


def set_config(project: Path, stack: str, **settings: object) -> None:
    """Writes settings `nexus-cos:<key>` into the stack's file; None takes one away."""
    path = project / f"Pulumi.{stack}.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    for key, value in settings.items():
        content["config"].pop(f"nexus-cos:{key}", None)
        if value is not None:
            content["config"][f"nexus-cos:{key}"] = value
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


SMALL = """
domain: shop
services:
  stock:
    summary: Counts what is there
    tier: core
    needs: [redis]
  cart:
    summary: Holds what a customer wants
    tier: domain
    needs:
      - postgres
      - stock
      - target: payments
        order: runtime
        reason: The provider runs outside the platform.
  front:
    summary: Shows the cart
    tier: frontend
    needs: [cart]
"""


def small_project(target: Path) -> Path:
    """A project of three services that start one after the other, and no gateway."""
    return project_of(target, SMALL, {"buying": ["front", "cart", "stock"]})


def project_of(target: Path, services: str, flows: Mapping[str, list[str]]) -> Path:
    """A project with the platform's resources and the services of one domain file, no buckets."""
    project = copy_project(target)
    shutil.rmtree(project / "catalog" / "services")
    (project / "catalog" / "services").mkdir()
    (project / "catalog" / "services" / "shop.yaml").write_text(services, encoding="utf-8")
    path = project / "catalog" / "platform.yaml"
    platform = yaml.safe_load(path.read_text(encoding="utf-8"))
    platform["flows"] = dict(flows)
    platform["buckets"] = {}
    path.write_text(yaml.safe_dump(platform), encoding="utf-8")
    return project


def git(folder: Path, *arguments: str) -> str:
    """What git says in `folder`, as somebody who has set nothing up.

    Raises:
        subprocess.CalledProcessError: it ends with another code than 0.
    """
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
