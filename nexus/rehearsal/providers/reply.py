"""Answers and failures as the messages that the engine understands."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import grpc
from pulumi.runtime.proto import provider_pb2 as rpc
from pulumi.runtime.proto import status_pb2

from nexus.pulumi.wire import write
from nexus.rehearsal.providers.answer import Difference, NotReadyError, RefusedError
from nexus.rehearsal.timing import CancelledError

_UNKNOWN_CODE = 2
"""gRPC's UNKNOWN as a number, which the details of a failure carry once more."""


def difference_reply(difference: Difference) -> rpc.DiffResponse:
    """Return the difference as a message."""
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
def failures_reported(context: grpc.ServicerContext) -> Generator[None]:
    """Turn the block's exceptions into gRPC errors with the details that the engine reads."""
    try:
        yield
    except NotReadyError as error:
        detail = rpc.ErrorResourceInitFailed(
            id=error.made.id, properties=write(error.made.outputs), reasons=error.reasons
        )
        status = status_pb2.Status(code=_UNKNOWN_CODE, message=str(error))
        status.details.add().Pack(detail)
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(grpc.StatusCode.UNKNOWN, str(error))
    except CancelledError:
        context.abort(grpc.StatusCode.CANCELLED, "The rehearsal was stopped.")
    except RefusedError as error:
        context.abort(grpc.StatusCode.UNKNOWN, str(error))
