"""Runs the policy pack as the engine does: a process that answers over gRPC."""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from nexus.pulumi.resource import Resource
from tests.patience import PATIENCE_SECONDS
from tests.projects import ROOT


@contextmanager
def policy_pack(python: Path, folder: Path) -> Generator[Any]:
    """The pack's analyzer, run by the interpreter `python` in `folder` while the block runs."""
    process = subprocess.Popen(
        [str(python), str(ROOT / "policy")],
        cwd=folder,
        # The SDK does not flush the line with its port.
        env={"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], PATIENCE_SECONDS)
        assert ready, "the policy pack did not say its port"
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
    finally:
        process.kill()
        process.communicate()


def analyze(analyzer: Any, resources: list[Resource]) -> list[tuple[str, str, str]]:
    """Policy, URN and message of every violation that the pack reports."""
    request = analyzer_pb2.AnalyzeStackRequest()
    for each in resources:
        properties = struct_pb2.Struct()
        properties.update(each.inputs)
        request.resources.add(type=each.type, urn=each.urn, name=each.name, properties=properties)
    answer = analyzer.AnalyzeStack(request, timeout=PATIENCE_SECONDS)
    return sorted((each.policyName, each.urn, each.message) for each in answer.diagnostics)
