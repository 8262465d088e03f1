"""One component at a time, made under the plan's recorder with arguments of its own."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap

from components.aws.aws_context import AwsContext
from components.component import outputs
from components.context import Context
from nexus.plan import recorder
from nexus.plan.recorder import Registration
from nexus.pulumi.urn import STACK_TYPE

CONTEXT = Context(
    prefix="nexus", stack="staging", environment="staging", first_tier="infrastructure"
)

AWS = AwsContext(
    context=CONTEXT,
    account="000000000000",
    region="eu-central-1",
    zones=("eu-central-1a", "eu-central-1b", "eu-central-1c"),
    owner="platform",
    retained=True,
    log_days=365,
)
"""Where data is retained, as in prod. The account is the simulated cloud's."""

FREE = dataclasses.replace(AWS, retained=False)
"""Where nothing is retained, as in staging."""

GIVEN = "given-"
"""Start of the names of what a test gives to a component."""


def given(name: str) -> pulumi.Resource:
    """A resource that something may have to wait for; it shows up as `ConfigMap given-{name}`."""
    return ConfigMap(f"{GIVEN}{name}", data={})


def label(resource: Registration) -> str:
    """A resource as tests name it: the last part of its type, and its logical name."""
    return f"{resource.type.rpartition(':')[2]} {resource.name}"


@dataclass(frozen=True, kw_only=True)
class Recording:
    """What a program of a test registered, and what it returned.

    Args:
        registrations: everything registered but the stack, in the order of URNs.
        outputs: what it returned, resolved; a resource is its label.
        hidden: names of the outputs that are secret.
        after: labels of the resources that each output is known after.
        secrets: content of the Kubernetes Secrets by logical name, which plans hide.
    """

    registrations: tuple[Registration, ...]
    outputs: Mapping[str, Any]
    hidden: frozenset[str]
    after: Mapping[str, frozenset[str]]
    secrets: Mapping[str, Mapping[str, str]]

    @property
    def resources(self) -> tuple[Registration, ...]:
        """What a provider manages, without what the test gave."""
        return tuple(
            each for each in self.registrations if each.custom and not each.name.startswith(GIVEN)
        )

    def one(self, kind: str, name: str | None = None) -> Registration:
        """The one resource of a kind, such as `Secret`, and of that name."""
        [found] = [each for each in self.all(kind) if name in {None, each.name}]
        return found

    def all(self, kind: str) -> list[Registration]:
        """Every resource of a kind."""
        return [each for each in self.resources if each.type.endswith(f":{kind}")]

    def waits(self, kind: str, name: str | None = None) -> frozenset[str]:
        """Labels of what a resource waits for."""
        labels = {each.urn: label(each) for each in self.registrations}
        return frozenset(labels[urn] for urn in self.one(kind, name).dependencies)

    def kept(self) -> set[str]:
        """Labels of what is protected and outlives a `destroy`."""
        return {
            label(each)
            for each in self.resources
            if each.options.get("protect") and each.options.get("retainOnDelete")
        }

    def labels(self) -> set[str]:
        """Labels of all resources."""
        return {label(each) for each in self.resources}


def record(build: Callable[[], pulumi.ComponentResource | Mapping[str, Any]]) -> Recording:
    """Runs `build` as a program of its own.

    Args:
        build: makes the component and returns it, for its outputs, or what to look at.
    """
    exported: list[str] = []
    seen: dict[str, Any] = {}
    hidden: dict[str, bool] = {}
    after: dict[str, list[str]] = {}
    secrets: dict[str, dict[str, str]] = {}

    def keep(key: str, output: pulumi.Output[Any], into: dict[str, Any]) -> None:
        # What is exported is resolved before the program ends.
        pulumi.export(str(len(exported)), output.apply(lambda value: into.update({key: value})))
        exported.append(key)

    def look(args: pulumi.ResourceTransformationArgs) -> None:
        content = args.props.get("string_data")
        if args.type_ == "kubernetes:core/v1:Secret" and content is not None:
            keep(args.name, pulumi.Output.from_input(content), secrets)

    def program() -> None:
        pulumi.runtime.register_stack_transformation(look)
        made = build()
        if isinstance(made, pulumi.ComponentResource):
            made = {key: getattr(made, key) for key in outputs(type(made))}
        for key, value in made.items():
            output = pulumi.Output.from_input(_plain(value))
            keep(key, output, seen)
            keep(key, pulumi.Output.from_input(output.is_secret()), hidden)
            keep(key, pulumi.Output.from_input(output.resources()).apply(_urns), after)

    registrations = recorder.record(program, project="nexus-cos", stack="test", config={})
    labels = {each.urn: label(each) for each in registrations}
    return Recording(
        registrations=tuple(each for each in registrations if each.type != STACK_TYPE),
        outputs={key: _labelled(value, labels) for key, value in seen.items()},
        hidden=frozenset(key for key, value in hidden.items() if value),
        after={key: frozenset(labels[urn] for urn in urns) for key, urns in after.items()},
        secrets=secrets,
    )


def _plain(value: Any) -> Any:
    """A value as Pulumi resolves it: resources as URNs, dataclasses as their fields."""
    if isinstance(value, pulumi.Resource):
        return value.urn
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(each) for each in value]
    return value


def _urns(resources: Iterable[pulumi.Resource]) -> pulumi.Output[list[str]]:
    return pulumi.Output.all(*(each.urn for each in resources))


def _labelled(value: Any, labels: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return labels.get(value, value)
    if isinstance(value, Mapping):
        return {key: _labelled(each, labels) for key, each in value.items()}
    if isinstance(value, list):
        return [_labelled(each, labels) for each in value]
    return value


def promised(component: type[pulumi.ComponentResource]) -> dict[str, str]:
    """Patterns of the names that a component's docstring promises, by what stands there.

    `{name}` stays for the component's own; other braces and a leading `…` stand for any text.
    """
    doc = inspect.getdoc(component) or ""
    makes = doc.partition("Makes:")[2].partition("Outputs:")[0]
    names = re.findall(r"`((?:\{name\}|…)[^`]*)`", makes)
    return {
        name: re.sub(r"\\\{(?!name\\\}).*?\\\}", "[A-Za-z0-9.-]+", re.escape(name)).replace(
            "…", r"\{name\}.*"
        )
        for name in names
    }


def assert_makes_what_it_says(
    component: type[pulumi.ComponentResource], *recordings: Recording
) -> None:
    """The docstring's list of resources, held against what variants of the component make.

    Every resource is below a component, every child is in the list under the component's
    name, and every entry of the list is made by one of the variants.
    """
    patterns, met = promised(component), set[str]()
    token: str = getattr(component, "TOKEN")  # noqa: B009  # every component has one
    for made in recordings:
        components = {each.urn for each in made.registrations if not each.custom}
        assert {label(each) for each in made.resources if each.parent not in components} == set()
        roots = [each for each in made.registrations if each.type == token]
        assert roots
        for root in roots:
            children = [each for each in made.registrations if each.parent == root.urn]
            assert children
            for child in children:
                matching = {
                    key
                    for key, pattern in patterns.items()
                    if re.fullmatch(pattern.replace(r"\{name\}", re.escape(root.name)), child.name)
                }
                assert matching, f"{label(child)} is not in the docstring of {component.__name__}"
                met |= matching
    assert met == set(patterns)


def statements(policy: str) -> dict[str, Any]:
    """Statements of an IAM policy, by their ids."""
    return {each["Sid"]: each for each in json.loads(policy)["Statement"]}


def names(resources: Iterable[Registration]) -> set[str]:
    """Logical names of resources."""
    return {each.name for each in resources}
