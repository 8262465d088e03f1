"""The temporary directory of a rehearsal: project, settings, state and the CLI's home."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import yaml
from pulumi.automation import (
    ConfigValue,
    LocalWorkspace,
    OutputMap,
    ProjectSettings,
    Stack,
    UpdateSummary,
)
from pulumi.automation._stack import StackInitMode
from typing_extensions import override

from nexus.rehearsal.engine import Engine

PREFIX = "nexus-rehearsal-"


def environment(root: Path, *, checkpoints: bool) -> dict[str, str]:
    """Return the CLI's environment: everything it writes lies below `root`, nothing is fetched.

    Args:
        root: a directory of `temporary_root`.
        checkpoints: whether the state is written at every step, as in a real run.
    """
    # Where the state lives as long as this process, there is nothing that a checkpoint
    # after every step could save; it is written once, at the end of each run.
    once = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
    return {
        "HOME": str(root / "home"),
        "TMPDIR": str(root / "tmp"),
        "PULUMI_HOME": str(root / "home"),
        "PULUMI_BACKEND_URL": f"file://{root / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": secrets.token_urlsafe(24),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        **({} if checkpoints else once),
        "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
        "PULUMI_DIY_BACKEND_ZSTD": "true",
    }


class _Stack(Stack):
    """A stack whose run is over when its command is.

    The Automation API starts three more processes after each run, for the outputs in two forms
    and the run's place in the history. They take as long as an `up` that changes nothing; who
    wants the outputs asks for them.
    """

    @override
    def outputs(self) -> OutputMap:
        return {}

    @override
    def info(self, show_secrets: bool = True) -> UpdateSummary:
        return UpdateSummary("", datetime.now(UTC), "", {}, {}, "")


@contextmanager
def temporary_root() -> Generator[Path]:
    """Make the directory and remove it with all it holds when the block ends."""
    with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as directory:
        root = Path(directory)
        for name in ("home", "project", "state", "tmp"):
            (root / name).mkdir()
        # In its place the CLI would keep a log of all that it does, which nobody here reads, and
        # which takes more than a third of its computing. There is no switch for it.
        (root / "home" / "logs").touch()
        yield root


def make_stack(
    root: Path,
    engine: Engine,
    *,
    attached: Mapping[str, str],
    project: str,
    stack: str,
    config: Mapping[str, object],
    secret_config: Mapping[str, str],
    checkpoints: bool,
) -> Stack:
    """Return a new stack in `root` with its settings written.

    Args:
        root: a directory of `temporary_root`.
        engine: the CLI.
        attached: environment variables that attach the simulated providers.
        project: the project's name.
        stack: the stack's name.
        config: the stack's settings by full key, values as in its YAML file.
        secret_config: values of secret settings, by full key.
        checkpoints: whether the state is written at every step, as in a real run.
    """
    directory = root / "project"
    settings = {"config": dict(config)}
    (directory / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    workspace = LocalWorkspace(
        work_dir=str(directory),
        pulumi_home=str(root / "home"),
        env_vars={**environment(root, checkpoints=checkpoints), **attached},
        project_settings=ProjectSettings(name=project, runtime="python"),
        pulumi_command=engine,
    )
    made = _Stack(stack, workspace, StackInitMode.CREATE)
    if secret_config:
        hidden = {key: ConfigValue(value, secret=True) for key, value in secret_config.items()}
        made.set_all_config(hidden)
    return made
