"""Simulated providers on local ports, where the engine finds them."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
from pulumi.runtime.proto.provider_pb2_grpc import add_ResourceProviderServicer_to_server

from nexus.rehearsal.providers.base import SimulatedProvider

_LOCALHOST = "127.0.0.1"
_OPTIONS = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))


@contextmanager
def served(providers: Sequence[SimulatedProvider], parallel: int) -> Generator[Mapping[str, str]]:
    """Serve the providers while the block runs.

    Args:
        providers: at most one for each package.
        parallel: how many operations the engine may run at once.

    Yields:
        The environment variable that attaches the engine to them.
    """
    servers: list[grpc.Server] = []
    attached: list[str] = []
    try:
        for provider in providers:
            # A sleeping create holds its thread, so there must be one for each and
            # some for the checks and differences that go on beside them.
            threads = ThreadPoolExecutor(parallel + 16, thread_name_prefix=provider.package)
            server = grpc.server(threads, options=_OPTIONS)
            add_ResourceProviderServicer_to_server(provider, server)
            port = server.add_insecure_port(f"{_LOCALHOST}:0")
            server.start()
            servers.append(server)
            attached.append(f"{provider.package}:{port}")
        yield {"PULUMI_DEBUG_PROVIDERS": ",".join(attached)}
    finally:
        for server in servers:
            server.stop(grace=None)
