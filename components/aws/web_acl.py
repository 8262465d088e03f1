"""A web application firewall of AWS, and how it knows what one of our own CDNs passed on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pulumi
from pulumi_aws import wafv2

from components.aws.aws_context import AwsContext
from components.component import Component
from components.servers.servers import password

HEADER = "x-nexus-passed-on"
"""Request header that CDNs set, in place of whatever a visitor sent under that name. CloudFront
refuses names that start with X-Amz- or X-Edge- (CloudFront Developer Guide, "Add custom headers to
origin requests"); Cloudflare those with cf- (its "Request Header Transform Rules")."""


@dataclass(frozen=True, kw_only=True)
class CdnMarkArgs:
    """What a mark is made from."""

    rotation: int = 0


class CdnMark(Component[CdnMarkArgs]):
    """A value of the header `HEADER` that only our CDNs and firewalls know.

    Behind a CDN the address of a request is the CDN's, and a header with the visitor's own
    can be forged by who goes past the CDN. So each visitor is counted where the address is
    the visitor's, and what carries the mark has been counted already. Who learns it escapes the
    rate limit and the lists of bad addresses, and nothing else.

    Makes:
        `{name}-value`: the value.
    """

    TOKEN = "nexus:edge:CdnMark"

    value: pulumi.Output[str]

    def _make(self, name: str, args: CdnMarkArgs) -> None:
        self.value = password(
            f"{name}-value",
            rotation=args.rotation,
            opts=self.child,
        ).result


MANAGED_RULES = (
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
    "AWSManagedRulesAnonymousIpList",
)
"""Rule groups that AWS keeps; the third one knows Log4j's."""

COUNTED = frozenset({"AWSManagedRulesAnonymousIpList"})
"""Groups that only count: who comes through a VPN is no attacker for that."""

BY_ADDRESS = frozenset({"AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesAnonymousIpList"})
"""Groups that judge the address a request comes from, which behind a CDN is the CDN's; they know no
header instead (AWS WAF Developer Guide, "IP reputation rule groups")."""

LARGE_BODY_RULE = "SizeRestrictions_BODY"
"""Blocks bodies over 8 KiB, and with them every upload of a file; so it only counts."""

REQUESTS = 2000
"""Requests that one address may make in five minutes. The address a request comes from: behind a
proxy that is the proxy's (AWS WAF Developer Guide, "Aggregating rate-based rules")."""


@dataclass(frozen=True, kw_only=True)
class WebAclArgs:
    """What a firewall is made from.

    Args:
        logs_key: ARN of the key that encrypts logs, in the region of the firewall; None
            for CloudWatch's own.
        mark: value of the header `HEADER` on requests that one of our CDNs passed on, and
            counted; None where no CDN stands in front.
    """

    aws: AwsContext
    scope: Literal["REGIONAL", "CLOUDFRONT"]
    logs_key: pulumi.Input[str] | None
    mark: pulumi.Input[str] | None


class WebAcl(Component[WebAclArgs]):
    """AWS' managed rules and a rate limit, with a log of what they saw.

    What looks at addresses leaves out the requests that a CDN of ours passed on.

    Makes:
        `{name}`: the firewall.
        `{name}-logs`, `{name}-logging`: log group, and that it is used. No header
            with a credential is written, nor the mark.
    """

    TOKEN = "nexus:edge:WebAcl"

    arn: pulumi.Output[str]

    def _make(self, name: str, args: WebAclArgs) -> None:
        aws = args.aws
        region = "us-east-1" if args.scope == "CLOUDFRONT" else aws.region
        acl = wafv2.WebAcl(
            name,
            description="Managed rules and a rate limit per address",
            scope=args.scope,
            region=region,
            default_action={"allow": {}},
            rules=[
                *(_managed(number, rule, args.mark) for number, rule in enumerate(MANAGED_RULES)),
                _rate_limit(len(MANAGED_RULES), args.mark),
            ],
            visibility_config=_visible(name),
            tags=aws.tags(name, "edge"),
            opts=self.child,
        )
        logs = aws.log_group(
            f"{name}-logs",
            # AWS takes no other start of the name.
            f"aws-waf-logs-{aws.prefix}-{name}",
            "edge",
            key=args.logs_key,
            opts=self.child,
            region=region,
        )
        wafv2.WebAclLoggingConfiguration(
            f"{name}-logging",
            resource_arn=acl.arn,
            log_destination_configs=[logs.arn],
            region=region,
            redacted_fields=[
                {"single_header": {"name": header}}
                for header in ("authorization", "cookie", HEADER)
            ],
            opts=self.child,
        )
        self.arn = acl.arn


def _visible(name: str) -> wafv2.WebAclVisibilityConfigArgsDict:
    return {
        "cloudwatch_metrics_enabled": True,
        "metric_name": name,
        "sampled_requests_enabled": True,
    }


def _managed(number: int, rule: str, mark: pulumi.Input[str] | None) -> wafv2.WebAclRuleArgsDict:
    group: wafv2.WebAclRuleStatementManagedRuleGroupStatementArgsDict = {
        "vendor_name": "AWS",
        "name": rule,
    }
    if rule == "AWSManagedRulesCommonRuleSet":
        group["rule_action_overrides"] = [{"name": LARGE_BODY_RULE, "action_to_use": {"count": {}}}]
    if rule in BY_ADDRESS and mark is not None:
        group["scope_down_statement"] = _not_passed_on(mark)
    return {
        "name": rule,
        "priority": number,
        "override_action": {"count": {}} if rule in COUNTED else {"none": {}},
        "statement": {"managed_rule_group_statement": group},
        "visibility_config": _visible(rule),
    }


def _rate_limit(number: int, mark: pulumi.Input[str] | None) -> wafv2.WebAclRuleArgsDict:
    limit: wafv2.WebAclRuleStatementRateBasedStatementArgsDict = {
        "limit": REQUESTS,
        "aggregate_key_type": "IP",
    }
    if mark is not None:
        limit["scope_down_statement"] = _not_passed_on(mark)
    return {
        "name": "RateLimit",
        "priority": number,
        "action": {"block": {}},
        "statement": {"rate_based_statement": limit},
        "visibility_config": _visible("RateLimit"),
    }


def _not_passed_on(mark: pulumi.Input[str]) -> Any:
    """What matches a request that no CDN passed on; the SDK has a type of it for each place.

    A missing header matches nothing, so that its negation does.
    """
    passed_on = {
        "field_to_match": {"single_header": {"name": HEADER}},
        "positional_constraint": "EXACTLY",
        "search_string": mark,
        "text_transformations": [{"priority": 0, "type": "NONE"}],
    }
    return {"not_statement": {"statement": {"byte_match_statement": passed_on}}}
