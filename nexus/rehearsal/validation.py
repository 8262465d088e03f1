"""What a Kubernetes API server refuses beyond its schemas, in its own words.

Source: Kubernetes 1.36.3, pkg/apis/*/validation and apimachinery's pkg/util/validation. Rules
that no change of a working program breaks are left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from nexus.pulumi.replacement import KUBERNETES_REFUSED
from nexus.rehearsal.schema import Fragment, Table, misfit, parts

_Rule = Callable[[Fragment], Iterator[str]]

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_LABEL_WORDS = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex "
    f"used for validation is '{_LABEL}')"
)
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_SUBDOMAIN_WORDS = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    f"for validation is '{_SUBDOMAIN}')"
)
_VALUE = r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
_VALUE_WORDS = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or "
    f"'my_value',  or '12345', regex used for validation is '{_VALUE}')"
)

_SHORT_NAMES = frozenset({"Namespace", "Service", "StatefulSet"})
"""Kinds whose names are DNS labels."""

_FREE_NAMES = frozenset({"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"})
"""Kinds whose names only have to fit into a URL."""

_HANDLERS = ("exec", "grpc", "httpGet", "sleep", "tcpSocket")


def refusal(manifest: Table) -> str | None:
    """Why an API server would not take an object, which is whole and without unknowns, or None."""
    wrong = misfit(manifest)
    problems = [wrong] if wrong else [*_name_problems(manifest), *_problems(manifest)]
    return _sentence(manifest, problems)


def change_refusal(before: Table, after: Table) -> str | None:
    """Why an API server would not take the change of an object, or None."""
    group, _, _ = after["apiVersion"].rpartition("/")
    problems = [
        f"{path}: Forbidden: may not be changed in an update."
        if path == "value"
        else _invalid(path, _at(after, path), "field is immutable")
        for path in KUBERNETES_REFUSED.get((group, after["kind"]), ())
        if _at(before, path) != _at(after, path)
    ]
    return _sentence(after, problems)


def _at(manifest: Table, path: str) -> Any:
    value: Any = manifest
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _sentence(manifest: Table, problems: Sequence[str]) -> str | None:
    if not problems:
        return None
    group = manifest["apiVersion"].rpartition("/")[0]
    kind = f"{manifest['kind']}.{group}" if group else manifest["kind"]
    listed = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
    return f'{kind} "{manifest["metadata"]["name"]}" is invalid: {listed}'


def _problems(manifest: Table) -> Iterator[str]:
    for part in parts(manifest):
        rule = _RULES.get(part.definition)
        if rule is not None:
            yield from rule(part)


def _name_problems(manifest: Table) -> Iterator[str]:
    kind, name = manifest["kind"], manifest["metadata"]["name"]
    if kind in _FREE_NAMES:
        return
    if kind in _SHORT_NAMES:
        yield from _text("metadata.name", name, "63 characters", _LABEL, _LABEL_WORDS)
    else:
        yield from _text("metadata.name", name, "253 characters", _SUBDOMAIN, _SUBDOMAIN_WORDS)
    if kind == "Job" and len(name) > 63:
        # Its pods get its name as a label.
        yield _invalid("spec.template.labels", name, "must be no more than 63 bytes")


def _text(path: str, value: str, longest: str, pattern: str, words: str) -> Iterator[str]:
    if len(value) > int(longest.split(maxsplit=1)[0]):
        yield _invalid(path, value, f"must be no more than {longest}")
    if not re.fullmatch(pattern, value):
        yield _invalid(path, value, words)


def _invalid(path: str, value: object, words: str) -> str:
    return f"{path}: Invalid value: {json.dumps(value)}: {words}"


def _labels(part: Fragment) -> Iterator[str]:
    for value in (part.value.get("labels") or {}).values():
        yield from _text(part.at("labels"), value, "63 bytes", _VALUE, _VALUE_WORDS)


def _own_names(field: str) -> _Rule:
    """Items of the list `field` have names of their own, though the list goes by other keys."""

    def rule(part: Fragment) -> Iterator[str]:
        names: list[str] = []
        for index, item in enumerate(part.value.get(field) or ()):
            name = item.get("name")
            if name and name in names:
                yield f"{part.at(field)}[{index}].name: Duplicate value: {json.dumps(name)}"
            names.append(name)

    return rule


def _service(part: Fragment) -> Iterator[str]:
    ports = part.value.get("ports") or ()
    if len(ports) > 1:
        for index, port in enumerate(ports):
            if not port.get("name"):
                yield f"{part.at('ports')}[{index}].name: Required value"
    yield from _own_names("ports")(part)


def _one_of(fields: Sequence[str], words: str) -> _Rule:
    def rule(part: Fragment) -> Iterator[str]:
        given = [field for field in fields if part.value.get(field) is not None]
        for field in given[1:]:
            yield f"{part.at(field)}: Forbidden: {words}"

    return rule


def _volume(part: Fragment) -> Iterator[str]:
    sources = sorted(field for field in part.value if field != "name")
    yield from _one_of(sources, "may not specify more than 1 volume type")(part)


def _variable(part: Fragment) -> Iterator[str]:
    if part.value.get("value") and part.value.get("valueFrom"):
        words = "may not be specified when `value` is not empty"
        yield _invalid(part.at("valueFrom"), "", words)


def _strategy(part: Fragment) -> Iterator[str]:
    if part.value.get("type") == "Recreate" and part.value.get("rollingUpdate"):
        yield (
            f"{part.at('rollingUpdate')}: Forbidden: may not be specified when strategy `type` is "
            "'Recreate'"
        )


def _budget(part: Fragment) -> Iterator[str]:
    if None not in (part.value.get("minAvailable"), part.value.get("maxUnavailable")):
        yield f"{part.path}: Invalid value: minAvailable and maxUnavailable cannot be both set"


_RULES: Mapping[str, _Rule] = {
    "Container": _own_names("ports"),
    "DeploymentStrategy": _strategy,
    "EnvVar": _variable,
    "LifecycleHandler": _one_of(_HANDLERS, "may not specify more than 1 handler type"),
    "ObjectMeta": _labels,
    "PodDisruptionBudgetSpec": _budget,
    "Probe": _one_of(_HANDLERS, "may not specify more than 1 handler type"),
    "ServiceSpec": _service,
    "Volume": _volume,
}
"""By the schema's name for a part of an object."""
