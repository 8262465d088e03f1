"""The rules as policies of a Pulumi policy pack. Needs the SDK of requirements.txt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pulumi_policy

from nexus.policy.rule import Rule
from nexus.policy.rules import RULES
from nexus.pulumi.resource import Resource
from nexus.pulumi.wire import NOT_KNOWN

NAME = "nexus-cos"


def policies() -> list[pulumi_policy.Policy]:
    """One mandatory policy of the whole stack per rule that can be held without a plan."""
    return [
        pulumi_policy.StackValidationPolicy(
            name=rule.name,
            description=rule.description,
            validate=_validation(rule),
            enforcement_level=pulumi_policy.EnforcementLevel.MANDATORY,
        )
        for rule in RULES
        if not rule.reads_secrecy
    ]


def _validation(rule: Rule) -> pulumi_policy.StackValidation:
    def validate(
        args: pulumi_policy.StackValidationArgs, report: pulumi_policy.ReportViolation
    ) -> None:
        resources = [
            Resource(
                urn=each.urn, type=each.resource_type, name=each.name, inputs=_known(each.props)
            )
            for each in args.resources
        ]
        for violation in rule.violations(resources):
            report(violation.message, violation.urn)

    return validate


def _known(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: _value(properties, key) for key in properties}


def _value(holder: Any, key: str | int) -> Any:
    """`holder[key]` as plain data; the SDK raises an error of its own where it is unknown."""
    try:
        value = holder[key]
    except (KeyError, IndexError):
        raise
    except Exception:
        return NOT_KNOWN
    if isinstance(value, Mapping):
        return _known(cast("Mapping[str, Any]", value))
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return [_value(value, index) for index in range(len(cast("Sequence[Any]", value)))]
    return value
