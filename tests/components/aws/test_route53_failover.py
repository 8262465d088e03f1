"""The way in that survives a CDN, made alone."""

from __future__ import annotations

from components.aws.route53_failover import (
    FAILURES,
    INTERVAL_SECONDS,
    AliasTarget,
    Route53Failover,
    Route53FailoverArgs,
)
from tests.components.recording import AWS, Recording, assert_makes_what_it_says, record

ORIGIN = AliasTarget(host="balancer.elb.amazonaws.com", zone="Z-ELB")
CDN = AliasTarget(host="d1.cloudfront.net", zone="Z-CDN")


def made(cdn: AliasTarget | None = CDN) -> Recording:
    return record(
        lambda: Route53Failover(
            "failover",
            Route53FailoverArgs(
                aws=AWS,
                zone="Z1",
                domain="example.org",
                origin=ORIGIN,
                cdn=cdn,
                health="/health/ready",
            ),
        )
    )


def target(failover: Recording, name: str) -> tuple[str, str, bool]:
    [alias] = failover.one("Record", f"failover-{name}").inputs["aliases"]
    return alias["name"], alias["zoneId"], alias["evaluateTargetHealth"]


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(Route53Failover, made())


def test_the_cdn_answers_while_it_is_healthy() -> None:
    """Two records without roles share the visitors, and half of them see the outage."""
    failover = made()
    first, second = (
        failover.one("Record", f"failover-{each}").inputs for each in ("first", "second")
    )
    assert first["failoverRoutingPolicies"] == [{"type": "PRIMARY"}]
    assert second["failoverRoutingPolicies"] == [{"type": "SECONDARY"}]
    assert first["setIdentifier"] != second["setIdentifier"]
    assert first["name"] == second["name"] == "example.org"
    assert first["healthCheckId"] == failover.one("HealthCheck").made["id"]
    assert "healthCheckId" not in second
    assert failover.outputs == {"handle": "Record failover-first", "origin": "origin.example.org"}


def test_records_lead_where_they_say() -> None:
    """A distribution has no health of its own; a balancer's is its targets'."""
    failover = made()
    assert target(failover, "first") == (CDN.host, CDN.zone, False)
    assert target(failover, "second") == (ORIGIN.host, ORIGIN.zone, True)
    assert target(failover, "origin") == (ORIGIN.host, ORIGIN.zone, True)
    assert failover.one("Record", "failover-origin").inputs["name"] == "origin.example.org"
    assert {each.inputs["zoneId"] for each in failover.all("Record")} == {"Z1"}
    assert {each.inputs["type"] for each in failover.all("Record")} == {"A"}


def test_the_cdn_is_asked_as_visitors_ask() -> None:
    """A check of another path or without TLS says nothing about the CDN."""
    check = made().one("HealthCheck").inputs
    wanted = {
        "type": "HTTPS",
        "fqdn": CDN.host,
        "port": 443,
        "resourcePath": "/health/ready",
        "failureThreshold": FAILURES,
        "requestInterval": INTERVAL_SECONDS,
    }
    assert {key: check[key] for key in wanted} == wanted


def test_without_a_cdn_the_balancer_answers_alone() -> None:
    """A failover record without its other half answers nothing when it is unhealthy."""
    failover = made(None)
    assert failover.labels() == {"Record failover-first", "Record failover-origin"}
    first = failover.one("Record", "failover-first").inputs
    assert not {"failoverRoutingPolicies", "setIdentifier", "healthCheckId"} & set(first)
    assert target(failover, "first") == (ORIGIN.host, ORIGIN.zone, True)
    assert failover.outputs["handle"] == "Record failover-first"
