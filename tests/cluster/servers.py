"""A control plane on loopback: etcd, API server, controllers, scheduler, and kwok for the nodes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from control_plane import ControlPlane

from tests.servers.running import free_port, running, scratch_folder

from .api import Api, Object, RefusedError

TOKEN = "administrator"

CONTROLLERS = "*,-nodeipam,-node-route-controller,-cloud-node-lifecycle-controller"
"""All that need no cloud and no addresses of nodes."""

VOLUMES = 20
"""How many volumes of 1 TiB there are to be claimed; dev claims four."""

ROOM: Object = {"cpu": "256", "memory": "1Ti", "pods": "2000", "ephemeral-storage": "2Ti"}
"""Of the one node, on which nothing really runs."""


@dataclass(frozen=True, kw_only=True)
class RunningCluster:
    """A cluster that answers.

    Args:
        api: its API server.
        kubeconfig: file that leads to it.
        provider: folder with the real Kubernetes provider.
    """

    api: Api
    kubeconfig: Path
    provider: Path


@contextmanager
def running_cluster(programs: ControlPlane) -> Generator[RunningCluster]:
    """An empty cluster of one node while the block runs; nothing is left of it afterwards."""
    with ExitStack() as servers:
        folder = servers.enter_context(scratch_folder("cluster"))
        keys = folder / "keys"
        keys.mkdir()
        _make_keys(keys)
        etcd = _etcd(servers, programs, folder)
        api = Api(port=free_port(), certificate=keys / "apiserver.crt", token=TOKEN)
        kubeconfig = _kubeconfig(folder, api)
        _server(
            servers,
            "apiserver",
            [
                str(programs.apiserver),
                f"--etcd-servers={etcd}",
                "--bind-address=127.0.0.1",
                f"--secure-port={api.port}",
                f"--cert-dir={keys}",
                f"--service-account-key-file={keys / 'accounts.pub'}",
                f"--service-account-signing-key-file={keys / 'accounts.key'}",
                "--service-account-issuer=https://kubernetes.default.svc",
                f"--token-auth-file={keys / 'tokens.csv'}",
                "--authorization-mode=RBAC",
                "--service-cluster-ip-range=10.96.0.0/16",
            ],
            folder,
            lambda: _answers(api, "/readyz/ping"),
        )
        _server(
            servers,
            "controllers",
            [
                str(programs.controllers),
                f"--kubeconfig={kubeconfig}",
                f"--service-account-private-key-file={keys / 'accounts.key'}",
                "--use-service-account-credentials=true",
                f"--controllers={CONTROLLERS}",
                "--leader-elect=false",
                "--secure-port=0",
            ],
            folder,
            lambda: _answers(api, "/api/v1/namespaces/default/serviceaccounts/default"),
        )
        scheduler = [str(programs.scheduler), f"--kubeconfig={kubeconfig}"]
        _server(
            servers,
            "scheduler",
            [*scheduler, "--leader-elect=false", "--secure-port=0"],
            folder,
            lambda: True,
        )
        _make_room(api)
        _server(
            servers,
            "kwok",
            [
                str(programs.kwok),
                f"--kubeconfig={kubeconfig}",
                "--manage-all-nodes",
                "--node-lease-duration-seconds=40",
                "--cidr=10.0.0.0/16",
                *(f"--config={path}" for path in programs.stages),
            ],
            folder,
            lambda: _node_is_ready(api),
        )
        yield RunningCluster(api=api, kubeconfig=kubeconfig, provider=programs.provider)


def _server(
    servers: ExitStack, name: str, command: list[str], folder: Path, ready: Callable[[], bool]
) -> None:
    log = folder / f"{name}.log"
    servers.enter_context(running(command, log=log, ready=ready))


def _etcd(servers: ExitStack, programs: ControlPlane, folder: Path) -> str:
    clients, peers = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    command = [
        str(programs.etcd),
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={clients}",
        f"--advertise-client-urls={clients}",
        f"--listen-peer-urls={peers}",
        f"--initial-advertise-peer-urls={peers}",
        f"--initial-cluster=default={peers}",
        # What is kept is thrown away.
        "--unsafe-no-fsync",
    ]
    _server(servers, "etcd", command, folder, (folder / "etcd" / "member").exists)
    return clients


def _make_keys(folder: Path) -> None:
    private, public = folder / "accounts.key", folder / "accounts.pub"
    for command in (
        ["openssl", "genrsa", "-out", str(private), "2048"],
        ["openssl", "rsa", "-in", str(private), "-pubout", "-out", str(public)],
    ):
        subprocess.run(command, capture_output=True, check=True)
    (folder / "tokens.csv").write_text(f'{TOKEN},admin,admin,"system:masters"\n', encoding="utf-8")


def _kubeconfig(folder: Path, api: Api) -> Path:
    server = f"https://127.0.0.1:{api.port}"
    # JSON is YAML.
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": "it",
                "cluster": {"server": server, "certificate-authority": str(api.certificate)},
            }
        ],
        "users": [{"name": "it", "user": {"token": api.token}}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        "current-context": "it",
    }
    path = folder / "kubeconfig"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def _answers(api: Api, path: str) -> bool:
    try:
        api.call("GET", path)
    except json.JSONDecodeError:
        return True  # `ok` is no JSON
    except (OSError, RefusedError):
        return False
    return True


def _make_room(api: Api) -> None:
    """A node, a default storage class, and the volumes that nobody else would make."""
    labels = {
        "kubernetes.io/hostname": "one",
        "kubernetes.io/os": "linux",
        "topology.kubernetes.io/zone": "a",
    }
    node = {"metadata": {"name": "one", "labels": labels}}
    api.post("/api/v1/nodes", {"apiVersion": "v1", "kind": "Node", **node})
    status = {"apiVersion": "v1", "kind": "Node", **node}
    status["status"] = {"allocatable": ROOM, "capacity": ROOM}
    api.apply("/api/v1/nodes/one/status", status)
    api.post(
        "/apis/storage.k8s.io/v1/storageclasses",
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {
                "name": "standard",
                "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
            },
            "provisioner": "kubernetes.io/no-provisioner",
            "volumeBindingMode": "Immediate",
        },
    )
    for number in range(VOLUMES):
        api.post(
            "/api/v1/persistentvolumes",
            {
                "apiVersion": "v1",
                "kind": "PersistentVolume",
                "metadata": {"name": f"volume-{number}"},
                "spec": {
                    "capacity": {"storage": "1Ti"},
                    "accessModes": ["ReadWriteOnce"],
                    "storageClassName": "standard",
                    "hostPath": {"path": f"/nowhere/{number}"},
                },
            },
        )


def _node_is_ready(api: Api) -> bool:
    conditions = api.get("/api/v1/nodes/one")["status"].get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
