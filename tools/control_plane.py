#!/usr/bin/env python3
"""A Kubernetes control plane without containers, and Pulumi's provider, built from Go modules.

    python3 tools/control_plane.py

etcd, the API server, the controllers, the scheduler, kwok (which stands in for nodes and
kubelets) and Pulumi's provider, as the go.mod files below tools/cluster pin them, each kept in
the cache. Prints the folders, one a line. Standard library only. Exit code 2, and one sentence
on standard error, if there is no way to them.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from go_build import GoBuildError, built, pinned, source

MODULES = Path(__file__).resolve().parent / "cluster"

_STAGES = ("pod/fast/pod-*.yaml", "node/fast/node-*.yaml", "node/heartbeat-with-lease/node-*.yaml")
"""What kwok makes of nodes and pods: they get ready at once, and Jobs complete."""


@dataclass(frozen=True, kw_only=True)
class ControlPlane:
    """Where the programs are.

    Args:
        etcd, apiserver, controllers, scheduler, kwok: the programs.
        stages: files with kwok's rules.
        provider: folder with `pulumi-resource-kubernetes`, to be put on PATH.
        kubernetes_version, provider_version: as the go.mod files have them, without the `v`.
    """

    etcd: Path
    apiserver: Path
    controllers: Path
    scheduler: Path
    kwok: Path
    stages: tuple[Path, ...]
    provider: Path
    kubernetes_version: str
    provider_version: str


def control_plane() -> ControlPlane:
    """The programs, built if they are not there.

    Raises:
        GoBuildError: Go is missing or a build failed.
    """
    etcd = built("cluster-etcd", MODULES / "etcd", {"etcd": "."}, takes="a minute")
    kwok = built(
        "cluster-kwok",
        MODULES / "kwok",
        {"kwok": "sigs.k8s.io/kwok/cmd/kwok"},
        takes="two minutes",
    )
    version = pinned(MODULES / "kubernetes", "k8s.io/kubernetes")
    major, minor, _ = version.split(".")
    names = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
    kubernetes = built(
        "cluster-kubernetes",
        MODULES / "kubernetes",
        {name: f"k8s.io/kubernetes/cmd/{name}" for name in names},
        takes="ten to fifteen minutes",
        variables=[
            f"k8s.io/component-base/version.gitVersion=v{version}",
            f"k8s.io/component-base/version.gitMajor={major}",
            f"k8s.io/component-base/version.gitMinor={minor}",
        ],
    )
    provider = built(
        "cluster-provider",
        MODULES / "provider",
        {"pulumi-resource-kubernetes": "."},
        takes="ten minutes",
    )
    return ControlPlane(
        etcd=etcd / "etcd",
        apiserver=kubernetes / names[0],
        controllers=kubernetes / names[1],
        scheduler=kubernetes / names[2],
        kwok=kwok / "kwok",
        stages=_stages(),
        provider=provider,
        kubernetes_version=version,
        provider_version=pinned(
            MODULES / "provider", "github.com/pulumi/pulumi-kubernetes/provider/v4"
        ),
    )


def _stages() -> tuple[Path, ...]:
    """The rules that come with kwok's module; nothing of it is run, so nothing is built."""
    folder = source(MODULES / "kwok", "sigs.k8s.io/kwok") / "kustomize" / "stage"
    files = tuple(path for pattern in _STAGES for path in sorted(folder.glob(pattern)))
    if not files:
        raise GoBuildError(f"There are none of kwok's rules for pods in {folder}.")
    return files


def main() -> int:
    """Print the folders and return the exit code."""
    try:
        found = control_plane()
    except GoBuildError as error:
        print(error, file=sys.stderr)
        return 2
    for path in (found.etcd, found.kwok, found.apiserver):
        print(path.parent)
    print(found.provider)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
