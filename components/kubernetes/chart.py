"""Helm charts of others, pinned: what runs beside the platform and not for it alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes.helm.v3 import Release

SYSTEM_NAMESPACE = "kube-system"
"""Where AWS puts what a cluster cannot do without. The platform's own namespaces would refuse
such pods: they need tokens for the Kubernetes API, or devices of the node."""

INSTALL_SECONDS = 600
"""Longest wait until everything in a chart is ready, in seconds."""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart in a repository.

    Args:
        name: name of the chart, and of the release: there is one of each in a cluster.
        repository: address of the repository.
        version: the one version that is installed.
    """

    name: str
    repository: str
    version: str


def release(
    name: str,
    chart: Chart,
    *,
    namespace: str,
    values: Mapping[str, Any],
    opts: pulumi.ResourceOptions,
    create_namespace: bool = False,
) -> Release:
    """Makes a release of `chart`: one resource, which is done when all in it is ready.

    It stays one resource, and is not rendered into its objects here, because rendering needs
    the chart from the network: so a plan could not be made without. What fails to install is
    taken away again, so that the next run starts from nothing.

    Args:
        name: logical name.
        chart: what to install.
        namespace: where.
        values: the chart's settings, those that differ from its own.
        opts: options of the release.
        create_namespace: whether Helm makes the namespace. It stays when the release goes.
    """
    return Release(
        name,
        name=chart.name,
        chart=chart.name,
        version=chart.version,
        repository_opts={"repo": chart.repository},
        namespace=namespace,
        create_namespace=create_namespace,
        values=values,
        atomic=True,
        timeout=INSTALL_SECONDS,
        opts=opts,
    )
