"""The one shape that every component has, found by looking at all of them."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest

import components
from components.servers import bootstrap
from nexus.plan.plan import Plan


def found() -> Iterator[type[pulumi.ComponentResource]]:
    for module_info in pkgutil.walk_packages(components.__path__, "components."):
        if module_info.name.startswith(f"{bootstrap.__name__}."):
            continue  # scripts, which run when they are imported
        module = importlib.import_module(module_info.name)
        classes = [
            value
            for value in vars(module).values()
            if inspect.isclass(value)
            and issubclass(value, pulumi.ComponentResource)
            and value.__module__ == module.__name__
        ]
        assert len(classes) <= 1, f"{module_info.name} has more than one noun"
        yield from classes


COMPONENTS = tuple(found())


def path_of_tests(module: str) -> Path:
    """Where the tests of a module stand."""
    *folders, file = module.split(".")[1:]
    return Path(__file__).parent.joinpath(*folders, f"test_{file}.py")


def constructor(component: type[Any]) -> ast.FunctionDef:
    tree = ast.parse(textwrap.dedent(inspect.getsource(component.__init__)))
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    return function


def test_components_are_found() -> None:
    """A test that looks at nothing passes."""
    assert len(COMPONENTS) >= 13


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda each: each.__name__)
def test_constructor_token_and_args(component: type[Any]) -> None:
    """One odd constructor is where an option such as the provider gets lost."""
    parameters = inspect.signature(component).parameters
    assert list(parameters) == ["name", "args", "opts"]
    assert parameters["opts"].default is None
    assert re.fullmatch(rf"nexus:[a-z]+:{component.__name__}", component.TOKEN)
    args = vars(importlib.import_module(component.__module__))[f"{component.__name__}Args"]
    assert parameters["args"].annotation in {args, args.__name__}
    assert dataclasses.is_dataclass(args)
    assert args.__dataclass_params__.frozen  # pyright: ignore[reportAttributeAccessIssue]
    assert all(field.kw_only for field in dataclasses.fields(args))


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda each: each.__name__)
def test_outputs_are_typed_described_and_registered(component: type[Any]) -> None:
    """An output that is not registered is missing from the state, and from the docs' promises."""
    doc = inspect.getdoc(component) or ""
    assert "Makes:" in doc
    outputs = set(inspect.get_annotations(component))
    described = doc.partition("Outputs:")[2]
    assert bool(outputs) == ("Outputs:" in doc)
    assert {each for each in outputs if f"    {each}: " not in described} == set()
    last = constructor(component).body[-1]
    assert isinstance(last, ast.Expr)
    call = last.value
    assert isinstance(call, ast.Call)
    assert ast.unparse(call.func) == "self.register_outputs"
    registered = call.args[0]
    assert isinstance(registered, ast.Dict)
    assert {ast.literal_eval(key) for key in registered.keys if key is not None} == outputs


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda each: each.__name__)
def test_args_and_their_docstring_agree(component: type[Any]) -> None:
    """An argument without a unit is given in the wrong one."""
    args = vars(importlib.import_module(component.__module__))[f"{component.__name__}Args"]
    doc = (inspect.getdoc(args) or "").partition("Args:")[2]
    named = {
        name.strip()
        for line in re.findall(r"^ {4}([a-z_, ]+): ", doc, re.MULTILINE)
        for name in line.split(",")
    }
    assert named == {field.name for field in dataclasses.fields(args)}


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
def test_every_component_has_a_test_of_its_own(component: type[Any]) -> None:
    """A component that is tested in whole programs alone is never seen with other arguments."""
    module = component.__module__
    path = path_of_tests(module)
    assert path.exists(), f"Write {path.name}: what {component.__name__} promises, made alone."
    imported = {
        name.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == module
        for name in node.names
    }
    assert component.__name__ in imported, f"{path.name} does not import {component.__name__}."
