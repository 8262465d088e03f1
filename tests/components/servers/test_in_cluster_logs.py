"""A store of logs in the cluster, made alone."""

from __future__ import annotations

from components.kubernetes.size import Size
from components.servers.in_cluster_logs import PORT, InClusterLogs, InClusterLogsArgs
from tests.components.recording import CONTEXT, Recording, assert_makes_what_it_says, record
from tests.monitoring.logs import storing

ARGS = InClusterLogsArgs(
    context=CONTEXT,
    namespace="nexus-data",
    storage="4Gi",
    size=Size(cpu="50m", cpu_limit="500m", memory="256Mi"),
    days=7,
)


def made() -> Recording:
    return record(lambda: InClusterLogs("logging", ARGS))


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(InClusterLogs, made())


def test_outputs_are_the_stores() -> None:
    """A collector that sends elsewhere sends to nobody."""
    store = made()
    assert store.outputs["handle"] == "StatefulSet logging"
    assert store.outputs["url"] == f"http://logging.nexus-data.svc:{PORT}"


def test_a_real_one_takes_the_options() -> None:
    """A full volume stops a store that nobody told to forget."""
    (container,) = made().one("StatefulSet").inputs["spec"]["template"]["spec"]["containers"]
    _, *options = container["command"]
    assert "-retentionPeriod=7d" in options
    assert "-retention.maxDiskSpaceUsageBytes=3276MiB" in options
    with storing(options) as store:
        assert store.found(0, least=0) == []
