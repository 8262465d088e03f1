"""What every component shares: how it is constructed, and how its outputs are registered."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

import pulumi

ArgsT = TypeVar("ArgsT")


class Component(pulumi.ComponentResource, Generic[ArgsT]):
    """A component resource: constructed as `(name, args, opts)`, it makes its children in `_make`.

    Its annotated attributes are its outputs; they are registered when `_make` is done.
    """

    TOKEN: ClassVar[str]
    """Type of the component in the state. Another one is another component."""

    def __init__(self, name: str, args: ArgsT, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(self.TOKEN, name, None, opts)
        self._make(name, args)
        self.register_outputs({each: _plain(getattr(self, each)) for each in outputs(type(self))})

    @property
    def child(self) -> pulumi.ResourceOptions:
        """Options of a child."""
        return pulumi.ResourceOptions(parent=self)

    def _make(self, name: str, args: ArgsT) -> None:
        """Makes the children, named after `name` and with options `child`, and sets the outputs."""
        raise NotImplementedError


def outputs(component: type[pulumi.ComponentResource]) -> tuple[str, ...]:
    """Names of what a component gives, as its class and those it is made from annotate it."""
    own = component.__mro__[: component.__mro__.index(Component)]
    return tuple(name for each in reversed(own) for name in inspect.get_annotations(each))


def known_with(value: pulumi.Output[str], *resources: pulumi.Resource) -> pulumi.Output[str]:
    """`value` for those who must come after `resources`, and in a `destroy` go before them."""
    ready = pulumi.Output.all(value, *(each.urn for each in resources))
    return ready.apply(lambda values: str(values[0]))


def _plain(value: Any) -> Any:
    """An output as it is registered: a resource by its URN."""
    if isinstance(value, pulumi.Resource):
        return value.urn
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(each) for each in value]
    return value
