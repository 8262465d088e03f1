"""An encrypted value stays secret all the way, or is refused: wherever it stands in a setting."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog import InputError
from catalog.document import At
from nexus.plan.plan import Plan, make_plan
from nexus.plan.recorder import record
from stacks.program import build
from stacks.settings import PROJECT, Settings
from tests.projects import copy_project, set_config

ENCRYPTED = {"secure": "v1:placeholder"}

SECRET: frozenset[At] = frozenset(
    {
        ("cloudflareToken",),
        ("attached", "mongodb", "password"),
        ("externals", "payments", "credential"),
        ("monitoring", "receivers", "page-platform", "url"),
        ("registryLogin", "password"),
        ("secretVariables", "user-auth", "SIGNING_KEY"),
    }
)
"""Where an encrypted value belongs, in the settings' examples."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return copy_project(tmp_path / "project")


def places() -> Iterator[tuple[At, Any]]:
    """Every place of every setting's example, and the setting with an encrypted value there."""
    for key, schema in Settings.model_json_schema()["properties"].items():
        example = schema.get("examples", [schema.get("default")])[0]
        if key == "externals":
            example = {"payments": {**example["payments"], "credential": {**ENCRYPTED}}}
        yield from _places((key,), example)


def _places(at: At, value: Any) -> Iterator[tuple[At, Any]]:
    yield at, {**ENCRYPTED}  # A copy: the same object twice would be an anchor in YAML.
    if isinstance(value, dict) and set(value) == {"secure"}:
        return
    if isinstance(value, dict):
        for part in value:
            for place, changed in _places((*at, part), value[part]):
                yield place, {**value, part: changed}
    elif isinstance(value, list):
        for index, item in enumerate(value):
            for place, changed in _places((*at, index), item):
                yield place, [*value[:index], changed, *value[index + 1 :]]


EVERYWHERE = dict(places())


def test_every_secret_is_among_the_examples() -> None:
    """A setting of a new type would be left out of the table below."""
    assert set(EVERYWHERE) > SECRET
    assert {at[0] for at in EVERYWHERE} == {*Settings.model_json_schema()["properties"]}


@pytest.mark.parametrize(
    "at", [at for at in EVERYWHERE if at not in SECRET], ids=lambda at: ".".join(map(str, at))
)
def test_an_encrypted_value_that_would_be_deployed_in_the_clear_is_refused(
    project: Path, at: At
) -> None:
    """What was encrypted in the settings stood in a Deployment, for everybody to read."""
    set_config(project, "dev", **{str(at[0]): EVERYWHERE[at]})
    with pytest.raises(InputError) as caught:
        make_plan(project, "dev")
    message = str(caught.value)
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in at)[1:]
    assert message.startswith(f"Pulumi.dev.yaml: setting '{PROJECT}:{path}' is encrypted")
    assert len(message.splitlines()) == 1, "one mistake is one problem"


def test_the_message_says_which_command_to_run(project: Path) -> None:
    """Somebody who encrypted a variable wants it secret, not plain."""
    set_config(project, "dev", variables={"user-auth": {"SIGNING_KEY": ENCRYPTED}})
    with pytest.raises(InputError) as caught:
        make_plan(project, "dev")
    assert str(caught.value) == (
        "Pulumi.dev.yaml: setting 'nexus-cos:variables.user-auth.SIGNING_KEY' is encrypted, but "
        "the values of variables stand in the clear in the cluster and in the state; run: pulumi "
        "config rm --path 'nexus-cos:variables.user-auth.SIGNING_KEY', then: pulumi config set "
        "--secret --path 'nexus-cos:secretVariables.user-auth.SIGNING_KEY'"
    )


@pytest.mark.parametrize("key", ["variables", "host", "rotations"])
def test_a_secret_from_elsewhere_is_refused(project: Path, key: str) -> None:
    """Settings of another file or of an environment reach the program as text alone."""
    (project / "Pulumi.dev.yaml").unlink()
    settings = {
        "environment": "dev",
        "releaseFile": "releases/dev.yaml",
        "variables": '{"user-auth": {"SIGNING_KEY": "marker-6102"}}',
        "host": "marker-6102.example.com",
        "rotations": '{"user-auth": 1}',
    }
    with pytest.raises(InputError) as caught:
        record(
            lambda: build(project),
            project=PROJECT,
            stack="dev",
            config={f"{PROJECT}:{name}": value for name, value in settings.items()},
            secret_keys=(f"{PROJECT}:{key}",),
        )
    assert f"setting '{PROJECT}:{key}' is encrypted" in str(caught.value)
    assert "marker-6102" not in str(caught.value)


def needing(project: Path, *variables: str) -> Path:
    """The project with a service that needs environment variables."""
    file = project / "catalog/services/ai.yaml"
    text = file.read_text("utf-8")
    listed = ", ".join(variables)
    changed = text.replace("  puaboai-sdk:\n", f"  puaboai-sdk:\n    environment: [{listed}]\n")
    assert changed != text
    file.write_text(changed, "utf-8")
    return project


def inputs(plan: Plan, name: str) -> Any:
    return next(each.inputs for each in plan.resources if each.name == name)


def test_a_secret_variable_arrives_in_a_file(project: Path) -> None:
    """An environment is shown by every dump; the service is told where the value is instead."""
    needing(project, "REGION", "SIGNING_KEY")
    set_config(
        project,
        "dev",
        variables={"puaboai-sdk": {"REGION": "eu"}},
        secretVariables={"puaboai-sdk": {"SIGNING_KEY": ENCRYPTED}},
    )
    plan = make_plan(project, "dev")
    secret = next(each for each in plan.resources if each.name == "puaboai-sdk-credentials")
    assert secret.inputs["stringData"] == {"SIGNING_KEY": "[secret]"}
    assert secret.secrets == ("stringData.SIGNING_KEY",)
    pod = inputs(plan, "puaboai-sdk")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    env = {each["name"]: each["value"] for each in container["env"]}
    assert env["REGION"] == "eu"
    assert "SIGNING_KEY" not in env
    folder, _, file = env["SIGNING_KEY_FILE"].rpartition("/")
    mounts = {each["mountPath"]: each["name"] for each in container["volumeMounts"]}
    (volume,) = [each for each in pod["volumes"] if each["name"] == mounts[folder]]
    assert volume["secret"]["items"] == [{"key": "SIGNING_KEY", "path": file}]


@pytest.mark.parametrize(
    ("listed", "settings", "sentence"),
    [
        (
            ["SIGNING_KEY"],
            {},
            "setting 'nexus-cos:variables.puaboai-sdk.SIGNING_KEY' is missing; write:\nconfig:\n"
            "  nexus-cos:variables:\n    puaboai-sdk:\n      SIGNING_KEY: …\nor, if it is secret, "
            "run: pulumi config set --secret --path "
            "'nexus-cos:secretVariables.puaboai-sdk.SIGNING_KEY'",
        ),
        (
            ["SIGNING_KEY"],
            {"variables": {"SIGNING_KEY": "a"}, "secretVariables": {"SIGNING_KEY": ENCRYPTED}},
            "setting 'nexus-cos:variables.puaboai-sdk.SIGNING_KEY' has a value in "
            "'nexus-cos:secretVariables' too; remove one of them.",
        ),
        (
            ["SIGNING_KEY", "SIGNING_KEY_FILE"],
            {"variables": {"SIGNING_KEY_FILE": "a"}, "secretVariables": {"SIGNING_KEY": ENCRYPTED}},
            "setting 'nexus-cos:secretVariables.puaboai-sdk.SIGNING_KEY': 'SIGNING_KEY_FILE' then "
            "tells the service where its value is, but catalog/services/ai.yaml lists that as a "
            "variable of its own; remove it there.",
        ),
        (
            ["REGION"],
            {"variables": {"REGION": "eu"}, "secretVariables": {"REGIO": ENCRYPTED}},
            "setting 'nexus-cos:secretVariables.puaboai-sdk.REGIO': the service does not list it; "
            "did you mean 'REGION'?",
        ),
    ],
    ids=["missing", "twice", "file listed", "not listed"],
)
def test_a_wrong_secret_variable(
    project: Path, listed: list[str], settings: dict[str, Any], sentence: str
) -> None:
    """A value that nobody reads is a service that starts without it."""
    needing(project, *listed)
    given = {key: {"puaboai-sdk": values} for key, values in settings.items()}
    set_config(project, "dev", **given)
    with pytest.raises(InputError) as caught:
        make_plan(project, "dev")
    assert str(caught.value) == f"Pulumi.dev.yaml: {sentence}"


@pytest.mark.parametrize(
    "settings",
    [
        {"externals": {"payments": "marker-6102"}},
        {"externals": {"payments": {"credential": ["marker-6102"]}}},
        {"registryLogin": "marker-6102"},
        {"registryLogin": {"username": "nexus", "password": {"marker-6102": 1}}},
        {"secretVariables": {"user-auth": "marker-6102"}},
        {"secretVariables": {"user-auth": {"A": ["marker-6102"]}}},
    ],
    ids=".".join,
)
def test_a_message_about_a_secret_does_not_show_it(
    project: Path, settings: dict[str, object]
) -> None:
    """What the program says stands in the log of every pipeline."""
    set_config(project, "dev", **settings)
    with pytest.raises(InputError) as caught:
        make_plan(project, "dev")
    assert "marker-6102" not in str(caught.value)
