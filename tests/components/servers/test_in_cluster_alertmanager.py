"""Alertmanager in the cluster, made alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pulumi

from catalog import Catalog
from components.kubernetes.size import Size
from components.servers.in_cluster_alertmanager import (
    CONFIG,
    CONFIG_FILE,
    DATA_PATH,
    START_DELAY_SECONDS,
    InClusterAlertmanager,
    InClusterAlertmanagerArgs,
)
from monitoring.alertmanager import alertmanager
from tests.components.recording import CONTEXT, Recording, assert_makes_what_it_says, record
from tests.monitoring.servers import alertmanager as real_alertmanager
from tests.servers.running import free_port, running

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


def test_a_real_one_starts_as_its_pod_does(catalog: Catalog, tmp_path: Path) -> None:
    """A flag or a route that Alertmanager refuses is a pod that never gets ready."""
    (tmp_path / CONFIG_FILE).write_text(alertmanager(catalog, told=("heartbeat",)))
    (container,) = made().one("StatefulSet").inputs["spec"]["template"]["spec"]["containers"]
    _, *flags = container["command"]
    listening = f"127.0.0.1:{free_port()}"
    command = [
        str(real_alertmanager() / "alertmanager"),
        *(
            each.replace(f"={DATA_PATH}", f"={tmp_path}").replace(CONFIG, str(tmp_path))
            for each in flags
        ),
        f"--web.listen-address={listening}",
    ]

    def ready() -> bool:
        try:
            with urlopen(f"http://{listening}{container['readinessProbe']['httpGet']['path']}"):
                return True
        except URLError:
            return False

    with running(command, log=tmp_path / "log", ready=ready):
        assert ready()
