"""How the inputs of one resource differ, property path by property path."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from nexus.diff.bounded_json import json_inside
from nexus.diff.secrecy import HIDDEN, holds_secrets, is_wrapped, names_a_secret, without_secrets
from nexus.pulumi.replacement import Immutable
from nexus.pulumi.resource import Resource, child_path

_PLAIN_KEY = re.compile(r"^[A-Za-z_$][\w$/-]*$")

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


class _Absent:
    """The type of ABSENT."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()
"""Stands where one side has no value; null is a value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PropertyChange:
    """One property that differs.

    Args:
        path: where, for people: `spec.replicas`, `env[name=PORT].value`, `ports[]` for an item
            of a list whose order means nothing, and inside a text that is JSON itself
            `data["a.json"] > key`.
        steps: keys and positions as the engine counts them; those inside a text left out.
        leaf: all keys down to the value, those inside a text included.
        old, new: the values, secrets replaced; ABSENT where a side has none.
    """

    path: str
    steps: tuple[str | int, ...]
    leaf: tuple[str, ...]
    old: Any
    new: Any

    @property
    def kind(self) -> str:
        """`added`, `removed` or `changed`."""
        if self.old is ABSENT:
            return "added"
        return "removed" if self.new is ABSENT else "changed"

    def replaces(self, fixed: Immutable) -> bool:
        """Whether the change makes a new object of one of which this is `fixed`."""
        old, new = (None if value is ABSENT else value for value in (self.old, self.new))
        return fixed.replaces(self.steps, old, new)


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A resource of both sides whose inputs or options differ.

    Args:
        replacing: paths of the properties that may replace it; empty if it is changed in place.
        harmless: whether a replacement costs nothing: the new object has another name and
            is there before the old one goes.
        because: names of ConfigMaps and Secrets whose new content is all that this resource's
            change is about; empty if there is more to it.
    """

    before: Resource
    after: Resource
    properties: tuple[PropertyChange, ...]
    options: tuple[PropertyChange, ...] = ()
    replacing: tuple[str, ...] = ()
    harmless: bool = False
    because: tuple[str, ...] = ()

    @property
    def is_routine(self) -> bool:
        """Whether it is new content of a ConfigMap or Secret, or what follows from that."""
        return bool(self.because) or (bool(self.replacing) and self.harmless)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A place in two sets of inputs, while they are walked.

    Args:
        wire: Pulumi's own property path, as the plan's list of secrets has it.
        key: the nearest key above, which may tell that the value is secret.
        hidden: whether values must not be shown here or below.
    """

    path: str = ""
    steps: tuple[str | int, ...] = ()
    leaf: tuple[str, ...] = ()
    wire: str = ""
    key: str = ""
    in_text: bool = False
    hidden: bool = False

    def entry(self, key: str) -> Place:
        """The place of `key` in the mapping here."""
        label = key if _PLAIN_KEY.match(key) else f"[{json.dumps(key, ensure_ascii=False)}]"
        return replace(self._below(key, label), key=key, wire=child_path(self.wire, key))

    def item(self, index: int, identity: str | None = None) -> Place:
        """The place of an item of the list here, by position or what it is told by (`name=x`)."""
        label = f"[{index}]" if identity is None else f"[{identity}]"
        return replace(self._below(index, label), wire=child_path(self.wire, index))

    def inside(self) -> Place:
        """The place inside the text here."""
        return replace(self, path=f"{self.path} > ", in_text=True)

    def change(self, old: Any, new: Any) -> PropertyChange:
        """What differs here."""
        path = self.path.removesuffix(" > ")
        return PropertyChange(path=path, steps=self.steps, leaf=self.leaf, old=old, new=new)

    def hide(self, hidden: bool) -> Place:
        """The same place, its values hidden if `hidden`."""
        return replace(self, hidden=True) if hidden and not self.hidden else self

    def _below(self, key: str | int, label: str) -> Place:
        joined = "" if not self.path or self.path.endswith("> ") or label[0] == "[" else "."
        return replace(
            self,
            path=f"{self.path}{joined}{label}",
            steps=self.steps if self.in_text else (*self.steps, key),
            leaf=(*self.leaf, str(key)),
        )


def compare(
    old: Mapping[str, Any], new: Mapping[str, Any], secrets: frozenset[str] = frozenset()
) -> tuple[PropertyChange, ...]:
    """What differs between two sets of inputs, in the order of their paths.

    Key order and number formats (1, 1.0) do not count. `secrets` are Pulumi property paths of
    values that must not be shown.
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
    yield place.change(_masked(old, place, secrets), _masked(new, place, secrets))


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
        own = replace(place, path=f"{place.path}[order]", leaf=(*place.leaf, "order"))
        yield own.change(kept, order)


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
    was, now = json_inside(old), json_inside(new)
    if was is not None and now is not None:
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
