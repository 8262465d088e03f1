"""What `pulumi up` runs, before it makes anything."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import pulumi
import pytest
from pulumi.runtime.proto import engine_pb2

from stacks import program


class Engine:
    """Hears what a program says."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def Log(self, request: engine_pb2.LogRequest) -> None:
        self.heard.append(request.message)


def test_the_engine_is_told_no_details(tmp_path: Path) -> None:
    """Four messages for each resource, which it drops, are a tenth of a preview."""
    engine = Engine()
    with (
        mock.patch.object(program, "get_engine", return_value=engine),
        pytest.raises(pulumi.RunError),
    ):
        program.run(tmp_path)
    engine.Log(engine_pb2.LogRequest(severity=engine_pb2.DEBUG, message="registering"))
    engine.Log(engine_pb2.LogRequest(severity=engine_pb2.WARNING, message="deprecated"))
    engine.Log(engine_pb2.LogRequest(severity=engine_pb2.ERROR, message="refused"))
    assert engine.heard == ["deprecated", "refused"]
