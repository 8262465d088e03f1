"""Who signs the certificates of a namespace, made alone."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.kubernetes.acme_issuer import DIRECTORIES, AcmeIssuer, AcmeIssuerArgs
from components.kubernetes.traffic import Addresses, Pods
from tests.components.recording import (
    CONTEXT,
    Recording,
    assert_makes_what_it_says,
    given,
    record,
)

SERVERS = {
    "production": "https://acme-v02.api.letsencrypt.org/directory",
    "staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}

EDGE = Pods(namespace="ingress-nginx", component="controller", names=("ingress",))
NODES = Addresses(blocks=(("172.18.0.0/16", ()),))


def made(
    *,
    directory: str = "production",
    ingress_class: str | None = None,
    token: str | None = None,
    secret: bool = True,
    installed: bool = True,
) -> Recording:
    def build() -> AcmeIssuer:
        dns_token = pulumi.Output.secret(token) if secret and token is not None else token
        return AcmeIssuer(
            "issuer",
            AcmeIssuerArgs(
                context=CONTEXT,
                namespace="nexus-gateway",
                directory=directory,
                email="platform@nexus.example",
                ingress_class=ingress_class,
                entrance=(EDGE, NODES),
                dns_token=dns_token,
                manager=given("cert-manager") if installed else None,
            ),
        )

    return record(build)


def solver(issuer: Recording) -> dict[str, Any]:
    [only] = issuer.one("Issuer").inputs["spec"]["acme"]["solvers"]
    return only


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(AcmeIssuer, made(), made(token="hush"))


@pytest.mark.parametrize(("directory", "server"), SERVERS.items())
def test_each_directory_is_an_issuer_with_an_account_of_its_own(
    directory: str, server: str
) -> None:
    """An account of one server is unknown to the other, and a certificate for trying would stay."""
    issuer = made(directory=directory)
    inputs = issuer.one("Issuer").inputs
    name = f"letsencrypt-{directory}"
    assert (inputs["apiVersion"], inputs["kind"]) == ("cert-manager.io/v1", "Issuer")
    assert inputs["metadata"]["name"] == name == issuer.outputs["issuer"]
    assert inputs["metadata"]["namespace"] == "nexus-gateway"
    acme = inputs["spec"]["acme"]
    assert acme["server"] == server
    assert acme["email"] == "platform@nexus.example"
    assert acme["privateKeySecretRef"] == {"name": f"{name}-account"}


def test_every_directory_is_tried() -> None:
    """A server whose address nobody looked at signs nothing, or for others."""
    assert set(DIRECTORIES) == set(SERVERS)


@pytest.mark.parametrize("installed", [True, False])
def test_challenge_waits_for_its_way_in(installed: bool) -> None:
    """An Issuer is unknown before its kind, and a challenge is lost before its policy."""
    issuer = made(installed=installed)
    manager = {"ConfigMap given-cert-manager"} if installed else set[str]()
    assert issuer.waits("Issuer") == {"NetworkPolicy issuer-solver", *manager}
    # A namespace's policies need nobody who signs.
    assert issuer.waits("NetworkPolicy") == frozenset()


@pytest.mark.parametrize("token", [None, "hush"])
def test_handle_is_done_when_the_account_is_known(token: str | None) -> None:
    """A refused address or an unreachable signer would show up nowhere, or hang for ever."""
    issuer = made(token=token)
    annotations = issuer.one("Issuer").inputs["metadata"]["annotations"]
    assert annotations == {"pulumi.com/waitFor": "condition=Ready"}
    timeouts = issuer.one("Issuer").options["customTimeouts"]
    assert (timeouts["create"], timeouts["update"]) == ("5m", "5m")
    assert issuer.outputs["handle"] == "Issuer issuer"


@pytest.mark.parametrize("ingress_class", [None, "public"])
def test_over_http_challenges_come_through_the_ingress(ingress_class: str | None) -> None:
    """Through another controller no challenge arrives; the quota refuses a node port."""
    wanted = {"serviceType": "ClusterIP"}
    if ingress_class is not None:
        wanted["ingressClassName"] = ingress_class
    issuer = made(ingress_class=ingress_class)
    assert solver(issuer) == {"http01": {"ingress": wanted}}
    assert issuer.all("Secret") == []


def test_ingress_controller_alone_reaches_the_solver() -> None:
    """Under default deny a challenge is never answered; open, its pod is a way in and out."""
    policy = made().one("NetworkPolicy").inputs
    metadata = policy["metadata"]
    assert (metadata["namespace"], metadata["name"]) == ("nexus-gateway", "issuer-solver")
    spec = policy["spec"]
    assert spec["podSelector"] == {"matchLabels": {"acme.cert-manager.io/http01-solver": "true"}}
    assert sorted(spec["policyTypes"]) == ["Egress", "Ingress"]
    assert "egress" not in spec
    [rule] = spec["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": 8089}]
    [peer, nodes] = rule["from"]
    assert nodes == {"ipBlock": {"cidr": "172.18.0.0/16"}}
    assert peer == {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}},
        "podSelector": {
            "matchLabels": {
                "app.kubernetes.io/name": "ingress",
                "app.kubernetes.io/component": "controller",
            }
        },
    }


@pytest.mark.parametrize("installed", [True, False])
def test_over_dns_the_issuer_finds_its_token_and_opens_nothing(installed: bool) -> None:
    """A token under another name or key proves nothing; a way in that nobody needs stays open."""
    issuer = made(token="hush", ingress_class="public", installed=installed)
    assert issuer.labels() == {"Secret issuer-token", "Issuer issuer"}
    reference = solver(issuer)["dns01"]["cloudflare"]["apiTokenSecretRef"]
    assert reference["name"].startswith("issuer-token-")
    assert issuer.secrets["issuer-token"] == {reference["key"]: "hush"}
    assert issuer.one("Secret").inputs["metadata"]["namespace"] == "nexus-gateway"
    manager = {"ConfigMap given-cert-manager"} if installed else set[str]()
    assert issuer.waits("Issuer") == {"Secret issuer-token", *manager}


@pytest.mark.parametrize("secret", [True, False])
def test_token_is_secret_however_it_was_given(secret: bool) -> None:
    """Whoever has it can write every name of the zone."""
    issuer = made(token="hush", secret=secret)
    assert issuer.one("Secret").secrets == ("stringData.token",)
    assert issuer.one("Issuer").secrets == ()
