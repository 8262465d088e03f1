"""A web application firewall, made alone."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from components.aws.web_acl import (
    BY_ADDRESS,
    COUNTED,
    HEADER,
    LARGE_BODY_RULE,
    MANAGED_RULES,
    REQUESTS,
    WebAcl,
    WebAclArgs,
)
from tests.components.recording import AWS, Recording, assert_makes_what_it_says, record

Scope = Literal["REGIONAL", "CLOUDFRONT"]


MARK = "0123456789"


def made(
    scope: Scope = "REGIONAL", logs_key: str | None = "arn:key", mark: str | None = None
) -> Recording:
    args = WebAclArgs(aws=AWS, scope=scope, logs_key=logs_key, mark=mark)
    return record(lambda: WebAcl("firewall", args))


def rules(firewall: Recording) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in firewall.one("WebAcl").inputs["rules"]}


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(WebAcl, made())


@pytest.mark.parametrize(
    ("scope", "region"), [("REGIONAL", "eu-central-1"), ("CLOUDFRONT", "us-east-1")]
)
def test_firewall_and_log_are_where_the_scope_wants_them(scope: Scope, region: str) -> None:
    """AWS refuses a firewall for CloudFront anywhere but in us-east-1."""
    firewall = made(scope)
    assert firewall.one("WebAcl").inputs["scope"] == scope
    for kind in ("WebAcl", "LogGroup", "WebAclLoggingConfiguration"):
        assert firewall.one(kind).inputs["region"] == region
    assert f":{region}:" in firewall.outputs["arn"]
    assert firewall.outputs["arn"] == firewall.one("WebAcl").made["arn"]


def test_managed_rules_block_but_for_what_only_counts() -> None:
    """Rules that only count stop nobody; VPN users and uploads must get through."""
    found = rules(made())
    assert set(found) == {*MANAGED_RULES, "RateLimit"}
    for name in MANAGED_RULES:
        wanted = {"count": {}} if name in COUNTED else {"none": {}}
        assert found[name]["overrideAction"] == wanted
        group = found[name]["statement"]["managedRuleGroupStatement"]
        assert (group["vendorName"], group["name"]) == ("AWS", name)
    common = found["AWSManagedRulesCommonRuleSet"]["statement"]["managedRuleGroupStatement"]
    [override] = common["ruleActionOverrides"]
    assert override == {"name": LARGE_BODY_RULE, "actionToUse": {"count": {}}}
    # AWS refuses a rule that does not say whether it is seen.
    for name, each in {**found, "firewall": made().one("WebAcl").inputs}.items():
        assert each["visibilityConfig"] == {
            "cloudwatchMetricsEnabled": True,
            "metricName": name,
            "sampledRequestsEnabled": True,
        }
    priorities = [each["priority"] for each in found.values()]
    assert len(set(priorities)) == len(priorities)


def test_one_address_cannot_use_up_the_platform() -> None:
    """Without a rate limit one visitor can."""
    limit = rules(made())["RateLimit"]
    assert limit["action"] == {"block": {}}
    assert limit["statement"]["rateBasedStatement"] == {
        "limit": REQUESTS,
        "aggregateKeyType": "IP",
    }
    assert made().one("WebAcl").inputs["defaultAction"] == {"allow": {}}


def test_what_a_cdn_passed_on_is_not_counted_as_the_cdns_own() -> None:
    """All visitors behind one address of a CDN would share one visitor's limit, and be blocked."""
    found = rules(made(mark=MARK))
    passed_on = {
        "fieldToMatch": {"singleHeader": {"name": HEADER}},
        "positionalConstraint": "EXACTLY",
        "searchString": MARK,
        "textTransformations": [{"priority": 0, "type": "NONE"}],
    }
    wanted = {"notStatement": {"statement": {"byteMatchStatement": passed_on}}}
    assert found["RateLimit"]["statement"]["rateBasedStatement"] == {
        "limit": REQUESTS,
        "aggregateKeyType": "IP",
        "scopeDownStatement": wanted,
    }
    for name in MANAGED_RULES:
        group = found[name]["statement"]["managedRuleGroupStatement"]
        # Rules that look at the request itself look at all of them.
        assert group.get("scopeDownStatement") == (wanted if name in BY_ADDRESS else None)
    assert set(MANAGED_RULES) > BY_ADDRESS


@pytest.mark.parametrize("key", [None, "arn:key"])
def test_log_holds_no_credential(key: str | None) -> None:
    """Whoever reads the log could be any user who signed in."""
    firewall = made(logs_key=key)
    logging, group = firewall.one("WebAclLoggingConfiguration"), firewall.one("LogGroup")
    redacted = {each["singleHeader"]["name"] for each in logging.inputs["redactedFields"]}
    assert redacted == {"authorization", "cookie", HEADER}
    # AWS takes no other start of the name.
    assert group.inputs["name"].startswith("aws-waf-logs-")
    assert group.inputs.get("kmsKeyId") == key
    assert group.inputs["retentionInDays"] == 365
    [destination] = logging.inputs["logDestinationConfigs"]
    assert destination == group.made["arn"]
    assert logging.inputs["resourceArn"] == firewall.outputs["arn"]
