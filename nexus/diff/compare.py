"""Finds how the inputs of one resource differ, property path by property path."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from nexus.diff.bounded_json import is_bounded
from nexus.diff.changes import ABSENT, Place, PropertyChange
from nexus.diff.secrecy import HIDDEN, holds_secrets, is_wrapped, names_a_secret, without_secrets
from nexus.pulumi.resource import child_path

_IDENTITIES = ("mountPath", "name", "key")
"""What tells items of a list apart; of mounts the path, since two may share a volume."""

_UNORDERED = """
accessModes add drop egress except finalizers from ingress limits matchExpressions metrics
policyTypes ports requirements taints to tolerations topologySpreadConstraints values apiGroups
resourceNames resources subjects verbs aliases allowedMethods availabilityZones cachedMethods
enabledCloudwatchLogsExports enabledClusterLogTypes logDestinationConfigs nodePools
originSslProtocols publicAccessCidrs records routeTableIds securityGroupIds securityGroups
statusCodes subjectAlternativeNames subnetIds subnets userGroupIds userIds validationRecordFqdns
vpcSecurityGroupIds
"""
"""Keys of lists whose order means nothing: fields of Kubernetes (a rule of a policy, a selector,
RBAC), then arguments that are sets in the providers' schemas. `args`, `command`, `rules` of a
firewall, `instanceTypes` and pools are not among them."""

_SETS = frozenset(_UNORDERED.split())

_SETS_IN_TEXT = frozenset(
    {"Action", "AWS", "NotAction", "NotResource", "Resource", "Service", "Statement"}
)
"""The same in a policy of IAM, which is a text."""

_DEEPEST_TEXT = 20
"""Levels of a configuration file that are compared; a deeper one is compared as text."""


def compare(
    old: Mapping[str, Any], new: Mapping[str, Any], secrets: frozenset[str] = frozenset()
) -> tuple[PropertyChange, ...]:
    """What differs between two sets of inputs, in the order of their paths.

    Args:
        old: the inputs. Key order and number formats (1, 1.0) do not count.
        new: the same.
        secrets: Pulumi property paths of values that must not be shown.
    """
    return tuple(_compare(dict(old), dict(new), Place(), secrets))


def same(old: Any, new: Any) -> bool:
    """Deep equality, in which true is not 1."""
    if old != new:
        return False
    if isinstance(old, dict):
        return all(same(old[key], new[key]) for key in old)
    if isinstance(old, list):
        return all(map(same, old, new))
    return isinstance(old, bool) == isinstance(new, bool)


def _compare(old: Any, new: Any, place: Place, secrets: frozenset[str]) -> Iterator[PropertyChange]:
    if same(old, new):
        return
    place = place.hide(is_wrapped(old) or is_wrapped(new))
    if not place.hidden:
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _compare_tables(old, new, place, secrets)
            return
        if isinstance(old, list) and isinstance(new, list):
            yield from _compare_lists(old, new, place, secrets)
            return
        if isinstance(old, str) and isinstance(new, str) and not place.in_text:
            inside = list(_compare_texts(old, new, place))
            if inside:
                yield from inside
                return
    yield PropertyChange(
        path=place.path.removesuffix(" > "),
        steps=place.steps,
        leaf=place.leaf,
        old=_masked(old, place, secrets),
        new=_masked(new, place, secrets),
    )


def _compare_tables(
    old: dict[str, Any], new: dict[str, Any], place: Place, secrets: frozenset[str]
) -> Iterator[PropertyChange]:
    names = [table.get("name") for table in (old, new)]
    # {"name": "DB_PASSWORD", "value": …}: an environment variable.
    holds_secret = any(isinstance(name, str) and names_a_secret(name) for name in names)
    for key in sorted(old.keys() | new.keys()):
        was, now = old.get(key, ABSENT), new.get(key, ABSENT)
        below = place.entry(key)
        looks = names_a_secret(key) or (key == "value" and holds_secret)
        is_text = isinstance(was, str) or isinstance(now, str)
        hidden = below.wire in secrets or (looks and is_text) or holds_secrets(key)
        yield from _compare(was, now, below.hide(hidden), secrets)


def _compare_lists(
    old: list[Any], new: list[Any], place: Place, secrets: frozenset[str]
) -> Iterator[PropertyChange]:
    """Items that all have a name of their own are matched by it, those of a set by what they are.

    Others are matched by position.
    """
    is_set = place.key in (_SETS_IN_TEXT if place.in_text else _SETS)
    field = identity_field(old + new) if old and new else None
    was, now = _by(field, old), _by(field, new)
    if field is None or len(was) < len(old) or len(now) < len(new):
        if is_set:
            yield from _compare_sets(old, new, place, secrets)
            return
        for index in range(max(len(old), len(new))):
            below = place.item(index)
            yield from _compare(
                old[index] if index < len(old) else ABSENT,
                new[index] if index < len(new) else ABSENT,
                below.hide(below.wire in secrets),
                secrets,
            )
        return
    old_at = {name: index for index, name in enumerate(was)}
    new_at = {name: index for index, name in enumerate(now)}
    for name in sorted(was.keys() | now.keys()):
        at = {table[name] for table in (old_at, new_at) if name in table}
        # A secret may stand at the one position in the old list, at another in the new.
        hidden = any(f"{place.wire}[{index}]" in secrets for index in at)
        below = place.item(new_at.get(name, old_at.get(name, 0)), f"{field}={name}").hide(hidden)
        moved = _moved(secrets, place.wire, at)
        yield from _compare(was.get(name, ABSENT), now.get(name, ABSENT), below, moved)
    kept = [name for name in was if name in now]
    if kept != (order := [name for name in now if name in was]) and not is_set:
        yield PropertyChange(
            path=f"{place.path}[order]",
            steps=place.steps,
            leaf=(*place.leaf, "order"),
            old=kept,
            new=order,
        )


def _compare_sets(
    old: list[Any], new: list[Any], place: Place, secrets: frozenset[str]
) -> Iterator[PropertyChange]:
    """What only one side has. Of mappings as many as on the other side are taken for the same."""
    gone, come = _missing(old, new), _missing(new, old)
    tables = all(isinstance(each, dict) for each in (*old, *new))
    paired = len(gone) == len(come) and (tables or len(gone) == 1)
    pairs = zip(gone, come, strict=True) if paired else ()
    alone = () if paired else (*((at, None) for at in gone), *((None, at) for at in come))
    for was, now in (*pairs, *alone):
        at = {index for index in (was, now) if index is not None}
        hidden = any(f"{place.wire}[{index}]" in secrets for index in at)
        yield from _compare(
            ABSENT if was is None else old[was],
            ABSENT if now is None else new[now],
            place.item(max(at) if now is None else now, "").hide(hidden),
            _moved(secrets, place.wire, at),
        )


def _missing(items: list[Any], others: list[Any]) -> list[int]:
    """Positions of the items that the other list has not got, or not as often."""
    left = Counter(json.dumps(each, sort_keys=True) for each in others)
    missing: list[int] = []
    for index, item in enumerate(items):
        key = json.dumps(item, sort_keys=True)
        left[key] -= 1
        if left[key] < 0:
            missing.append(index)
    return missing


def _moved(secrets: frozenset[str], wire: str, at: set[int]) -> frozenset[str]:
    """The secrets, those below any of the positions `at` known below each of them."""
    if len(at) < 2 or not secrets:
        return secrets
    starts = [f"{wire}[{index}]" for index in at]
    tails = {path[len(start) :] for start in starts for path in secrets if path.startswith(start)}
    return secrets | {start + tail for start in starts for tail in tails}


def _compare_texts(old: str, new: str, place: Place) -> Iterator[PropertyChange]:
    """Texts that are JSON (a configuration file in a ConfigMap), by their content."""
    if not (old[:1] in ("{", "[") and new[:1] in ("{", "[")):
        return
    try:
        was, now = json.loads(old), json.loads(new)
    except (ValueError, RecursionError):
        return
    if is_bounded(was, _DEEPEST_TEXT) and is_bounded(now, _DEEPEST_TEXT):
        yield from _compare(was, now, place.inside(), frozenset())


def identity_field(items: list[Any]) -> str | None:
    """The field that tells the items of a list apart: a text that each of them has."""
    if not all(isinstance(item, dict) for item in items):
        return None
    for field in _IDENTITIES:
        values = [item.get(field) for item in items]
        if items and all(isinstance(value, str) for value in values):
            return field
    return None


def _by(field: str | None, items: list[Any]) -> dict[str, Any]:
    """Items by their identity; fewer than there are if two share one."""
    return {} if field is None else {item[field]: item for item in items}


def _masked(value: Any, place: Place, secrets: frozenset[str]) -> Any:
    if value is ABSENT:
        return ABSENT
    if place.hidden:
        return HIDDEN
    return without_secrets(_without_paths(value, secrets, place.wire), place.key)


def _without_paths(value: Any, secrets: frozenset[str], wire: str) -> Any:
    if not secrets:
        return value
    if wire in secrets:
        return HIDDEN
    if isinstance(value, dict):
        return {k: _without_paths(v, secrets, child_path(wire, k)) for k, v in value.items()}
    if isinstance(value, list):
        return [_without_paths(v, secrets, f"{wire}[{i}]") for i, v in enumerate(value)]
    return value
