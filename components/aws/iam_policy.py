"""Documents of IAM: who may do what, without wildcards where one can do without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

VERSION = "2012-10-17"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One rule of a policy.

    Args:
        sid: name of the rule, letters and digits.
        actions: what it is about, such as `s3:GetObject`.
        resources: ARNs it is about; empty in a trust policy.
        principals: who it is about, by kind (`AWS`, `Service`); empty in a role's policy.
        conditions: operator to key to values.
        allow: whether it allows or denies.
    """

    sid: str
    actions: tuple[str, ...]
    resources: tuple[pulumi.Input[str], ...] = ()
    principals: Mapping[str, pulumi.Input[str] | Sequence[pulumi.Input[str]]] = field(
        default_factory=dict[str, str]
    )
    conditions: Mapping[str, Mapping[str, pulumi.Input[str] | Sequence[pulumi.Input[str]]]] = field(
        default_factory=dict[str, dict[str, str]]
    )
    allow: bool = True

    def document(self) -> dict[str, object]:
        """The rule as plain data."""
        rule: dict[str, object] = {
            "Sid": self.sid,
            "Effect": "Allow" if self.allow else "Deny",
            "Action": list(self.actions),
        }
        if self.resources:
            rule["Resource"] = list(self.resources)
        if self.principals:
            everybody = self.principals.get("*") == "*"
            rule["Principal"] = "*" if everybody else dict(self.principals)
        if self.conditions:
            rule["Condition"] = {key: dict(value) for key, value in self.conditions.items()}
        return rule


def policy(*statements: Statement) -> pulumi.Output[str]:
    """The policy that consists of `statements`, as JSON."""
    return pulumi.Output.json_dumps(
        {"Version": VERSION, "Statement": [each.document() for each in statements]}
    )


def trust(service: str, *actions: str, source_account: str | None = None) -> pulumi.Output[str]:
    """Policy of a role that an AWS service takes on.

    Args:
        service: such as `eks.amazonaws.com`.
        actions: `sts:AssumeRole`, and more for services that pass session tags.
        source_account: the account that the service must act for, where it says so.
    """
    conditions = (
        {} if source_account is None else {"StringEquals": {"aws:SourceAccount": source_account}}
    )
    return policy(
        Statement(
            sid="Assume",
            actions=actions or ("sts:AssumeRole",),
            principals={"Service": service},
            conditions=conditions,
        )
    )
