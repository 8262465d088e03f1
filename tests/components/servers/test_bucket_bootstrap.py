"""The bucket bootstrap script, with a stand-in for the `aws` command that it calls."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.patience import PATIENCE_SECONDS
from tests.projects import ROOT
from tests.servers.script import Outcome, run_script

FAKE = ROOT / "tests" / "servers" / "fake_aws.py"
MASTER = ("access-key", "Sesame-secret")


@dataclass(frozen=True)
class Store:
    """A folder that the stand-in takes for an S3-compatible server."""

    folder: Path

    def bootstrap(self, **settings: str) -> Outcome:
        """Run the script with the settings that its Job has, changed by `settings`."""
        return run_script(
            "bucket.sh",
            {
                "AWS_ENDPOINT_URL_S3": "http://storage.data.svc:8333",
                "AWS_DEFAULT_REGION": "us-east-1",
                "BUCKET": "nexus-media",
                "WAIT_SECONDS": str(PATIENCE_SECONDS),
                "FAKE_STORE": str(self.folder),
                "TMPDIR": str(self.folder),
                **settings,
            },
            master=MASTER,
            password=None,
            path=str(self.folder),
        )

    def trouble(self, *errors: str) -> None:
        """Let the next calls end with these errors."""
        (self.folder / "trouble").write_text("\n".join(errors))

    def calls(self) -> list[Any]:
        """The calls that were made."""
        return [json.loads(line) for line in (self.folder / "calls").read_text().splitlines()]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store, with the stand-in on the PATH."""
    command = tmp_path / "aws"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{FAKE}" "$@"\n')
    command.chmod(0o755)
    return Store(tmp_path)


def test_the_bucket_is_made_once(store: Store) -> None:
    """Outage: a second deployment fails because the bucket is there."""
    first, second = store.bootstrap(), store.bootstrap()
    line = 'bucket bootstrap: bucket "nexus-media" is ready: {}.\n'
    assert (first.code, first.output) == (0, line.format("created"))
    assert (second.code, second.output) == (0, line.format("no change"))
    commands = [call["words"][1] for call in store.calls()]
    assert commands == ["head-bucket", "create-bucket", "head-bucket", "head-bucket"]


def test_the_client_gets_what_it_needs(store: Store) -> None:
    """Outage: the bucket's name is put in front of a host name that does not resolve."""
    store.bootstrap()
    for call in store.calls():
        settings = call["settings"]
        assert settings["AWS_ACCESS_KEY_ID"] == MASTER[0]
        assert settings["AWS_SECRET_ACCESS_KEY"] == MASTER[1]
        assert "addressing_style = path" in settings["config"]
        assert MASTER[1] not in " ".join(call["words"])
        at = call["words"].index("--endpoint-url")
        assert call["words"][at + 1] == "http://storage.data.svc:8333"
    assert not list(store.folder.glob("nexus-aws*"))


@pytest.mark.parametrize(
    ("region", "constraints"),
    [("us-east-1", []), ("", []), ("eu-central-1", ["LocationConstraint=eu-central-1"])],
)
def test_only_another_region_is_named(store: Store, region: str, constraints: list[str]) -> None:
    """Outage: the bucket lies in another region than its data may leave."""
    assert store.bootstrap(AWS_DEFAULT_REGION=region).code == 0
    words = store.calls()[1]["words"]
    assert [word for word in words if word.startswith("LocationConstraint")] == constraints


@pytest.mark.parametrize(
    "errors",
    [
        ("down", "down"),
        ("503",),
        ("fine", "OperationAborted"),
        ("fine", "raced"),
        ("fine", "fine", "404"),
        ("fine", "ServiceUnavailable"),
    ],
)
def test_passing_trouble_is_waited_out(store: Store, errors: tuple[str, ...]) -> None:
    """Outage: a Job gives up while the store is still starting."""
    store.trouble(*errors)
    outcome = store.bootstrap()
    assert outcome.code == 0, outcome
    assert (store.folder / "nexus-media").is_dir()


@pytest.mark.parametrize(
    ("errors", "message"),
    [
        (("403",), "refuses the access key, or"),
        (("fine", "AccessDenied"), "refuses the access key, or"),
        (("fine", "BucketAlreadyExists"), "cannot be made"),
        (("fine", "InvalidBucketName"), "cannot be made"),
        (("301",), "cannot be made"),
    ],
)
def test_lasting_trouble_is_said_at_once(
    store: Store, errors: tuple[str, ...], message: str
) -> None:
    """Outage: a Job waits two minutes, four times, before it says what it knew at once."""
    store.trouble(*errors)
    outcome = store.bootstrap()
    assert outcome.code == 1
    assert message in outcome.output
    assert outcome.output.count("\n") == 1
    assert MASTER[1] not in outcome.output


def test_a_bucket_that_never_appears_ends_the_wait(store: Store) -> None:
    """Outage: a store that says yes and does nothing is asked for ever."""
    store.trouble(*["ignored"] * 200)
    outcome = store.bootstrap(WAIT_SECONDS="1")
    assert outcome.code == 1
    assert len(store.calls()) < 10


def test_a_store_that_is_not_there_ends_the_wait(store: Store) -> None:
    """Outage: a Job hangs for ever, and so does the deployment behind it."""
    store.trouble(*["down"] * 100)
    started = time.monotonic()
    outcome = store.bootstrap(WAIT_SECONDS="1")
    assert time.monotonic() - started >= 1
    assert outcome.code == 1
    assert 'did not give bucket "nexus-media" within 1 s: Could not connect' in outcome.output


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"BUCKET": ""}, 'BUCKET "" is no bucket name'),
        ({"BUCKET": "Upper"}, "is no bucket name"),
        ({"BUCKET": "file:///etc/passwd"}, "is no bucket name"),
        ({"BUCKET": "--debug"}, "is no bucket name"),
        ({"BUCKET": "nexus-media\nother"}, "more than one line"),
        ({"AWS_ENDPOINT_URL_S3": ""}, "is no URL"),
        ({"AWS_ENDPOINT_URL_S3": "storage:8333"}, "is no URL"),
        ({"WAIT_SECONDS": "soon"}, 'WAIT_SECONDS is "soon"'),
        ({"SECRETS_DIR": "/nowhere"}, "cannot read /nowhere/master/username"),
    ],
)
def test_bad_settings_are_named(store: Store, settings: dict[str, str], message: str) -> None:
    """Outage: a typing mistake makes the client read a file, or reach another bucket."""
    outcome = store.bootstrap(**settings)
    assert outcome.code == 1
    assert message in outcome.output
    assert not (store.folder / "calls").exists()
