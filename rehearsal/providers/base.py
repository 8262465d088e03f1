"""What every simulated provider has in common: the protocol, without any resource type."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, status_pb2
from pulumi.runtime.proto import provider_pb2 as rpc
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer

from rehearsal.providers.answer import Difference, Made, NotReady, Refused, Resource
from rehearsal.providers.wire import Properties, has_unknown, read, write
from rehearsal.record import Recorder
from rehearsal.timing import Cancelled, Clock


class SimulatedProvider(ResourceProviderServicer, ABC):
    """One provider package, as the engine sees it over gRPC.

    A subclass says what its resources are; this class speaks the protocol,
    records every operation and turns exceptions into what the engine expects.

    Args:
        package: the provider's name, as in `PULUMI_DEBUG_PROVIDERS`.
        clock: simulated time.
        recorder: told of every operation.
    """

    def __init__(self, package: str, clock: Clock, recorder: Recorder) -> None:
        self.package = package
        self.clock = clock
        self._recorder = recorder

    # What a subclass provides.

    @abstractmethod
    def check(
        self, resource: Resource, old: Properties, seed: bytes
    ) -> tuple[Properties, dict[str, str]]:
        """Return the inputs with names and defaults filled in, and what is wrong by property."""

    @abstractmethod
    def diff(self, resource: Resource, old: Properties, old_inputs: Properties) -> Difference:
        """Return what changing state `old` to the resource's inputs would do."""

    @abstractmethod
    def preview(self, resource: Resource, old: Properties) -> Properties:
        """Return the outputs that are known before the resource is made or changed."""

    @abstractmethod
    def create(self, resource: Resource) -> Made:
        """Make the resource, taking its simulated time. Raises Refused or NotReady."""

    @abstractmethod
    def update(self, resource: Resource, old: Properties) -> Made:
        """Change the resource, taking its simulated time. Raises Refused or NotReady."""

    @abstractmethod
    def read(self, resource: Resource, old: Properties) -> tuple[Made, Properties] | None:
        """Return the resource as it is and its inputs, or None if it is gone."""

    @abstractmethod
    def delete(self, resource: Resource, old: Properties) -> None:
        """Remove the resource, taking its simulated time. Raises Refused."""

    def configure(self, settings: Properties) -> None:
        """Take the provider's settings; a subclass that has any overrides this."""

    def invoke(self, token: str, arguments: Properties) -> Properties:
        """Return the result of a function. Raises Refused if it is not simulated."""
        raise Refused(
            f"The simulated {self.package} provider has no function {token} (called with "
            f"{', '.join(sorted(arguments)) or 'nothing'}); add it to rehearsal/providers."
        )

    # The protocol. Names and shapes come from pulumi.runtime.proto.

    def Handshake(self, request, context):
        return rpc.ProviderHandshakeResponse(accept_secrets=True)

    def Attach(self, request, context):
        return empty_pb2.Empty()

    def GetPluginInfo(self, request, context):
        return plugin_pb2.PluginInfo(version=metadata.version(f"pulumi-{self.package}"))

    def GetSchema(self, request, context):
        return rpc.GetSchemaResponse(schema=f'{{"name": "{self.package}"}}')

    def CheckConfig(self, request, context):
        return rpc.CheckResponse(inputs=request.news)

    def DiffConfig(self, request, context):
        return rpc.DiffResponse(changes=rpc.DiffResponse.DIFF_NONE)

    def Configure(self, request, context):
        self.configure(read(request.args))
        return rpc.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Cancel(self, request, context):
        self.clock.cancel()
        return empty_pb2.Empty()

    def Check(self, request, context):
        with _errors(context):
            resource = _resource(request, read(request.news))
            inputs, problems = self.check(resource, read(request.olds), request.randomSeed)
            return rpc.CheckResponse(
                inputs=write(inputs),
                failures=[
                    rpc.CheckFailure(property=path, reason=reason)
                    for path, reason in sorted(problems.items())
                ],
            )

    def Diff(self, request, context):
        with _errors(context):
            resource = _resource(request, read(request.news))
            return _diff_response(self.diff(resource, read(request.olds), read(request.old_inputs)))

    def Create(self, request, context):
        resource = _resource(request, read(request.properties))
        with _errors(context):
            if request.preview:
                return rpc.CreateResponse(properties=write(self.preview(resource, {})))
            with self._recorder.running(resource.urn, "create"):
                made = self.create(resource)
            return rpc.CreateResponse(id=made.id, properties=write(made.outputs))

    def Update(self, request, context):
        resource = _resource(request, read(request.news))
        old = read(request.olds)
        with _errors(context):
            if request.preview:
                return rpc.UpdateResponse(properties=write(self.preview(resource, old)))
            with self._recorder.running(resource.urn, "update"):
                made = self.update(resource, old)
            return rpc.UpdateResponse(properties=write(made.outputs))

    def Read(self, request, context):
        resource = _resource(request, read(request.inputs))
        with _errors(context), self._recorder.running(resource.urn, "read"):
            found = self.read(resource, read(request.properties))
            if found is None:
                return rpc.ReadResponse()
            made, inputs = found
            return rpc.ReadResponse(
                id=made.id, properties=write(made.outputs), inputs=write(inputs)
            )

    def Delete(self, request, context):
        resource = _resource(request, read(request.old_inputs))
        with _errors(context), self._recorder.running(resource.urn, "delete"):
            self.delete(resource, read(request.properties))
        return empty_pb2.Empty()

    def Invoke(self, request, context):
        arguments = read(request.args)
        with _errors(context):
            if has_unknown(arguments):
                return rpc.InvokeResponse()
            return rpc.InvokeResponse(**{"return": write(self.invoke(request.tok, arguments))})


def _resource(request, inputs: Properties) -> Resource:
    return Resource(
        urn=request.urn,
        type=request.urn.split("::")[2].rsplit("$", 1)[-1],
        name=request.urn.split("::", 3)[3],
        id=getattr(request, "id", ""),
        inputs=inputs,
        timeout=getattr(request, "timeout", 0.0),
    )


def _diff_response(difference: Difference) -> rpc.DiffResponse:
    changed = difference.changes or difference.replaces
    return rpc.DiffResponse(
        changes=rpc.DiffResponse.DIFF_SOME if changed else rpc.DiffResponse.DIFF_NONE,
        replaces=difference.replacing,
        diffs=sorted(difference.changes),
        deleteBeforeReplace=difference.delete_first and bool(difference.replacing),
        hasDetailedDiff=True,
        detailedDiff={
            path: rpc.PropertyDiff(
                kind=rpc.PropertyDiff.Kind.Value(
                    change.kind.value + ("_REPLACE" if change.replaces else "")
                )
            )
            for path, change in difference.changes.items()
        },
    )


@contextmanager
def _errors(context: grpc.ServicerContext) -> Iterator[None]:
    """Turn the block's exceptions into the gRPC errors that the engine understands."""
    try:
        yield
    except NotReady as error:
        detail = rpc.ErrorResourceInitFailed(
            id=error.made.id, properties=write(error.made.outputs), reasons=error.reasons
        )
        status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
        status.details.add().Pack(detail)
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(grpc.StatusCode.UNKNOWN, str(error))
    except Cancelled:
        context.abort(grpc.StatusCode.CANCELLED, "The rehearsal was stopped.")
    except Refused as error:
        context.abort(grpc.StatusCode.UNKNOWN, str(error))
