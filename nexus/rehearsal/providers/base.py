"""What every simulated provider has in common: the protocol, without any resource type."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from itertools import zip_longest
from typing import TypeAlias

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from grpc import ServicerContext
from pulumi.runtime.proto import plugin_pb2, status_pb2
from pulumi.runtime.proto import provider_pb2 as rpc
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer
from typing_extensions import override

from nexus.pulumi.replacement import Immutable
from nexus.pulumi.resource import Resource, property_path
from nexus.pulumi.urn import urn_of
from nexus.pulumi.wire import Properties, Property, Unknown, has_unknown, read, write
from nexus.rehearsal.record import Recorder
from nexus.rehearsal.timing import CancelledError, Clock


@dataclass(frozen=True, kw_only=True)
class Requested(Resource):
    """A resource as the engine asks for it, its secrets and unknowns marked.

    Args:
        id: what the provider called it; empty before it exists.
        timeout: real seconds that the program allows; 0 for the provider's default.
    """

    inputs: Properties
    id: str = ""
    timeout: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Existing:
    """A resource that exists: its id and outputs."""

    id: str
    outputs: Properties


class RefusedError(Exception):
    """The request failed and changed nothing. The text is one full sentence."""


class NotReadyError(Exception):
    """The resource exists but did not get ready; the engine keeps it and reports the reason."""

    def __init__(self, made: Existing, reason: str) -> None:
        self.made = made
        super().__init__(reason)


def difference(
    old: Properties,
    new: Properties,
    immutable: Immutable,
    *,
    replaces: tuple[str, ...] = (),
    delete_first: bool = False,
) -> rpc.DiffResponse:
    """What an update would change, by Pulumi property path, and whether that makes a new resource.

    Args:
        old: the state, cut down to what was once given.
        new: the new inputs; an unknown counts as changed.
        immutable: what makes a new resource.
        replaces: further paths that make one without having changed.
        delete_first: whether the old one must go before a new one is made.
    """
    kinds = rpc.PropertyDiff.Kind
    changes: dict[str, rpc.PropertyDiff] = {}
    replacing = set(replaces)
    for steps, kind, was, now in _changes((), old, new):
        path = property_path(steps)
        fixed = immutable.replaces(steps, was, now)
        replacing |= {path} if fixed else set()
        changes[path] = rpc.PropertyDiff(kind=kinds.Value(f"{kind}_REPLACE" if fixed else kind))
    return rpc.DiffResponse(
        changes=rpc.DiffResponse.DIFF_SOME if changes or replaces else rpc.DiffResponse.DIFF_NONE,
        replaces=sorted(replacing),
        diffs=sorted(changes),
        deleteBeforeReplace=delete_first and bool(replacing),
        hasDetailedDiff=True,
        detailedDiff=changes,
    )


_Change: TypeAlias = tuple[tuple[str | int, ...], str, Property, Property]


def _changes(steps: tuple[str | int, ...], old: Property, new: Property) -> Iterator[_Change]:
    if old is None and new is not None:
        yield steps, "ADD", None, new
    elif old is not None and new is None:
        yield steps, "DELETE", old, None
    elif isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _changes((*steps, key), old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list):
        for index, (was, now) in enumerate(zip_longest(old, new)):
            yield from _changes((*steps, index), was, now)
    # True and 1 differ; 1 and 1.0 do not.
    elif isinstance(new, Unknown) or old != new or isinstance(old, bool) != isinstance(new, bool):
        yield steps, "UPDATE", old, new


class SimulatedProvider(ResourceProviderServicer, ABC):
    """One provider package, as the engine sees it over gRPC.

    A subclass says what the resources of its package are; this class speaks the protocol,
    records every operation and turns exceptions into what the engine expects.
    """

    def __init__(self, package: str, clock: Clock, recorder: Recorder) -> None:
        self.package = package
        # The engine cancels a provider when it deletes it, while others still work.
        self.clock = clock.part()
        self._recorder = recorder

    # What a subclass provides.

    @abstractmethod
    def check(
        self, resource: Requested, old: Properties, seed: bytes
    ) -> tuple[Properties, dict[str, str]]:
        """Return the inputs with names and defaults filled in, and what is wrong by property."""

    @abstractmethod
    def diff(
        self, resource: Requested, old: Properties, old_inputs: Properties
    ) -> rpc.DiffResponse:
        """Return what changing state `old` to the resource's inputs would do."""

    @abstractmethod
    def preview(self, resource: Requested, old: Properties) -> Properties:
        """Return the outputs that are known before the resource is made or changed."""

    @abstractmethod
    def create(self, resource: Requested) -> Existing:
        """Make the resource, taking its simulated time. Raises RefusedError or NotReadyError."""

    @abstractmethod
    def update(self, resource: Requested, old: Properties) -> Existing:
        """Change the resource, taking its simulated time. Raises RefusedError or NotReadyError."""

    @abstractmethod
    def read(self, resource: Requested, old: Properties) -> tuple[Existing, Properties] | None:
        """Return the resource as it is and its inputs, or None if it is gone."""

    @abstractmethod
    def delete(self, resource: Requested, old: Properties) -> None:
        """Remove the resource, taking its simulated time. Raises RefusedError."""

    def reach(self) -> None:
        """Refuse a change where what the provider manages is out of reach. Raises RefusedError."""

    def configure(self, settings: Properties) -> None:
        """Take the provider's settings; a subclass that has any overrides this."""

    def invoke(self, token: str, arguments: Properties) -> Properties:
        """Return the result of a function. Raises RefusedError if it is not simulated."""
        raise RefusedError(
            f"The simulated {self.package} provider has no function {token} (called with "
            f"{', '.join(sorted(arguments)) or 'nothing'}); add it to nexus/rehearsal/providers."
        )

    def spend(self, seconds: float) -> None:
        """Let the operation that is under way in this thread take simulated seconds.

        Raises:
            CancelledError: the run was stopped meanwhile.
        """
        self._recorder.spend(seconds)
        self.clock.sleep(seconds)

    @contextmanager
    def _changing(self, resource: Requested, op: str) -> Generator[None]:
        with self._recorder.running(resource.urn, op):
            self.reach()
            yield

    # The protocol. Names and shapes come from pulumi.runtime.proto.

    @override
    def Handshake(
        self, request: rpc.ProviderHandshakeRequest, context: ServicerContext
    ) -> rpc.ProviderHandshakeResponse:
        return rpc.ProviderHandshakeResponse(accept_secrets=True)

    @override
    def Attach(self, request: plugin_pb2.PluginAttach, context: ServicerContext) -> Empty:
        # By an engine: the one before it, or its preview, cancelled what it left behind.
        self.clock.resume()
        return Empty()

    @override
    def GetPluginInfo(self, request: Empty, context: ServicerContext) -> plugin_pb2.PluginInfo:
        # The engine warns if a provider is older than the SDK the program uses.
        return plugin_pb2.PluginInfo(version=metadata.version(f"pulumi-{self.package}"))

    @override
    def GetSchema(
        self, request: rpc.GetSchemaRequest, context: ServicerContext
    ) -> rpc.GetSchemaResponse:
        return rpc.GetSchemaResponse(schema=f'{{"name": "{self.package}"}}')

    @override
    def CheckConfig(self, request: rpc.CheckRequest, context: ServicerContext) -> rpc.CheckResponse:
        return rpc.CheckResponse(inputs=request.news)

    @override
    def DiffConfig(self, request: rpc.DiffRequest, context: ServicerContext) -> rpc.DiffResponse:
        return rpc.DiffResponse(changes=rpc.DiffResponse.DIFF_NONE)

    @override
    def Configure(
        self, request: rpc.ConfigureRequest, context: ServicerContext
    ) -> rpc.ConfigureResponse:
        self.configure(read(request.args))
        return rpc.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @override
    def Cancel(self, request: Empty, context: ServicerContext) -> Empty:
        self.clock.cancel()
        return Empty()

    @override
    def Check(self, request: rpc.CheckRequest, context: ServicerContext) -> rpc.CheckResponse:
        with _failures_reported(context):
            resource = _resource(request.urn, request.news)
            inputs, problems = self.check(resource, read(request.olds), request.randomSeed)
            return rpc.CheckResponse(
                inputs=write(inputs),
                failures=[
                    rpc.CheckFailure(property=path, reason=reason)
                    for path, reason in sorted(problems.items())
                ],
            )

    @override
    def Diff(self, request: rpc.DiffRequest, context: ServicerContext) -> rpc.DiffResponse:
        with _failures_reported(context):
            resource = _resource(request.urn, request.news, request.id)
            return self.diff(resource, read(request.olds), read(request.old_inputs))

    @override
    def Create(self, request: rpc.CreateRequest, context: ServicerContext) -> rpc.CreateResponse:
        resource = _resource(request.urn, request.properties, timeout=request.timeout)
        with _failures_reported(context):
            if request.preview:
                return rpc.CreateResponse(properties=write(self.preview(resource, {})))
            with self._changing(resource, "create"):
                made = self.create(resource)
            return rpc.CreateResponse(id=made.id, properties=write(made.outputs))

    @override
    def Update(self, request: rpc.UpdateRequest, context: ServicerContext) -> rpc.UpdateResponse:
        resource = _resource(request.urn, request.news, request.id, request.timeout)
        old = read(request.olds)
        with _failures_reported(context):
            if request.preview:
                return rpc.UpdateResponse(properties=write(self.preview(resource, old)))
            with self._changing(resource, "update"):
                made = self.update(resource, old)
            return rpc.UpdateResponse(properties=write(made.outputs))

    @override
    def Read(self, request: rpc.ReadRequest, context: ServicerContext) -> rpc.ReadResponse:
        resource = _resource(request.urn, request.inputs, request.id)
        with _failures_reported(context), self._recorder.running(resource.urn, "read"):
            found = self.read(resource, read(request.properties))
            if found is None:
                return rpc.ReadResponse()
            made, inputs = found
            return rpc.ReadResponse(
                id=made.id, properties=write(made.outputs), inputs=write(inputs)
            )

    @override
    def Delete(self, request: rpc.DeleteRequest, context: ServicerContext) -> Empty:
        resource = _resource(request.urn, request.old_inputs, request.id, request.timeout)
        with _failures_reported(context), self._changing(resource, "delete"):
            self.delete(resource, read(request.properties))
        return Empty()

    @override
    def Invoke(self, request: rpc.InvokeRequest, context: ServicerContext) -> rpc.InvokeResponse:
        arguments = read(request.args)
        response = rpc.InvokeResponse()
        with _failures_reported(context):
            if not has_unknown(arguments):
                # `return` is a word of Python, so the field cannot be named.
                getattr(response, "return").CopyFrom(write(self.invoke(request.tok, arguments)))
        return response


def _resource(urn: str, inputs: Struct, resource_id: str = "", timeout: float = 0.0) -> Requested:
    own = urn_of(urn)
    return Requested(
        urn=urn,
        type=own.type,
        name=own.name,
        id=resource_id,
        inputs=read(inputs),
        timeout=timeout,
    )


@contextmanager
def _failures_reported(context: ServicerContext) -> Generator[None]:
    """Turn the block's exceptions into gRPC errors with the details that the engine reads."""
    try:
        yield
    except NotReadyError as error:
        detail = rpc.ErrorResourceInitFailed(
            id=error.made.id, properties=write(error.made.outputs), reasons=[str(error)]
        )
        status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
        status.details.add().Pack(detail)
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(grpc.StatusCode.UNKNOWN, str(error))
    except CancelledError:
        context.abort(grpc.StatusCode.CANCELLED, "The rehearsal was stopped.")
    except RefusedError as error:
        context.abort(grpc.StatusCode.UNKNOWN, str(error))
