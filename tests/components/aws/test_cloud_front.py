"""A distribution, made alone."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.aws.cloud_front import (
    ALL_OF_THE_VIEWER,
    BUCKET,
    CACHE,
    GROUP,
    NO_CACHE,
    ORIGIN,
    REGION,
    CloudFront,
    CloudFrontArgs,
)
from components.aws.iam import policy
from components.aws.web_acl import HEADER
from tests.components.recording import (
    AWS,
    Recording,
    assert_makes_what_it_says,
    given,
    record,
    statements,
)

MEDIA = "media.s3.eu-central-1.amazonaws.com"


def args(media: str | None) -> CloudFrontArgs:
    return CloudFrontArgs(
        aws=AWS,
        aliases=("example.com", "www.example.com"),
        origin="origin.example.com",
        media=media,
        certificate="arn:certificate",
        firewall="arn:firewall",
        mark="0123456789",
        logs="arn:aws:s3:::logs",
        logs_allowed=given("logs-policy"),
    )


def made(media: str | None = None) -> Recording:
    return record(lambda: CloudFront("site", args(media)))


def test_media_are_read_for_this_distribution_alone() -> None:
    """CloudFront acts for every account: without the condition anybody's may read."""

    def build() -> dict[str, Any]:
        cdn = CloudFront("media", args(MEDIA))
        return {"arn": cdn.arn, "policy": policy(cdn.reads(pulumi.Output.from_input("arn:x/*")))}

    outputs = record(build).outputs
    [rule] = statements(outputs["policy"]).values()
    assert (rule["Effect"], rule["Action"]) == ("Allow", ["s3:GetObject"])
    assert rule["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert rule["Condition"] == {"StringEquals": {"AWS:SourceArn": outputs["arn"]}}
    assert rule["Resource"] == ["arn:x/*"]


def distribution(cdn: Recording) -> dict[str, Any]:
    return dict(cdn.one("Distribution").inputs)


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(CloudFront, made(), made(MEDIA))


def test_outputs_are_the_distributions() -> None:
    """A record that points anywhere else is an outage of the whole site."""
    cdn = made()
    outputs = cdn.outputs
    assert outputs["handle"] == "Distribution site"
    assert ":distribution/" in outputs["arn"]
    assert outputs["host"].endswith(".cloudfront.net")
    # CloudFront's own zone, the same for every distribution.
    assert outputs["zone"] == "Z2FDTNDATAQYW2"


def test_without_media_every_request_goes_to_the_origin_uncached() -> None:
    """A cached answer of an API is somebody else's account."""
    cdn = made()
    site = distribution(cdn)
    assert [each["originId"] for each in site["origins"]] == [ORIGIN]
    assert "originGroups" not in site
    behaviour = site["defaultCacheBehavior"]
    assert behaviour["targetOriginId"] == ORIGIN
    assert behaviour["cachePolicyId"] == NO_CACHE
    assert behaviour["originRequestPolicyId"] == ALL_OF_THE_VIEWER
    assert {"POST", "PUT", "DELETE", "PATCH"} <= set(behaviour["allowedMethods"])
    assert cdn.all("OriginAccessControl") == []


def test_media_come_from_the_bucket_then_from_the_origin() -> None:
    """A bucket that does not answer must not be the end of every stream."""
    cdn = made(MEDIA)
    media = distribution(cdn)
    [group] = media["originGroups"]
    assert [each["originId"] for each in group["members"]] == [BUCKET, ORIGIN]
    assert {403, 404, 500, 503} <= set(group["failoverCriteria"]["statusCodes"])
    behaviour = media["defaultCacheBehavior"]
    assert behaviour["targetOriginId"] == group["originId"] == GROUP
    assert behaviour["cachePolicyId"] == CACHE
    # A group of origins refuses methods that write.
    assert set(behaviour["allowedMethods"]) == {"GET", "HEAD", "OPTIONS"}
    origins = {each["originId"]: each for each in media["origins"]}
    assert origins[BUCKET]["domainName"] == MEDIA
    assert "customOriginConfig" not in origins[BUCKET]
    access = cdn.one("OriginAccessControl").inputs
    assert (access["signingBehavior"], access["originAccessControlOriginType"]) == ("always", "s3")
    assert origins[BUCKET]["originAccessControlId"]
    assert "OriginAccessControl site-access" in cdn.waits("Distribution")


@pytest.mark.parametrize("media", [None, MEDIA])
def test_visitors_and_origin_are_spoken_to_in_tls(media: str | None) -> None:
    """A session in plain HTTP can be taken over by whoever is in between."""
    site = distribution(made(media))
    assert site["defaultCacheBehavior"]["viewerProtocolPolicy"] == "redirect-to-https"
    assert site["defaultCacheBehavior"]["cachedMethods"] == ["GET", "HEAD"]
    [origin] = [each for each in site["origins"] if each["originId"] == ORIGIN]
    assert origin["domainName"] == "origin.example.com"
    assert origin["customOriginConfig"]["originProtocolPolicy"] == "https-only"
    assert site["viewerCertificate"]["acmCertificateArn"] == "arn:certificate"
    assert site["viewerCertificate"]["minimumProtocolVersion"] == "TLSv1.2_2021"
    assert site["webAclId"] == "arn:firewall"
    assert site["enabled"] is site["isIpv6Enabled"] is True
    assert site["aliases"] == ["example.com", "www.example.com"]


@pytest.mark.parametrize("media", [None, MEDIA])
def test_what_is_passed_on_says_so(media: str | None) -> None:
    """Without the mark, the balancer's firewall counts all visitors as CloudFront."""
    origins = {each["originId"]: each for each in distribution(made(media))["origins"]}
    assert origins[ORIGIN]["customHeaders"] == [{"name": HEADER, "value": "0123456789"}]
    assert "customHeaders" not in origins.get(BUCKET, {})


@pytest.mark.parametrize("media", [None, MEDIA])
def test_every_answer_has_the_security_headers(media: str | None) -> None:
    """Without them a browser may be led back to plain HTTP, or into somebody's frame."""
    cdn = made(media)
    policy = cdn.one("ResponseHeadersPolicy")
    assert distribution(cdn)["defaultCacheBehavior"]["responseHeadersPolicyId"] == policy.made["id"]
    headers = policy.inputs["securityHeadersConfig"]
    strict = headers["strictTransportSecurity"]
    assert strict["accessControlMaxAgeSec"] >= 31536000
    assert strict["includeSubdomains"] is strict["override"] is True
    assert headers["contentTypeOptions"]["override"] is True
    assert headers["frameOptions"]["frameOption"] == "SAMEORIGIN"
    assert headers["referrerPolicy"]["referrerPolicy"] == "strict-origin-when-cross-origin"
    # What an application says of these goes first.
    assert headers["frameOptions"]["override"] is headers["referrerPolicy"]["override"] is False


def test_log_is_delivered_once_aws_may_write() -> None:
    """A delivery that is made before the bucket's policy is refused."""
    cdn = made()
    assert "ConfigMap given-logs-policy" in cdn.waits("LogDeliveryDestination")
    names = [cdn.one(f"LogDelivery{each}").inputs["name"] for each in ("Source", "Destination")]
    assert names == ["nexus-cos-staging-site", "nexus-cos-staging-site-bucket"]
    destination = cdn.one("LogDeliveryDestination").inputs
    target = destination["deliveryDestinationConfiguration"]["destinationResourceArn"]
    assert target == "arn:aws:s3:::logs/cdn/site"
    assert cdn.one("LogDeliverySource").inputs["resourceArn"] == cdn.outputs["arn"]
    assert cdn.waits("LogDelivery") == {
        "LogDeliveryDestination site-log-bucket",
        "LogDeliverySource site-log-source",
    }
    # CloudFront's logs are read in one region alone.
    for kind in ("LogDelivery", "LogDeliveryDestination", "LogDeliverySource"):
        assert cdn.one(kind).inputs["region"] == REGION
