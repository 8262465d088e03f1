"""cert-manager for a cluster, made alone."""

from __future__ import annotations

import re

import pytest

from components.kubernetes.charts import CertManager, CertManagerArgs
from tests.components.recording import Recording, assert_makes_what_it_says, record

PARTS = ("controller", "webhook", "cainjector")


def made(replicas: int = 2) -> Recording:
    return record(lambda: CertManager("cert-manager", CertManagerArgs(replicas=replicas)))


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(CertManager, made())


def test_chart_is_the_makers_own_and_pinned() -> None:
    """A chart without a version, or of somebody else, is another one in every run."""
    release = made().one("Release").inputs
    assert (release["name"], release["chart"]) == ("cert-manager", "cert-manager")
    assert release["repositoryOpts"] == {"repo": "https://charts.jetstack.io"}
    assert re.fullmatch(r"v\d+\.\d+\.\d+", release["version"])


def test_release_is_awaited_and_taken_away_where_it_fails() -> None:
    """An Issuer behind half a release is refused, and what is left of it refuses the next."""
    manager = made()
    release = manager.one("Release").inputs
    assert release["atomic"] is True
    assert not release.get("skipAwait")
    assert release["timeout"] == 600
    # A webhook that is ready may still lack its certificate.
    assert release["values"]["startupapicheck"]["enabled"] is True
    assert manager.outputs["handle"] == "Release cert-manager"
    assert manager.waits("Release") == frozenset()


def test_it_has_a_namespace_of_its_own() -> None:
    """The platform's namespaces refuse pods with a token, and nobody else makes this one."""
    release = made().one("Release").inputs
    assert release["namespace"] == "cert-manager"
    assert release["createNamespace"] is True


def test_kinds_come_with_it_and_outlive_it() -> None:
    """Without CRDs there is no Issuer; with them every certificate of the cluster goes."""
    values = made().one("Release").inputs["values"]
    assert values["crds"] == {"enabled": True, "keep": True}


@pytest.mark.parametrize("replicas", [1, 3])
@pytest.mark.parametrize("part", PARTS)
def test_each_part_has_its_pods_and_loses_one_at_a_time(part: str, replicas: int) -> None:
    """While no webhook answers, every Ingress and Issuer with a certificate is refused."""
    values = made(replicas).one("Release").inputs["values"]
    # The chart's own settings are those of the controller.
    settings = values if part == "controller" else values[part]
    assert settings["replicaCount"] == replicas
    # With one pod as well a drain must come to an end, so no least number.
    assert settings["podDisruptionBudget"] == {"enabled": True, "maxUnavailable": 1}


@pytest.mark.parametrize("part", [*PARTS, "startupapicheck"])
def test_each_part_is_bounded(part: str) -> None:
    """A controller that leaks takes the memory of its node's services."""
    values = made().one("Release").inputs["values"]
    resources = (values if part == "controller" else values[part])["resources"]
    assert resources["requests"] == {"cpu": "10m", "memory": "64Mi"}
    assert resources["limits"] == {"cpu": "500m", "memory": "256Mi"}
