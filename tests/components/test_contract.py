"""The one shape that every component has, found by looking at all of them."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import components
from components.component import Component, outputs
from components.servers import bootstrap
from nexus.plan.plan import Plan


def found() -> Iterator[type[Component[Any]]]:
    for module_info in pkgutil.walk_packages(components.__path__, "components."):
        if module_info.name.startswith(f"{bootstrap.__name__}."):
            continue  # scripts, which run when they are imported
        module = importlib.import_module(module_info.name)
        for value in vars(module).values():
            if (
                inspect.isclass(value)
                and issubclass(value, Component)
                and value.__module__ == module.__name__
                and hasattr(value, "TOKEN")
            ):
                yield value


COMPONENTS = tuple(found())


def args_of(component: type[Component[Any]]) -> type[Any]:
    return vars(importlib.import_module(component.__module__))[f"{component.__name__}Args"]


def path_of_tests(component: type[Component[Any]]) -> Path:
    """Where the tests of a component stand: in its room, under its name."""
    room = component.__module__.split(".")[1:-1]
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", component.__name__).lower()
    return Path(__file__).parent.joinpath(*room, f"test_{name}.py")


def test_components_are_found() -> None:
    """A test that looks at nothing passes."""
    assert len(COMPONENTS) >= 13


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda each: each.__name__)
def test_constructor_token_and_args(component: type[Component[Any]]) -> None:
    """One odd constructor is where an option such as the provider gets lost."""
    assert "__init__" not in vars(component)
    assert re.fullmatch(rf"nexus:[a-z]+:{component.__name__}", component.TOKEN)
    args = args_of(component)
    assert (
        inspect.get_annotations(dict(inspect.getmembers(component))["_make"])["args"]
        == args.__name__
    )
    assert dataclasses.is_dataclass(args)
    assert args.__dataclass_params__.frozen  # pyright: ignore[reportAttributeAccessIssue]
    assert all(field.kw_only for field in dataclasses.fields(args))


def test_tokens_are_of_one_component_each() -> None:
    """Two components of one token could not be told apart in the state."""
    assert len({component.TOKEN for component in COMPONENTS}) == len(COMPONENTS)


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda each: each.__name__)
def test_outputs_and_their_docstring_agree(component: type[Component[Any]]) -> None:
    """A description of an output that is gone misleads those that come after it."""
    doc = inspect.getdoc(component) or ""
    assert "Makes:" in doc
    described = doc.partition("Outputs:")[2]
    assert set(re.findall(r"^ {4}([a-z_]+): ", described, re.MULTILINE)) <= set(outputs(component))


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda each: each.__name__)
def test_args_and_their_docstring_agree(component: type[Component[Any]]) -> None:
    """A description of an argument that is gone misleads whoever reads it."""
    args = args_of(component)
    doc = (inspect.getdoc(args) or "").partition("Args:")[2]
    named = {
        name.strip()
        for line in re.findall(r"^ {4}([a-z_, ]+): ", doc, re.MULTILINE)
        for name in line.split(",")
    }
    assert named <= {field.name for field in dataclasses.fields(args)}


def test_children_are_named_after_their_component(plan: Plan) -> None:
    """Two components of one kind would otherwise make two resources of one name."""
    parents = {resource.urn: resource for resource in plan.resources}
    checked = 0
    for resource in plan.resources:
        parent = parents.get(resource.parent or "")
        if parent is not None and parent.type.startswith("nexus:"):
            assert resource.name == parent.name or resource.name.startswith(f"{parent.name}-")
            checked += 1
    assert checked > 250


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda each: each.__name__)
def test_every_component_has_a_test_of_its_own(component: type[Component[Any]]) -> None:
    """A component that is tested in whole programs alone is never seen with other arguments."""
    path = path_of_tests(component)
    assert path.exists(), f"Write {path.name}: what {component.__name__} promises, made alone."
    imported = {
        name.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == component.__module__
        for name in node.names
    }
    assert component.__name__ in imported, f"{path.name} does not import {component.__name__}."
