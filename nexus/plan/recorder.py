"""Stands in for the engine while a program runs, and records what the program registers."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import hashlib
import json
import os
import threading
import uuid
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pulumi
from google.protobuf import struct_pb2
from pulumi.runtime import mocks, run_in_stack, set_all_config
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import configure

from components.kubernetes.tier_gate import READ_STATE
from nexus.pulumi.clouds import TYPES
from nexus.pulumi.clouds.answer import Account
from nexus.pulumi.resource import Resource, rare_collection
from nexus.pulumi.urn import STACK_TYPE, Urn, provider_urn, urn_of
from nexus.pulumi.wire import SECRET_SIGNATURE, SIGNATURE, redacted
from nexus.sdk import lean_sdk

AMBIENT = ("KUBECONFIG", "PULUMI_K8S_", "PULUMI_CONFIG")
"""Starts of environment variables that the SDKs would read into inputs or settings."""


@dataclass(frozen=True, kw_only=True)
class Registration(Resource):
    """A resource, and what only the process knows that planned it.

    A component is not `custom`, for no provider manages it. `made` is what the simulated cloud
    added: its id and computed outputs.
    """

    custom: bool
    made: Mapping[str, Any] = field(default_factory=dict[str, Any])


def record(
    program: Callable[[], None],
    *,
    project: str,
    stack: str,
    config: Mapping[str, str],
    secret_keys: tuple[str, ...] = (),
) -> tuple[Registration, ...]:
    """Runs `program` and returns what it registered, the stack included, sorted by URN.

    Every program runs in a context of its own, so that one after the other
    leaves nothing behind in the process.

    Raises:
        pulumi.RunError: what the program says is wrong.
    """
    monitor = _Monitor(stack, project)
    with _without_ambient_settings(), rare_collection(), lean_sdk():
        contextvars.copy_context().run(_run, program, monitor, dict(config), list(secret_keys))
    return tuple(monitor.registrations[urn] for urn in sorted(monitor.registrations))


def _run(
    program: Callable[[], None],
    monitor: _Monitor,
    config: dict[str, str],
    secret_keys: list[str],
) -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        set_all_config(config, secret_keys)
        configure(
            mocks.MockSettings(
                monitor=monitor,
                monitor_features=set(monitor.GetDeploymentInfo(None).supportedFeatures),
                engine=mocks.MockEngine(None),
                project=monitor.project,
                stack=monitor.stack,
                dry_run=False,
                # Those of this program alone: the default is one set for the whole process, and
                # what a failed program leaves in it fails the next one.
                outputs=set[Any](),
            )
        )
        loop.run_until_complete(run_in_stack(program))
    finally:
        _abandon(loop)
        asyncio.set_event_loop(None)
        loop.close()


def _abandon(loop: asyncio.AbstractEventLoop) -> None:
    """Ends what a failed program still waits for, or the interpreter complains of it later."""
    waiting = asyncio.all_tasks(loop)
    for task in waiting:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*waiting, return_exceptions=True))


@contextlib.contextmanager
def _without_ambient_settings() -> Generator[None]:
    """A plan depends on the project's files alone, not on who makes it."""
    kept = {key: os.environ[key] for key in list(os.environ) if key.startswith(AMBIENT)}
    for key in kept:
        del os.environ[key]
    try:
        yield
    finally:
        os.environ.update(kept)


class _Monitor(mocks.MockMonitor):
    """A resource monitor that answers with the inputs, and with what a provider would add."""

    def __init__(self, stack: str, project: str) -> None:
        # What this answers itself is all that a program asks.
        super().__init__(cast("mocks.Mocks", None))
        self.stack, self.project = stack, project
        self._lock = threading.Lock()
        self.registrations: dict[str, Registration] = {}

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """The engine's URN."""
        above = urn_of(parent) if parent else Urn(self.stack, self.project, STACK_TYPE, "")
        return str(above.child(type_, name))

    def Invoke(self, request: Any) -> Any:
        if request.tok != READ_STATE:
            raise pulumi.RunError(
                f"The program calls {request.tok}, which a plan cannot answer without a provider; "
                "give the program the value as a setting."
            )
        nothing = struct_pb2.Struct()
        nothing.update({"outputs": {}})  # a plan is that of a stack's first start
        response = resource_pb2.ResourceInvokeResponse()
        # `return` is a word of Python, so the field cannot be named.
        getattr(response, "return").CopyFrom(nothing)
        return response

    def RegisterResource(self, request: Any) -> Any:
        urn = self.make_urn(request.parent, request.type, request.name)
        inputs, secrets = redacted(request.object)
        registration = Registration(
            urn=urn,
            type=request.type,
            name=request.name,
            parent=request.parent or None,
            custom=request.custom,
            provider=provider_urn(request.provider) or None,
            inputs=inputs,
            secrets=secrets,
            dependencies=tuple(sorted(set(request.dependencies))),
            aliases=_aliases(request),
            options=_options(request),
        )
        with self._lock:
            if urn in self.registrations:
                raise pulumi.RunError(
                    f"Two resources are called '{request.name}' ({request.type}); rename one."
                )
            self.registrations[urn] = registration
        outputs = _outputs(request, registration)
        own_id = request.name if request.custom else ""
        if request.type in TYPES:
            own_id = self._simulate(registration, outputs)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=own_id, object=outputs)

    def ReadResource(self, request: Any) -> Any:
        """Answers for an object of somebody else's, which the plan does not list."""
        urn = self.make_urn(request.parent, request.type, request.name)
        answer = struct_pb2.Struct()
        answer.CopyFrom(request.properties)
        if request.type.startswith("kubernetes:"):
            own = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{request.type}/{request.id}"))
            answer.update({"metadata": {"name": request.id, "uid": own}})
        return resource_pb2.ReadResourceResponse(urn=urn, properties=answer)

    def _simulate(self, registration: Registration, outputs: struct_pb2.Struct) -> str:
        """Adds what the simulated cloud would answer to `outputs`, and returns the id."""
        provider = self.registrations.get(registration.provider or "")
        account = Account.of({} if provider is None else provider.inputs)
        answer = TYPES[registration.type]
        suffix = hashlib.sha256(registration.urn.encode()).hexdigest()
        inputs = answer.with_name(registration.inputs, registration.name, suffix)
        values = dict(answer.made(account, registration.urn, inputs))
        own_id = str(values.pop("id"))
        if answer.named is not None:
            values[answer.named] = inputs[answer.named]
        with self._lock:
            self.registrations[registration.urn] = replace(
                registration, made={**values, "id": own_id}
            )
        secret_free = {key: value for key, value in values.items() if value is not None}
        outputs.update(secret_free)
        return own_id


def _outputs(request: Any, registration: Registration) -> struct_pb2.Struct:
    """The inputs, plus what the simulated world adds: auto-names and secret outputs."""
    outputs = struct_pb2.Struct()
    outputs.CopyFrom(request.object)
    if request.type.startswith("kubernetes:") and "metadata" in registration.inputs:
        metadata = outputs.fields["metadata"].struct_value
        if "name" not in metadata.fields:
            metadata.fields["name"].string_value = _auto_name(registration)
    for name in request.additionalSecretOutputs:
        secret = outputs.fields[name].struct_value
        secret.fields[SIGNATURE].string_value = SECRET_SIGNATURE
        secret.fields["value"].string_value = f"{name} of {registration.urn}"
    return outputs


def _auto_name(registration: Registration) -> str:
    """A name as auto-naming makes them, but the same in every plan of the same content.

    It changes with the content, as the real one does: what mounts the object
    shows up as changed too.
    """
    content = json.dumps([registration.urn, registration.inputs], sort_keys=True)
    return f"{registration.name}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"


def _aliases(request: Any) -> tuple[Any, ...]:
    aliases: list[Any] = list(request.aliasURNs)
    for alias in request.aliases:
        if alias.urn:
            aliases.append(alias.urn)
        else:
            spec = alias.spec
            fields = ("name", "type", "stack", "project", "parentUrn")
            aliases.append({key: getattr(spec, key) for key in fields if getattr(spec, key)})
    return tuple(aliases)


_FLAGS = ("protect", "retainOnDelete", "deleteBeforeReplace")
_LISTS = ("ignoreChanges", "replaceOnChanges", "additionalSecretOutputs")
_TEXTS = ("importId", "deletedWith")


def _options(request: Any) -> dict[str, Any]:
    options: dict[str, Any] = {key: True for key in _FLAGS if getattr(request, key)}
    options |= {key: sorted(getattr(request, key)) for key in _LISTS if getattr(request, key)}
    options |= {key: getattr(request, key) for key in _TEXTS if getattr(request, key)}
    timeouts = request.customTimeouts
    given = {k: getattr(timeouts, k) for k in ("create", "update", "delete")}
    if any(given.values()):
        options["customTimeouts"] = {key: value for key, value in given.items() if value}
    return options
