"""A repair gets past what a killed process left half written, and what another is writing."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nexus.pulumi.command import Pulumi, PulumiError, remove_half_written
from nexus.pulumi.wire import SECRET_SIGNATURE, SIGNATURE
from nexus.rehearsal.engine import RARE_COLLECTION, find_cli
from nexus.repair.examine import examine, mend
from nexus.repair.findings import Diagnosis
from nexus.repair.lock import Holder, locks

BUSY = """#!/bin/sh
read -r times < "$FILE.left"
[ "$times" = 0 ] && exec "$CLI" "$@"
echo $((times - 1)) > "$FILE.left"
: > "$FILE"
"$CLI" "$@"
code=$?
cp "$FILE.whole" "$FILE"
exit $code
"""
"""A `pulumi` beside which another process writes the attributes, for the first few calls."""


@pytest.fixture
def shop(tmp_path: Path) -> Pulumi:
    """A stack, selected, of a state without resources."""
    for name in ("home", "project", "state"):
        (tmp_path / name).mkdir()
    # In place of the command line's own log: see nexus/rehearsal/engine.py.
    (tmp_path / "home/logs").touch()
    (tmp_path / "project/Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    pulumi = Pulumi(
        cli=find_cli(),
        directory=tmp_path / "project",
        environment={
            "PATH": os.environ["PATH"],
            "PULUMI_HOME": str(tmp_path / "home"),
            "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "shop",
            **RARE_COLLECTION,
        },
        project="shop",
    )
    pulumi.run("stack", "init", "dev")
    return pulumi


def _state(shop: Pulumi) -> Path:
    return Path(shop.environment["PULUMI_BACKEND_URL"].removeprefix("file://")) / ".pulumi"


def _attributes(shop: Pulumi) -> Path:
    return _state(shop) / "stacks/shop/dev.json.attrs"


def _lock(shop: Pulumi) -> Path:
    """The lock of a process that has ended."""
    now = datetime.now(UTC).isoformat()
    lock = {"pid": 2**22 + 1, "username": "ann", "hostname": socket.gethostname()}
    path = _state(shop) / "locks/organization/shop/dev/killed.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**lock, "timestamp": now}))
    return path


def _empty(path: Path) -> None:
    path.write_bytes(b"")
    os.utime(path, (0, 0))


def _of_the_state(shop: Pulumi) -> None:
    _empty(_attributes(shop))


def _of_a_lock(shop: Pulumi) -> None:
    lock = _lock(shop)
    _empty(lock.with_name(f"{lock.name}.attrs"))


def _of_a_lock_that_was_not_taken(shop: Pulumi) -> None:
    _empty(_lock(shop).with_name("next.json.18abcdef.tmp"))


@pytest.mark.parametrize(
    "leave", [_of_the_state, _of_a_lock, _of_a_lock_that_was_not_taken], ids=lambda f: f.__name__
)
def test_what_a_killed_process_left_is_removed(
    shop: Pulumi, leave: Callable[[Pulumi], None]
) -> None:
    """The kill that a repair is for hits any write, and then no command gets past it."""
    leave(shop)
    stack = shop.selected()
    found = locks(stack)
    assert [lock.holder() for lock in found] == [Holder.GONE] * (leave is not _of_the_state)


def test_what_was_just_left_is_waited_for(shop: Pulumi, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repair right after the kill cannot tell a lock that is being taken from a dead one."""
    taking = _lock(shop).with_name("next.json.18abcdef.tmp")
    taking.write_bytes(b"")

    def pass_by(seconds: float) -> None:
        if taking.exists():
            then = taking.stat().st_mtime - seconds
            os.utime(taking, (then, then))

    monkeypatch.setattr(time, "sleep", pass_by)
    assert len(locks(replace(shop, stack="dev"))) == 1


def test_a_repair_beside_one_that_is_killed(shop: Pulumi) -> None:
    """Whatever the other leaves between the look and the writing, this one comes through."""
    _of_a_lock(shop)
    stack = shop.selected()
    before = stack.export()
    _of_the_state(shop)
    found = Diagnosis(
        locks=locks(stack), unsound=None, findings=(), unready={}, before=before, after=before
    )
    _of_the_state(shop)
    mend(stack, found)
    assert locks(stack) == ()
    assert stack.export() == before


def test_the_copy_of_a_state_is_read_with_the_passphrase_of_its_stack(shop: Pulumi) -> None:
    """With another one its secrets cannot be read, and what is not seen is not to be repaired."""
    stack = shop.selected()
    stack.on_stack("config", "set", "--secret", "password", '"hidden"')
    settings = (shop.directory / "Pulumi.dev.yaml").read_text(encoding="utf-8")
    secret = {SIGNATURE: SECRET_SIGNATURE, "ciphertext": settings.rpartition("secure: ")[2].strip()}
    urn = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
    kind = urn.split("::")[2]
    state = stack.export()
    state["deployment"]["resources"] = [{"urn": urn, "type": kind, "outputs": {"password": secret}}]
    stack.load(state)
    with stack.copied(state) as copy:
        copy.load(state)
        copy.on_stack("refresh", "--yes", "--skip-preview")
        kept = copy.export()["deployment"]["secrets_providers"]
    assert kept == state["deployment"]["secrets_providers"]
    assert examine(stack, {}).unsound is None
    with pytest.raises(PulumiError, match="incorrect passphrase"):
        examine(stack.with_passphrase("wrong"), {})


@pytest.mark.parametrize(
    "arguments",
    [("stack", "--show-name"), ("stack", "import", "--stack", "dev", "--file", "state.json")],
    ids=["look", "write"],
)
def test_what_another_is_writing_is_waited_for(shop: Pulumi, arguments: tuple[str, ...]) -> None:
    """The attributes are empty for a moment at every step of a run, and whole at the next look."""
    attributes = _attributes(shop)
    whole = attributes.read_bytes()
    attributes.with_name(f"{attributes.name}.whole").write_bytes(whole)
    left = attributes.with_name(f"{attributes.name}.left")
    left.write_text("2\n")
    (shop.directory / "state.json").write_text(json.dumps(replace(shop, stack="dev").export()))
    busy = shop.directory / "pulumi"
    busy.write_text(BUSY)
    busy.chmod(0o755)
    environment = {**shop.environment, "CLI": str(shop.cli), "FILE": str(attributes)}
    replace(shop, cli=busy, environment=environment).run(*arguments)
    assert left.read_text() == "0\n"


@pytest.mark.parametrize(
    ("name", "content", "seconds", "stays"),
    [
        ("stacks/shop/dev.json.attrs", "", 0, False),
        ("stacks/dev.json.attrs", "", 0, False),
        ("stacks/shop/dev.json.gz.bak.attrs", "", 0, False),
        ("stacks/shop/dev.json.attrs", "{}", 99, True),
        ("stacks/shop/dev.json", "", 99, True),
        ("locks/organization/shop/dev/a.json.attrs", "", 0, False),
        ("locks/organization/shop/dev/a.json.18ab.tmp", "", 99, False),
        # Its process is about to write it.
        ("locks/organization/shop/dev/a.json.18ab.tmp", "", 0, True),
        ("locks/organization/shop/dev/a.json.18ab.tmp", "{}", 99, True),
        ("locks/organization/shop/dev/a.json", "", 99, True),
        ("history/shop/dev/dev-1.history.json.attrs", "", 99, True),
    ],
)
def test_what_counts_as_half_written(
    tmp_path: Path, name: str, content: str, seconds: float, stays: bool
) -> None:
    """What is removed too much is a state or the lock of a run that goes on."""
    path = tmp_path / ".pulumi" / name
    path.parent.mkdir(parents=True)
    # As it looks where another removes a file between its listing and the look at it.
    path.with_name("gone.attrs").symlink_to("nowhere")
    path.write_text(content)
    then = time.time() - seconds
    os.utime(path, (then, then))
    remove_half_written(tmp_path)
    assert path.exists() == stays
