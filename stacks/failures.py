"""What a failed resource does to the rest of a run: what starts after it is left as it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any

import pulumi
from pulumi.runtime import register_stack_transformation
from pulumi.runtime.rpc_manager import RPCManager
from pulumi.runtime.settings import SETTINGS
from pulumi.runtime.stack import ResourceRegistrationFailed


def isolate_failures() -> None:
    """Lets a run with `--continue-on-error` do all that does not start after what failed.

    Call it once, before the first resource. By itself the SDK ends the program at the
    first resource that depends on a failed one (`ResourceRegistrationFailed`), and what
    waits for something else then is never registered. Here the program ends when all
    else is done. It ends with an error even so (pulumi.RunError): without one the engine
    would delete what the program did not register, and that is all that waits.
    """
    owners: dict[pulumi.Resource, str] = {}

    def note(args: pulumi.ResourceTransformationArgs) -> None:
        parent = args.opts.parent
        owners[args.resource] = args.name if parent is None else owners.get(parent, args.name)

    async def end() -> pulumi.Inputs:
        if await _only_failures_kept_away():
            failed = await _failures(owners)
            if failed:
                _calls().clear()
                raise pulumi.RunError(_sentence(failed))
        return {}

    register_stack_transformation(note)
    pulumi.run(end)


async def _only_failures_kept_away() -> bool:
    """Waits until every call to the engine has ended; False as soon as one ends with another error.

    The SDK reports that one itself. Without `--continue-on-error` it is that the engine
    has gone.
    """
    calls = _calls()
    await asyncio.sleep(0)  # what the program declared begins to call only now
    ended: set[asyncio.Future[object]] = set()
    while waiting := [call for call in _futures(calls.rpcs) if call not in ended]:
        just_ended, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_EXCEPTION)
        ended |= just_ended
        errors = [error for call in just_ended if (error := call.exception()) is not None]
        if not all(isinstance(error, ResourceRegistrationFailed) for error in errors):
            return False
    return True


def _calls() -> RPCManager:
    """The SDK's list of its calls to the engine, of the program that runs here."""
    settings: Any = SETTINGS  # the property is declared in a way that no type checker reads
    return settings.rpc_manager


def _futures(calls: list[Awaitable[object]]) -> list[asyncio.Future[object]]:
    return [call for call in calls if isinstance(call, asyncio.Future)]


async def _failures(owners: Mapping[pulumi.Resource, str]) -> Mapping[str, tuple[str, ...]]:
    """What failed, and what starts after each, by the names of components at the top."""
    results = await asyncio.gather(*(each.urn.future() for each in owners), return_exceptions=True)
    first: dict[int, str] = {}
    failed: dict[str, dict[str, None]] = {}
    for owner, result in zip(owners.values(), results, strict=True):
        # What depends on a failed resource fails with the same exception, and is declared later.
        if isinstance(result, BaseException):
            cause = first.setdefault(id(result), owner)
            failed.setdefault(cause, {})[owner] = None
    return {
        cause: tuple(name for name in sorted(waiting) if name not in failed)
        for cause, waiting in failed.items()
    }


def _sentence(failed: Mapping[str, tuple[str, ...]]) -> str:
    whole = [
        f"{name} failed; it holds back {', '.join(waiting)}." if waiting else f"{name} failed."
        for name, waiting in failed.items()
    ]
    return "\n".join(
        [
            *whole,
            "What is held back was left as it is, everything else is done, and what was to be "
            "deleted is deleted in the next run without a failure. Mend what failed (its own "
            "message is above) and run the same command again.",
        ]
    )
