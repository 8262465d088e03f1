"""The way in, for each of the three edges."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from nexus.plan.plan import Plan
from nexus.plan.recorder import Registration
from tests.stacks.cloud_resources import STACKS, of_type, one

pytestmark = pytest.mark.xdist_group("clouds")

BALANCER = "cloudflare:index/loadBalancer:LoadBalancer"
POOL = "cloudflare:index/loadBalancerPool:LoadBalancerPool"
MONITOR = "cloudflare:index/loadBalancerMonitor:LoadBalancerMonitor"
DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
RECORD = "aws:route53/record:Record"

DOMAINS = {"staging": "staging.nexus.example.com", "prod": "nexus.example.com"}
FAILOVER = {
    "staging": "staging-direct.nexus.example.net",
    "prod": "direct.nexus.example.net",
}


@pytest.mark.parametrize("stack", STACKS)
def test_cloudflare_asks_the_cdn_and_then_the_origin(
    clouds: Mapping[str, Plan], stack: str
) -> None:
    """While the CDN is down, visitors must be served from the origin."""
    plan, domain = clouds[stack], DOMAINS[stack]
    balancers = of_type(plan, BALANCER)
    assert {r.inputs["name"] for r in balancers.values()} == {domain, f"media.{domain}"}
    pools = of_type(plan, POOL)
    for site in ("site", "media"):
        inputs = balancers[f"cloudflare-edge-{site}"].inputs
        assert len(inputs["defaultPools"]) == 1
        assert inputs["fallbackPool"] not in inputs["defaultPools"]
        cdn = pools[f"cloudflare-edge-cdn-{site}"].inputs
        origin = pools[f"cloudflare-edge-origin-{site}"].inputs
        assert cdn["origins"][0]["address"].endswith(".cloudfront.net")
        assert origin["origins"][0]["address"] == f"origin.{FAILOVER[stack]}"
        for pool in (cdn, origin):
            assert pool["origins"][0]["header"] == {"hosts": [inputs["name"]]}
    monitors = of_type(plan, MONITOR)
    assert len(monitors) == 2
    for monitor in monitors.values():
        assert monitor.inputs["consecutiveDown"] == 5
        assert monitor.inputs["consecutiveUp"] == 3
        assert monitor.inputs["allowInsecure"] is False


@pytest.mark.parametrize("stack", STACKS)
def test_media_come_from_the_bucket_and_then_the_origin(
    clouds: Mapping[str, Plan], stack: str
) -> None:
    """A bucket that does not answer must not be the end of every stream."""
    plan = clouds[stack]
    media = one(plan, DISTRIBUTION, "media-cdn").inputs
    assert media["aliases"] == [f"media.{DOMAINS[stack]}"]
    [group] = media["originGroups"]
    assert [member["originId"] for member in group["members"]] == ["bucket", "origin"]
    assert media["defaultCacheBehavior"]["targetOriginId"] == group["originId"]
    assert {503, 504} <= set(group["failoverCriteria"]["statusCodes"])
    origins = {origin["originId"]: origin for origin in media["origins"]}
    assert origins["bucket"]["originAccessControlId"]
    assert origins["bucket"]["domainName"].startswith("media-bucket-")
    statements = json.loads(
        one(plan, "aws:s3/bucketPolicy:BucketPolicy", "media-bucket-policy").inputs["policy"]
    )["Statement"]
    reader = next(each for each in statements if each["Effect"] == "Allow")
    assert reader["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    arn = reader["Condition"]["StringEquals"]["AWS:SourceArn"]
    assert arn.startswith("arn:aws:cloudfront::123456789012:distribution/")
    site = one(plan, DISTRIBUTION, "site-cdn").inputs
    assert site["aliases"] == [DOMAINS[stack], FAILOVER[stack]]


@pytest.mark.parametrize("stack", STACKS)
def test_a_way_in_survives_cloudflare(clouds: Mapping[str, Plan], stack: str) -> None:
    """While Cloudflare is down, the second domain must work, with and without CloudFront."""
    plan, domain = clouds[stack], FAILOVER[stack]
    records = of_type(plan, RECORD)
    first, second = records["failover-first"].inputs, records["failover-second"].inputs
    assert first["name"] == second["name"] == domain
    assert first["failoverRoutingPolicies"] == [{"type": "PRIMARY"}]
    assert second["failoverRoutingPolicies"] == [{"type": "SECONDARY"}]
    assert first["aliases"][0]["name"].endswith(".cloudfront.net")
    assert second["aliases"][0]["name"].endswith(".elb.amazonaws.com")
    assert first["healthCheckId"]
    assert records["failover-origin"].inputs["name"] == f"origin.{domain}"


@pytest.mark.parametrize("stack", STACKS)
def test_certificates_are_proven_where_the_domain_is(
    clouds: Mapping[str, Plan], stack: str
) -> None:
    """A certificate whose proof is in the wrong zone is never signed."""
    plan = clouds[stack]
    certificates = of_type(plan, "aws:acm/certificate:Certificate")
    assert set(certificates) == {"certificate-eu-central-1", "certificate-us-east-1"}
    for certificate in certificates.values():
        names = [
            certificate.inputs["domainName"],
            *certificate.inputs["subjectAlternativeNames"],
        ]
        own, other = DOMAINS[stack], FAILOVER[stack]
        assert names == [own, f"media.{own}", other, f"origin.{other}"]
    own = one(plan, "cloudflare:index/dnsRecord:DnsRecord", f"certificate-{DOMAINS[stack]}-proof")
    assert own.inputs["name"].startswith("_")
    assert own.inputs["name"].endswith(f".{DOMAINS[stack]}")
    assert own.inputs["content"].endswith(".acm-validations.aws")
    assert own.inputs["proxied"] is False
    other = one(plan, RECORD, f"certificate-{FAILOVER[stack]}-proof")
    assert other.inputs["name"].endswith(f".{FAILOVER[stack]}")
    proofs = {own.inputs["name"], other.inputs["name"]}
    for valid in of_type(plan, "aws:acm/certificateValidation:CertificateValidation").values():
        assert proofs < set(valid.inputs["validationRecordFqdns"])
        assert len(valid.inputs["validationRecordFqdns"]) == 4


@pytest.mark.parametrize("stack", STACKS)
def test_only_the_route_waits_for_the_gateway(clouds: Mapping[str, Plan], stack: str) -> None:
    """A balancer that waits for a service is not there when the service is replaced."""
    plan = clouds[stack]
    route = one(plan, "kubernetes:eks.amazonaws.com/v1:TargetGroupBinding", "gateway")
    assert any(urn.endswith("Deployment::backend-api") for urn in route.dependencies)
    targets = one(plan, "aws:lb/targetGroup:TargetGroup", "balancer-targets").inputs
    assert route.inputs["spec"]["targetGroupARN"].startswith("arn:aws:elasticloadbalancing:")
    assert targets["tags"]["eks:eks-cluster-name"] == f"nexus-cos-{stack}-cluster"


@pytest.mark.parametrize("stack", STACKS)
def test_firewalls_stand_in_front(clouds: Mapping[str, Plan], stack: str) -> None:
    """Without a rate limit one visitor can use up the platform."""
    plan = clouds[stack]
    acls = of_type(plan, "aws:wafv2/webAcl:WebAcl")
    assert {r.inputs["scope"] for r in acls.values()} == {"REGIONAL", "CLOUDFRONT"}
    for acl in acls.values():
        rules = {rule["name"] for rule in acl.inputs["rules"]}
        assert {"AWSManagedRulesKnownBadInputsRuleSet", "RateLimit"} <= rules
    for distribution in of_type(plan, DISTRIBUTION).values():
        assert ":global/webacl/" in distribution.inputs["webAclId"]
    phases = {r.inputs["phase"] for r in of_type(plan, "cloudflare:index/ruleset:Ruleset").values()}
    assert phases == {
        "http_request_cache_settings",
        "http_request_firewall_managed",
        "http_ratelimit",
        "http_request_late_transform",
    }
    settings = {
        r.inputs["settingId"]: r.inputs["value"]
        for r in of_type(plan, "cloudflare:index/zoneSetting:ZoneSetting").values()
    }
    assert settings["ssl"] == "strict"
    assert settings["min_tls_version"] == "1.2"


MARK = "x-nexus-passed-on"


def spared(acl: Registration) -> bool:
    """Whether the rate limit leaves out what carries the mark, which is a secret."""
    [limit] = [rule for rule in acl.inputs["rules"] if rule["name"] == "RateLimit"]
    number = acl.inputs["rules"].index(limit)
    path = "scopeDownStatement.notStatement.statement.byteMatchStatement.searchString"
    return f"rules[{number}].statement.rateBasedStatement.{path}" in acl.secrets


@pytest.mark.parametrize(
    ("edge", "firewalls"),
    [
        ("both", {"balancer-firewall": True, "cdn-firewall": True}),
        ("cloudflare", {"balancer-firewall": True}),
        # Here visitors come to CloudFront itself.
        ("cloudfront", {"balancer-firewall": True, "cdn-firewall": False}),
    ],
)
def test_visitors_are_counted_where_they_come_in(
    edge: str,
    firewalls: Mapping[str, bool],
    clouds: Mapping[str, Plan],
    other_clouds: Mapping[str, Plan],
) -> None:
    """Behind a CDN, thousands share an address: counted there, all of them are blocked."""
    plan = clouds["prod"] if edge == "both" else other_clouds[edge]
    acls = of_type(plan, "aws:wafv2/webAcl:WebAcl")
    assert {name: spared(acl) for name, acl in acls.items()} == firewalls
    # Whoever stands in front of a firewall that spares it says so.
    for distribution in of_type(plan, DISTRIBUTION).values():
        numbers = [
            number
            for number, origin in enumerate(distribution.inputs["origins"])
            if [each["name"] for each in origin.get("customHeaders", [])] == [MARK]
        ]
        assert [distribution.inputs["origins"][number]["originId"] for number in numbers] == [
            "origin"
        ]
        assert distribution.secrets == tuple(
            f"origins[{number}].customHeaders[0].value" for number in numbers
        )
    rules = {
        name: ruleset
        for name, ruleset in of_type(plan, "cloudflare:index/ruleset:Ruleset").items()
        if ruleset.inputs["phase"] == "http_request_late_transform"
    }
    assert set(rules) == (set() if edge == "cloudfront" else {"cloudflare-edge-mark"})
    for ruleset in rules.values():
        assert ruleset.secrets == (f"rules[0].actionParameters.headers.{MARK}.value",)


@pytest.mark.parametrize("edge", ["both", "cloudflare"])
def test_cloudflares_certificates_cover_every_name(
    edge: str, clouds: Mapping[str, Plan], other_clouds: Mapping[str, Plan]
) -> None:
    """Its own covers the zone's name and one level below; further down visitors get a TLS error."""
    plan = clouds["staging"] if edge == "both" else other_clouds[edge]
    zone = DOMAINS["staging"]
    names = {each.inputs["name"] for each in of_type(plan, BALANCER).values()}
    assert names == {zone, f"media.{zone}"}
    assert {name.removesuffix(zone).count(".") for name in names} == {0, 1}
    for pack in of_type(plan, "cloudflare:index/certificatePack:CertificatePack").values():
        # Cloudflare refuses a pack without the zone's name.
        assert pack.inputs["hosts"] == [zone, f"*.{zone}"]


def test_cloudflare_alone_has_no_cloudfront(other_clouds: Mapping[str, Plan]) -> None:
    """An edge that is switched off must not be paid for, nor needed."""
    plan = other_clouds["cloudflare"]
    assert not of_type(plan, DISTRIBUTION)
    for balancer in of_type(plan, BALANCER).values():
        assert balancer.inputs["defaultPools"] == [balancer.inputs["fallbackPool"]]
    pack = one(
        plan, "cloudflare:index/certificatePack:CertificatePack", "cloudflare-edge-certificate"
    )
    assert pack.inputs["certificateAuthority"] == "lets_encrypt"
    assert set(of_type(plan, "aws:acm/certificate:Certificate")) == {"certificate-eu-central-1"}


def test_managed_nodes_take_their_images_with_a_login(other_clouds: Mapping[str, Plan]) -> None:
    """Without add-ons no node gets ready, and without the login no image is pulled."""
    plan = other_clouds["cloudflare"]
    addons = {r.inputs["addonName"] for r in of_type(plan, "aws:eks/addon:Addon").values()}
    assert addons >= {"vpc-cni", "kube-proxy", "coredns", "eks-pod-identity-agent"}
    assert "computeConfig" not in one(plan, "aws:eks/cluster:Cluster", "cluster").inputs
    assert set(of_type(plan, "aws:eks/nodeGroup:NodeGroup")) == {"nodes", "nodes-gpu"}
    assert not of_type(plan, "aws:ecr/repository:Repository")
    for deployment in of_type(plan, "kubernetes:apps/v1:Deployment").values():
        pod = deployment.inputs["spec"]["template"]["spec"]
        assert pod["containers"][0]["image"].startswith("docker.io/example/")
        assert len(pod["imagePullSecrets"]) == 1


def test_cloudfront_alone_needs_no_cloudflare(other_clouds: Mapping[str, Plan]) -> None:
    """Somebody without a Cloudflare account must be able to deploy."""
    plan = other_clouds["cloudfront"]
    assert not [r for r in plan.resources if "cloudflare" in r.type]
    records = {r.inputs["name"] for r in of_type(plan, RECORD).values()}
    assert {"nexus.example.com", "media.nexus.example.com", "origin.nexus.example.com"} <= records
    assert one(plan, DISTRIBUTION, "site-cdn").inputs["aliases"] == ["nexus.example.com"]


def test_an_existing_cluster_is_used_and_not_made(other_clouds: Mapping[str, Plan]) -> None:
    """A second cluster beside the shared one would run everything twice."""
    plan = other_clouds["cloudfront"]
    for kind in ("aws:eks/cluster:Cluster", "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet"):
        assert not of_type(plan, kind)
    provider = one(plan, "pulumi:providers:kubernetes", "kubernetes").inputs
    assert provider["clusterIdentifier"].endswith(":cluster/shared")
    rule = one(
        plan, "vpc/securityGroupIngressRule:SecurityGroupIngressRule", "postgres-access-postgres"
    )
    assert rule.inputs["referencedSecurityGroupId"] == "sg-0000000000000shar"


def test_cloud_hsm_takes_the_place_of_the_key(other_clouds: Mapping[str, Plan]) -> None:
    """Keys that must not be in KMS must not be in KMS."""
    plan = other_clouds["cloudfront"]
    assert len(of_type(plan, "aws:cloudhsmv2/hsm:Hsm")) == 2
    assert "pv-keys-key" not in of_type(plan, "aws:kms/key:Key")
    waits = one(plan, "kubernetes:apps/v1:Deployment", "pv-keys").dependencies
    assert any(urn.endswith("Hsm::pv-keys-hsm-0") for urn in waits)
