"""A certificate and its proofs, made alone."""

from __future__ import annotations

from functools import partial

import pytest

from components.aws.certificate import Certificate, CertificateArgs, Cname
from components.aws.route53_failover import route53_cname
from components.cloudflare.cloudflare_edge import cloudflare_cname
from tests.components.recording import AWS, Recording, assert_makes_what_it_says, record

CLOUDFLARE, ROUTE53 = partial(cloudflare_cname, "cf-zone"), partial(route53_cname, "Z1")
NAMES = (("example.com", CLOUDFLARE), ("origin.example.org", ROUTE53))
BOTH = ("eu-central-1", "us-east-1")


def made(*regions: str, names: tuple[tuple[str, Cname], ...] = NAMES) -> Recording:
    return record(
        lambda: Certificate("site", CertificateArgs(aws=AWS, names=names, regions=regions))
    )


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(Certificate, made(*BOTH))


@pytest.mark.parametrize("regions", [("eu-central-1",), BOTH])
def test_each_region_gets_a_certificate_of_its_own(regions: tuple[str, ...]) -> None:
    """CloudFront takes none but us-east-1's, a balancer none but its own region's."""
    site = made(*regions)
    assert set(site.outputs["arns"]) == set(regions)
    for region in regions:
        certificate = site.one("Certificate", f"site-{region}").inputs
        assert certificate["region"] == region
        assert certificate["domainName"] == "example.com"
        assert certificate["subjectAlternativeNames"] == ["origin.example.org"]
        assert certificate["validationMethod"] == "DNS"
        valid = site.one("CertificateValidation", f"site-{region}-valid").inputs
        assert valid["region"] == region
        assert f":{region}:" in valid["certificateArn"]
        assert site.outputs["arns"][region] == valid["certificateArn"]


def test_every_name_is_proven_once_in_its_own_zone() -> None:
    """With its proof in the wrong zone it is never signed; a zone refuses it a second time."""
    site = made(*BOTH)
    cloudflare, route53 = site.one("DnsRecord").inputs, site.one("Record").inputs
    assert cloudflare["zoneId"] == "cf-zone"
    assert cloudflare["name"].endswith(".example.com")
    assert cloudflare["proxied"] is False
    assert route53["zoneId"] == "Z1"
    assert route53["name"].endswith(".origin.example.org")
    for target in (cloudflare["content"], route53["records"][0]):
        assert target.endswith(".acm-validations.aws")


def test_arn_is_known_when_the_certificate_is_signed() -> None:
    """A listener with a certificate that is not signed yet is refused."""
    site = made(*BOTH)
    assert site.after["arns"] == {
        "CertificateValidation site-eu-central-1-valid",
        "CertificateValidation site-us-east-1-valid",
    }


@pytest.mark.parametrize("region", BOTH)
def test_validation_waits_for_every_record(region: str) -> None:
    """ACM gives up on a name whose record comes too late, and the deployment with it."""
    site = made(*BOTH)
    name = f"site-{region}-valid"
    assert site.waits("CertificateValidation", name) >= {
        "DnsRecord site-example.com-proof",
        "Record site-origin.example.org-proof",
        f"Certificate site-{region}",
    }
    names = site.one("CertificateValidation", name).inputs["validationRecordFqdns"]
    # ACM's own names, in the order of the certificate's, whatever a zone makes of them.
    assert [each.partition(".")[2] for each in names] == ["example.com", "origin.example.org"]
    assert all(each.startswith("_") for each in names)


def test_one_name_is_enough() -> None:
    """A platform with one domain has no alternative names."""
    site = made("eu-central-1", names=NAMES[:1])
    assert not site.one("Certificate").inputs.get("subjectAlternativeNames")
    assert site.all("Record") == []
