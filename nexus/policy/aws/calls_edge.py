"""The calls that make the way in: balancers, certificates, names, CDNs, firewalls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nexus.policy.aws.call import Call, Inputs, shaped
from nexus.policy.aws.model import input_shape
from nexus.pulumi.resource import mapping, sequence


def _distribution(inputs: Inputs) -> Mapping[str, Any]:
    config = input_shape("cloudfront", "CreateDistribution").members["DistributionConfig"]
    given = {
        **{name: inputs[name] for name in _DISTRIBUTION if inputs.get(name) is not None},
        "callerReference": inputs.get("comment", ""),
        "origins": _each(inputs.get("origins"), _origin),
        "originGroups": _each(inputs.get("originGroups", []), _with_id),
    }
    behavior = inputs.get("defaultCacheBehavior")
    cached = mapping(behavior).get("cachedMethods")
    if cached is not None:
        rest = {key: each for key, each in mapping(behavior).items() if key != "cachedMethods"}
        given["defaultCacheBehavior"] = rest
    made: dict[str, Any] = shaped(given, config)
    if cached is not None:
        # A list in a list, of which Pulumi makes two.
        methods = made["DefaultCacheBehavior"].get("AllowedMethods")
        if isinstance(methods, dict):
            methods["CachedMethods"] = {"Quantity": len(cached), "Items": cached}
    geography: dict[str, Any] = mapping(made.get("Restrictions")).get("GeoRestriction", {})
    geography.setdefault("Quantity", 0)
    return {"DistributionConfig": made}


def _each(value: Any, make: Callable[[Any], Any]) -> Any:
    """What is made of each part of a list; a value that is not known yet stays."""
    return [make(each) for each in sequence(value)] if isinstance(value, list) else value


def _with_id(value: Any) -> dict[str, Any]:
    rest = {key: each for key, each in mapping(value).items() if key != "originId"}
    return {**rest, "id": mapping(value).get("originId")}


def _origin(origin: Any) -> dict[str, Any]:
    made = _with_id(origin)
    if "customOriginConfig" not in made:
        # A bucket's, without an identity of the old kind.
        made["s3OriginConfig"] = {"originAccessIdentity": ""}
    made["customHeaders"] = [
        {"headerName": each.get("name"), "headerValue": each.get("value")}
        for each in map(mapping, sequence(made.get("customHeaders")))
    ]
    return made


def _record(inputs: Inputs) -> Mapping[str, Any]:
    names = {
        "name": "Name",
        "type": "Type",
        "ttl": "TTL",
        "setIdentifier": "SetIdentifier",
        "healthCheckId": "HealthCheckId",
    }
    made: dict[str, Any] = {
        theirs: inputs[ours] for ours, theirs in names.items() if inputs.get(ours) is not None
    }
    for alias in map(mapping, sequence(inputs.get("aliases"))):
        made["AliasTarget"] = {
            "DNSName": alias.get("name"),
            "HostedZoneId": alias.get("zoneId"),
            "EvaluateTargetHealth": alias.get("evaluateTargetHealth"),
        }
    if inputs.get("records") is not None:
        made["ResourceRecords"] = _each(inputs["records"], lambda value: {"Value": value})
    for each in map(mapping, sequence(inputs.get("failoverRoutingPolicies"))):
        made["Failover"] = each.get("type")
    change = {"Action": "CREATE", "ResourceRecordSet": made}
    return {"ChangeBatch": {"Changes": [change]}}


_DISTRIBUTION = frozenset(
    {
        "aliases",
        "comment",
        "defaultCacheBehavior",
        "enabled",
        "httpVersion",
        "isIpv6Enabled",
        "originGroups",
        "origins",
        "priceClass",
        "restrictions",
        "viewerCertificate",
        "webAclId",
    }
)
"""Inputs of a distribution that are in its one configuration."""

EDGE: Mapping[str, Call] = {
    "aws:acm/certificate:Certificate": Call(
        service="acm", operation="RequestCertificate", apart=frozenset({"region"})
    ),
    "aws:cloudfront/distribution:Distribution": Call(
        service="cloudfront",
        operation="CreateDistribution",
        apart=_DISTRIBUTION | {"tags"},
        also=_distribution,
    ),
    "aws:cloudfront/originAccessControl:OriginAccessControl": Call(
        service="cloudfront",
        operation="CreateOriginAccessControl",
        renamed={
            name: f"OriginAccessControlConfig.{name[0].upper()}{name[1:]}"
            for name in (
                "name",
                "description",
                "originAccessControlOriginType",
                "signingBehavior",
                "signingProtocol",
            )
        },
    ),
    "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy": Call(
        service="cloudfront",
        operation="CreateResponseHeadersPolicy",
        renamed={
            name: f"ResponseHeadersPolicyConfig.{name[0].upper()}{name[1:]}"
            for name in ("name", "comment", "securityHeadersConfig")
        },
    ),
    "aws:lb/listener:Listener": Call(
        service="elbv2",
        operation="CreateListener",
        apart=frozenset({"certificateArn"}),
        also=lambda inputs: {"Certificates": [{"CertificateArn": inputs.get("certificateArn")}]},
    ),
    "aws:lb/loadBalancer:LoadBalancer": Call(
        service="elbv2",
        operation="CreateLoadBalancer",
        renamed={"loadBalancerType": "Type"},
        apart=frozenset(
            {
                "accessLogs",
                "desyncMitigationMode",
                "dropInvalidHeaderFields",
                "enableDeletionProtection",
                "internal",
            }
        ),
        also=lambda inputs: {"Scheme": "internal" if inputs.get("internal") else "internet-facing"},
    ),
    "aws:lb/targetGroup:TargetGroup": Call(
        service="elbv2",
        operation="CreateTargetGroup",
        apart=frozenset({"deregistrationDelay", "healthCheck"}),
        also=lambda inputs: _health(mapping(inputs.get("healthCheck"))),
    ),
    "aws:route53/healthCheck:HealthCheck": Call(
        service="route53",
        operation="CreateHealthCheck",
        renamed={
            "failureThreshold": "HealthCheckConfig.FailureThreshold",
            "fqdn": "HealthCheckConfig.FullyQualifiedDomainName",
            "port": "HealthCheckConfig.Port",
            "requestInterval": "HealthCheckConfig.RequestInterval",
            "resourcePath": "HealthCheckConfig.ResourcePath",
            "type": "HealthCheckConfig.Type",
        },
        apart=frozenset({"tags"}),
        also=lambda inputs: {"CallerReference": inputs.get("fqdn", "")},
    ),
    "aws:route53/record:Record": Call(
        service="route53",
        operation="ChangeResourceRecordSets",
        renamed={"zoneId": "HostedZoneId"},
        apart=frozenset(
            {
                "aliases",
                "failoverRoutingPolicies",
                "healthCheckId",
                "name",
                "records",
                "setIdentifier",
                "ttl",
                "type",
            }
        ),
        also=_record,
    ),
    "aws:wafv2/webAcl:WebAcl": Call(
        service="wafv2", operation="CreateWebACL", apart=frozenset({"region"})
    ),
    "aws:wafv2/webAclAssociation:WebAclAssociation": Call(
        service="wafv2", operation="AssociateWebACL"
    ),
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": Call(
        service="wafv2",
        operation="PutLoggingConfiguration",
        renamed={
            name: f"LoggingConfiguration.{name[0].upper()}{name[1:]}"
            for name in ("logDestinationConfigs", "redactedFields", "resourceArn")
        },
        apart=frozenset({"region"}),
    ),
}
"""The calls, by Pulumi's type."""


def _health(check: Mapping[str, Any]) -> Mapping[str, Any]:
    names = {
        "path": "HealthCheckPath",
        "interval": "HealthCheckIntervalSeconds",
        "timeout": "HealthCheckTimeoutSeconds",
        "healthyThreshold": "HealthyThresholdCount",
        "unhealthyThreshold": "UnhealthyThresholdCount",
        "port": "HealthCheckPort",
        "protocol": "HealthCheckProtocol",
    }
    made = {theirs: check[ours] for ours, theirs in names.items() if check.get(ours) is not None}
    matcher = check.get("matcher")
    return made if matcher is None else {**made, "Matcher": {"HttpCode": matcher}}
