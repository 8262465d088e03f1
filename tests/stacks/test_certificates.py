"""A certificate of Let's Encrypt for the ingress of a cluster, and nothing else that changes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from lint_manifests import manifests

from components.kubernetes.quantity import largest
from nexus.plan.plan import Plan, make_plan
from nexus.plan.recorder import Registration
from nexus.policy.reachability import Endpoint, world_of
from nexus.policy.rules import RULES
from nexus.pulumi.resource import HELM_RELEASE
from nexus.rehearsal.schema import validate
from tests.projects import copy_project, set_config
from tests.reachable import matrix
from tests.stacks.test_isolation import DNS, EDGE, OUTSIDE, RESOLVER, expected, reach

pytestmark = pytest.mark.xdist_group("certificates")

HOST = "nexus.example.org"
EMAIL = "platform@nexus.example.org"
ISSUER = "kubernetes:cert-manager.io/v1:Issuer"
INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"


def planned(folder: Path, **settings: object) -> Plan:
    project = copy_project(folder / "project")
    set_config(project, "dev", host=HOST, certificates="letsEncrypt", **settings)
    return make_plan(project, "dev")


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """Proof over HTTP, with cert-manager made here."""
    wanted = {"email": EMAIL}
    return planned(tmp_path_factory.mktemp("http"), letsEncrypt=wanted, ingressClass="public")


@pytest.fixture(scope="module")
def dns(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """Proof over DNS, with a cert-manager that is there."""
    wanted = {
        "email": EMAIL,
        "challenge": "dns01",
        "certManager": "present",
        "directory": "staging",
    }
    return planned(
        tmp_path_factory.mktemp("dns"),
        letsEncrypt=wanted,
        cloudflareToken={"secure": "v1:placeholder"},
    )


def the(plan: Plan, kind: str) -> Registration:
    [found] = [each for each in plan.resources if each.type == kind]
    return found


def test_nothing_of_it_is_there_by_default(plan: Plan) -> None:
    """Who asks for no certificate must not get controllers into their cluster."""
    types = {each.type for each in plan.resources}
    assert not types & {ISSUER, HELM_RELEASE}
    assert set(the(plan, INGRESS).inputs["spec"]) == {"rules"}


def test_ingress_answers_with_a_certificate_in_the_class_that_is_asked_for(http: Plan) -> None:
    """An annotation that names no issuer leaves the controller's own, which browsers refuse."""
    ingress, issuer = the(http, INGRESS).inputs, the(http, ISSUER).inputs
    annotations = ingress["metadata"]["annotations"]
    assert annotations["cert-manager.io/issuer"] == issuer["metadata"]["name"]
    assert ingress["metadata"]["namespace"] == issuer["metadata"]["namespace"]
    assert ingress["spec"]["tls"] == [{"hosts": [HOST], "secretName": "backend-api-tls"}]
    assert [rule["host"] for rule in ingress["spec"]["rules"]] == [HOST]
    assert ingress["spec"]["ingressClassName"] == "public"
    acme = issuer["spec"]["acme"]
    assert acme["email"] == EMAIL
    assert acme["server"] == "https://acme-v02.api.letsencrypt.org/directory"
    [solver] = acme["solvers"]
    assert solver["http01"]["ingress"]["ingressClassName"] == "public"


def test_each_waits_for_what_it_needs(http: Plan) -> None:
    """An Issuer is unknown before its CRD, and a challenge is lost before its policy."""
    by_urn = {each.urn: each for each in http.resources}

    def waits(resource: Registration) -> set[str]:
        return {by_urn[urn].type for urn in resource.dependencies}

    issuer = the(http, ISSUER)
    assert {HELM_RELEASE, "kubernetes:networking.k8s.io/v1:NetworkPolicy"} <= waits(issuer)
    assert issuer.inputs["metadata"]["annotations"] == {"pulumi.com/waitFor": "condition=Ready"}
    assert ISSUER in waits(the(http, INGRESS))
    assert not the(http, HELM_RELEASE).dependencies, "the services need not wait for it"


def test_cert_manager_brings_its_crds_and_leaves_them(http: Plan) -> None:
    """A release without CRDs knows no Issuer; one that deletes them deletes others' too."""
    release = the(http, HELM_RELEASE).inputs
    assert release["version"] == "v1.21.2"
    assert release["repositoryOpts"] == {"repo": "https://charts.jetstack.io"}
    assert release["values"]["crds"] == {"enabled": True, "keep": True}
    assert release["values"]["startupapicheck"]["enabled"] is True
    assert release["atomic"] is True


def solver_pods() -> Endpoint:
    """A pod of cert-manager that answers a challenge, in the gateway's namespace."""
    return Endpoint(
        name="solver",
        namespace="nexus-gateway",
        labels={
            "acme.cert-manager.io/http01-solver": "true",
            "acme.cert-manager.io/http-domain": "1",
        },
        addresses=("10.9.9.7",),
    )


def test_the_ingress_controller_alone_reaches_the_solver(http: Plan, plan: Plan) -> None:
    """Under default deny a challenge is never answered; open, a pod there is a way in."""
    solver = solver_pods()
    for each, allowed in ((http, (("TCP", 8089, 8089),)), (plan, None)):
        world, pods = world_of(each.named())
        around = (*pods, *OUTSIDE)
        into = matrix(world, around, (solver,))
        assert dict(into) == ({} if allowed is None else {(EDGE.name, "solver"): allowed})
        assert dict(matrix(world, (solver,), around)) == {("solver", RESOLVER.name): DNS}


def test_who_reaches_whom_stays_as_it_was(http: Plan, dns: Plan) -> None:
    """A certificate is no reason to open a way between two services."""
    assert reach(http.named()) == expected()
    assert reach(dns.named()) == expected()


def test_the_solver_fits_into_its_namespace(http: Plan, plan: Plan) -> None:
    """The quota refuses node ports, which cert-manager asks for unless told otherwise."""

    def limits(of: Plan, kind: str) -> Mapping[str, Any]:
        [found] = [
            each.inputs["spec"]
            for each in of.resources
            if each.type.endswith(f":{kind}")
            and each.inputs["metadata"]["namespace"] == "nexus-gateway"
        ]
        return found

    assert limits(http, "ResourceQuota")["hard"]["services.nodeports"] == "0"
    [solver] = the(http, ISSUER).inputs["spec"]["acme"]["solvers"]
    assert solver["http01"]["ingress"]["serviceType"] == "ClusterIP"
    before = int(limits(plan, "ResourceQuota")["hard"]["pods"])
    assert int(limits(http, "ResourceQuota")["hard"]["pods"]) == before + 1
    [container] = [
        each for each in limits(http, "LimitRange")["limits"] if each["type"] == "Container"
    ]
    # What cert-manager gives its solvers: --acme-http01-solver-resource-limits-….
    assert largest(["100m", container["max"]["cpu"]]) == container["max"]["cpu"]
    assert largest(["64Mi", container["max"]["memory"]]) == container["max"]["memory"]


def test_only_the_ingress_and_the_room_for_the_solver_change(http: Plan, plan: Plan) -> None:
    """Whoever asks for a certificate must not roll every service."""
    before = {each.urn: each.inputs for each in plan.resources}
    after = {each.urn: each.inputs for each in http.resources}
    assert set(before) <= set(after)
    changed = {urn.rpartition("::")[2] for urn in before if before[urn] != after[urn]}
    assert changed == {"gateway", "limits-gateway-quota"}
    new = {urn.rpartition("::")[2] for urn in set(after) - set(before)}
    assert new == {"cert-manager", "gateway-issuer", "gateway-issuer-solver"}


def test_over_dns_nobody_need_reach_the_cluster(dns: Plan) -> None:
    """A cluster behind a firewall gets its certificate too, with a token that nobody reads."""
    issuer = the(dns, ISSUER)
    [solver] = issuer.inputs["spec"]["acme"]["solvers"]
    reference = solver["dns01"]["cloudflare"]["apiTokenSecretRef"]
    [token] = [each for each in dns.resources if each.name == "gateway-issuer-token"]
    assert token.urn in issuer.dependencies
    assert reference["name"].startswith("gateway-issuer-token-")
    assert set(token.inputs["stringData"]) == {reference["key"]}
    assert token.secrets == ("stringData.token",)
    assert token.inputs["metadata"]["namespace"] == issuer.inputs["metadata"]["namespace"]
    assert "placeholder" not in dns.to_json()
    assert not [each for each in dns.resources if each.name == "gateway-issuer-solver"]
    assert "acme-staging-v02" in issuer.inputs["spec"]["acme"]["server"]


def test_a_cert_manager_that_is_there_is_used(dns: Plan) -> None:
    """A second one in a cluster fights the first over every certificate."""
    assert not [each for each in dns.resources if each.type == HELM_RELEASE]


def test_another_directory_is_another_issuer(http: Plan, dns: Plan) -> None:
    """Under the same name the certificate for trying would stay when the real one is wanted."""
    names = {the(each, ISSUER).inputs["metadata"]["name"] for each in (http, dns)}
    assert names == {"letsencrypt-production", "letsencrypt-staging"}


@pytest.mark.parametrize("which", ["http", "dns"])
def test_rules_and_schemas_hold(which: str, request: pytest.FixtureRequest) -> None:
    """A new setting must not be a way around the rules."""
    plan: Plan = request.getfixturevalue(which)
    resources = plan.named()
    assert [list(rule.check(resources)) for rule in RULES] == [[] for _ in RULES]
    for each in plan.resources:
        if each.type.startswith("kubernetes:") and each.type not in (ISSUER, HELM_RELEASE):
            validate(each.inputs)
    assert "kind: Issuer" in manifests(plan)
    assert "charts.jetstack.io" not in manifests(plan)
