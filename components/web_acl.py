"""A web application firewall of AWS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi_aws import cloudwatch, wafv2

from components.aws_context import AwsContext

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

LARGE_BODY_RULE = "SizeRestrictions_BODY"
"""Blocks bodies over 8 KiB, and with them every upload of a file; so it only counts."""

REQUESTS = 2000
"""Requests that one address may make in five minutes."""


@dataclass(frozen=True, kw_only=True)
class WebAclArgs:
    """What a firewall is made from.

    Args:
        aws: source of names and tags.
        scope: where it stands.
        logs_key: ARN of the key that encrypts logs, in the region of the firewall; None
            for CloudWatch's own.
    """

    aws: AwsContext
    scope: Literal["REGIONAL", "CLOUDFRONT"]
    logs_key: pulumi.Input[str] | None


class WebAcl(pulumi.ComponentResource):
    """AWS' managed rules and a rate limit, with a log of what they saw.

    Makes:
        `{name}`: the firewall.
        `{name}-logs`, `{name}-logging`: log group, and that it is used. No header
            with a credential is written.

    Outputs:
        arn: the firewall's ARN.
    """

    TOKEN = "nexus:edge:WebAcl"

    arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: WebAclArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(self.TOKEN, name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        aws = args.aws
        region = "us-east-1" if args.scope == "CLOUDFRONT" else aws.region
        acl = wafv2.WebAcl(
            name,
            description="Managed rules and a rate limit per address",
            scope=args.scope,
            region=region,
            default_action={"allow": {}},
            rules=[
                *(_managed(number, rule) for number, rule in enumerate(MANAGED_RULES)),
                _rate_limit(len(MANAGED_RULES)),
            ],
            visibility_config=_visible(name),
            tags=aws.tags(name, "edge"),
            opts=child,
        )
        logs = cloudwatch.LogGroup(
            f"{name}-logs",
            # AWS takes no other start of the name.
            name=f"aws-waf-logs-{aws.prefix}-{name}",
            retention_in_days=aws.log_days,
            kms_key_id=args.logs_key,
            region=region,
            tags=aws.tags(f"{name}-logs", "edge"),
            opts=child,
        )
        wafv2.WebAclLoggingConfiguration(
            f"{name}-logging",
            resource_arn=acl.arn,
            log_destination_configs=[logs.arn],
            region=region,
            redacted_fields=[
                {"single_header": {"name": "authorization"}},
                {"single_header": {"name": "cookie"}},
            ],
            opts=child,
        )
        self.arn = acl.arn
        self.register_outputs({"arn": self.arn})


def _visible(name: str) -> wafv2.WebAclVisibilityConfigArgsDict:
    return {
        "cloudwatch_metrics_enabled": True,
        "metric_name": name,
        "sampled_requests_enabled": True,
    }


def _managed(number: int, rule: str) -> wafv2.WebAclRuleArgsDict:
    group: wafv2.WebAclRuleStatementManagedRuleGroupStatementArgsDict = {
        "vendor_name": "AWS",
        "name": rule,
    }
    if rule == "AWSManagedRulesCommonRuleSet":
        group["rule_action_overrides"] = [{"name": LARGE_BODY_RULE, "action_to_use": {"count": {}}}]
    return {
        "name": rule,
        "priority": number,
        "override_action": {"count": {}} if rule in COUNTED else {"none": {}},
        "statement": {"managed_rule_group_statement": group},
        "visibility_config": _visible(rule),
    }


def _rate_limit(number: int) -> wafv2.WebAclRuleArgsDict:
    return {
        "name": "RateLimit",
        "priority": number,
        "action": {"block": {}},
        "statement": {"rate_based_statement": {"limit": REQUESTS, "aggregate_key_type": "IP"}},
        "visibility_config": _visible("RateLimit"),
    }
