"""Alertmanager in the cluster, made alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pulumi

from components.kubernetes.size import Size
from components.servers.in_cluster_alertmanager import (
    START_DELAY_SECONDS,
    InClusterAlertmanager,
    InClusterAlertmanagerArgs,
)
from tests.components.recording import CONTEXT, Recording, assert_makes_what_it_says, record

RECEIVERS = "/etc/alertmanager/receivers"


def made(**changes: Any) -> Recording:
    def build() -> InClusterAlertmanager:
        args = InClusterAlertmanagerArgs(
            context=CONTEXT,
            namespace="nexus-data",
            storage="1Gi",
            size=Size(cpu="10m", cpu_limit="250m", memory="96Mi"),
            config="route: {}\n",
            receivers=RECEIVERS,
            addresses={"page-platform": pulumi.Output.secret("https://example.com/hook")},
        )
        return InClusterAlertmanager("alerting", replace(args, **changes))

    return record(build)


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(InClusterAlertmanager, made())


def test_addresses_are_files_of_a_secret() -> None:
    """Who reads an address out of a ConfigMap can page the platform's people."""
    server = made()
    assert server.secrets["alerting-receivers"] == {"page-platform": "https://example.com/hook"}
    assert server.one("Secret").secrets == ("stringData.page-platform",)
    # The provider replaces a Secret without content in every run.
    assert not made(addresses={}).all("Secret")
    (container,) = server.one("StatefulSet").inputs["spec"]["template"]["spec"]["containers"]
    mounts = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
    assert mounts["receivers"] == RECEIVERS
    assert server.waits("StatefulSet") >= {
        "ConfigMap alerting-config",
        "Secret alerting-receivers",
    }


def test_it_waits_for_the_causes_after_a_restart() -> None:
    """Told too early, each of 39 services is a page of its own."""
    (container,) = made().one("StatefulSet").inputs["spec"]["template"]["spec"]["containers"]
    assert f"--dispatch.start-delay={START_DELAY_SECONDS}s" in container["command"]
    # Prometheus sends what still fires again after a minute (--rules.alert.resend-delay).
    assert START_DELAY_SECONDS > 60
