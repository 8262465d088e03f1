"""Label selectors, as the Kubernetes API reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nexus.pulumi.resource import mapping, sequence


def matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether `selector` (matchLabels and matchExpressions, all of them) selects `labels`.

    An empty selector selects everything. `NotIn` and `DoesNotExist` also hold where the key
    is missing.

    Raises:
        ValueError: for an operator that the API does not know.
    """
    wanted = mapping(selector.get("matchLabels"))
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(_holds(mapping(each), labels) for each in sequence(selector.get("matchExpressions")))


def _holds(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, operator = expression["key"], expression["operator"]
    values = sequence(expression.get("values"))
    if operator == "In":
        return key in labels and labels[key] in values
    if operator == "NotIn":
        return key not in labels or labels[key] not in values
    if operator == "Exists":
        return key in labels
    if operator == "DoesNotExist":
        return key not in labels
    raise ValueError(f"'{operator}' is no operator of a label selector")
