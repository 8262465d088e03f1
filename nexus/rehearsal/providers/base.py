"""What every simulated provider has in common: the protocol, without any resource type."""

from __future__ import annotations

from abc import ABC, abstractmethod
from importlib import metadata

from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from grpc import ServicerContext
from pulumi.runtime.proto import plugin_pb2
from pulumi.runtime.proto import provider_pb2 as rpc
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer
from typing_extensions import override

from nexus.pulumi.urn import urn_of
from nexus.pulumi.wire import Properties, has_unknown, read, write
from nexus.rehearsal.providers.answer import Difference, Made, RefusedError, Resource
from nexus.rehearsal.providers.reply import difference_reply, failures_reported
from nexus.rehearsal.record import Recorder
from nexus.rehearsal.timing import Clock


class SimulatedProvider(ResourceProviderServicer, ABC):
    """One provider package, as the engine sees it over gRPC.

    A subclass says what its resources are; this class speaks the protocol,
    records every operation and turns exceptions into what the engine expects.

    Args:
        package: the provider's name, as in `PULUMI_DEBUG_PROVIDERS`.
        clock: how fast it goes.
        recorder: told of every operation.
    """

    def __init__(self, package: str, clock: Clock, recorder: Recorder) -> None:
        self.package = package
        # The engine cancels a provider when it deletes it, while others still work.
        self.clock = clock.part()
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
        """Make the resource, taking its simulated time. Raises RefusedError or NotReadyError."""

    @abstractmethod
    def update(self, resource: Resource, old: Properties) -> Made:
        """Change the resource, taking its simulated time. Raises RefusedError or NotReadyError."""

    @abstractmethod
    def read(self, resource: Resource, old: Properties) -> tuple[Made, Properties] | None:
        """Return the resource as it is and its inputs, or None if it is gone."""

    @abstractmethod
    def delete(self, resource: Resource, old: Properties) -> None:
        """Remove the resource, taking its simulated time. Raises RefusedError."""

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
        with failures_reported(context):
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
        with failures_reported(context):
            resource = _resource(request.urn, request.news, request.id)
            difference = self.diff(resource, read(request.olds), read(request.old_inputs))
            return difference_reply(difference)

    @override
    def Create(self, request: rpc.CreateRequest, context: ServicerContext) -> rpc.CreateResponse:
        resource = _resource(request.urn, request.properties, timeout=request.timeout)
        with failures_reported(context):
            if request.preview:
                return rpc.CreateResponse(properties=write(self.preview(resource, {})))
            with self._recorder.running(resource.urn, "create"):
                made = self.create(resource)
            return rpc.CreateResponse(id=made.id, properties=write(made.outputs))

    @override
    def Update(self, request: rpc.UpdateRequest, context: ServicerContext) -> rpc.UpdateResponse:
        resource = _resource(request.urn, request.news, request.id, request.timeout)
        old = read(request.olds)
        with failures_reported(context):
            if request.preview:
                return rpc.UpdateResponse(properties=write(self.preview(resource, old)))
            with self._recorder.running(resource.urn, "update"):
                made = self.update(resource, old)
            return rpc.UpdateResponse(properties=write(made.outputs))

    @override
    def Read(self, request: rpc.ReadRequest, context: ServicerContext) -> rpc.ReadResponse:
        resource = _resource(request.urn, request.inputs, request.id)
        with failures_reported(context), self._recorder.running(resource.urn, "read"):
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
        with failures_reported(context), self._recorder.running(resource.urn, "delete"):
            self.delete(resource, read(request.properties))
        return Empty()

    @override
    def Invoke(self, request: rpc.InvokeRequest, context: ServicerContext) -> rpc.InvokeResponse:
        arguments = read(request.args)
        response = rpc.InvokeResponse()
        with failures_reported(context):
            if not has_unknown(arguments):
                # `return` is a word of Python, so the field cannot be named.
                getattr(response, "return").CopyFrom(write(self.invoke(request.tok, arguments)))
        return response


def _resource(urn: str, inputs: Struct, resource_id: str = "", timeout: float = 0.0) -> Resource:
    own = urn_of(urn)
    return Resource(
        urn=urn,
        type=own.type,
        name=own.name,
        id=resource_id,
        inputs=read(inputs),
        timeout=timeout,
    )
