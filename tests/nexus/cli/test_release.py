"""`nexus release`, as a user types it, on the real engine and git."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from nexus.cli.main import app
from tests.nexus.cli.terminal import Terminal, terminal
from tests.nexus.diff.copies import edit_service, edit_yaml, set_need
from tests.nexus.update.states import Answers, deployment, entry, state_of
from tests.projects import git, set_config, small_project

DIGEST = f"sha256:{'0' * 64}"
FILE = "releases/dev.yaml"


def image(name: str, version: str) -> str:
    return f"docker.io/a/{name}:{version}"


def commit(reader: Terminal, message: str) -> str:
    git(reader.project, "add", ".")
    git(reader.project, "commit", "--quiet", "--message", message)
    return git(reader.project, "rev-parse", "--short=7", "HEAD").strip()


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A terminal in a repository, and a stack that nothing was brought up in."""
    folder = tmp_path_factory.mktemp("release")
    project = small_project(folder / "project")
    edit_service(project, "cart", lambda entry: entry.update(migrate={"command": ["/migrate"]}))
    (project / ".gitignore").write_text(".venv\nMakefile\n__main__.py\n*.pyc\n", encoding="utf-8")
    for stack in ("staging", "prod.example"):
        path = project / f"releases/{stack}.yaml"
        path.write_text("services:\n  # The cart.\n  cart: 0.9.0\n", encoding="utf-8")
    git(project, "init", "--quiet")
    with terminal(project, folder / "home") as opened:
        opened.must('pulumi login "$STATE" && pulumi stack init dev')
        yield opened


def test_releases_from_the_first_to_the_way_back(reader: Terminal, tmp_path: Path) -> None:
    said = reader.must("nexus release show --stack dev")
    assert said == "Nothing runs in 'dev' yet.\n\nIt has not been updated yet.\n"
    refused = reader.type("nexus release set carts=1.0.0 --stack dev")
    assert refused.returncode == 2
    assert refused.stdout.endswith(
        "service 'carts': there is no such service; did you mean 'cart'?\n"
    )

    def release(needs: str, provides: int, **versions: str) -> str:
        """Sets versions, and what that of the cart has to do with its schema; commits it."""
        given = " ".join(f"{name}={image(name, each)}" for name, each in versions.items())
        said = reader.must(f"nexus release set {given} --stack dev")
        schema = {"needs": needs, "provides": provides}
        edit_yaml(reader.project / FILE, lambda file: file.update(schemas={"cart": schema}))
        commits.append(commit(reader, needs))
        return said

    commits: list[str] = []
    said = release(">=1,<2", 1, cart="1.0.0", front="1.0.0", stock="1.0.0")
    assert "3 versions would change, in this order by the edges:\n  1  stock  stand-in" in said
    assert said.endswith(f"Wrote {FILE} (0 KiB).\n")
    reader.must("pulumi up --stack dev --skip-preview")
    release(">=1", 1, cart="1.5.0", stock="1.1.0")
    said = reader.must("nexus up --service cart --stack dev --yes")
    assert "--message 'nexus up: cart'" in said

    said = reader.must("nexus release show --stack dev")
    lines = [" ".join(line.split()) for line in said.splitlines()]
    assert f"cart {image('cart', '1.5.0')} {image('cart', '1.5.0')}" in lines
    assert f"stock {image('stock', '1.0.0')} {image('stock', '1.1.0')} not brought up yet" in lines
    newest = next(line for line in lines if line.startswith("2 "))
    assert f"succeeded {commits[1]} T cart {image('cart', '1.0.0')} → " in newest
    assert next(line for line in lines if line.startswith("1 ")).endswith("T 3 versions")
    found = json.loads(reader.must("nexus release show --stack dev --format json"))
    assert found["services"]["cart"] == {
        "running": image("cart", "1.5.0"),
        "healthy": True,
        "file": image("cart", "1.5.0"),
        "schema": 1,
    }
    assert [each["services"] for each in found["updates"]] == [["cart"], None]
    assert found["updates"][0]["versions"]["stock"] == image("stock", "1.0.0")

    key = next(k for k in reader.cluster.contents() if (k.kind, k.name) == ("Deployment", "cart"))
    manifest = json.dumps(reader.cluster.get(key))
    reader.cluster.update(json.loads(manifest.replace(image("cart", "1.5.0"), "docker.io/b:1")))
    drifted = reader.type("nexus state --stack dev --drift")
    assert drifted.returncode == 1
    assert (
        "- runs just what update 2 brought up\n"
        "- drifted: Deployment cart: spec.template.spec.containers[0].image\n"
        "Bring back what drifted: pulumi up --refresh --stack dev\n"
    ) in drifted.stdout

    said = reader.must("nexus release back --stack dev --to 1 --service cart")
    assert f"1  cart  {image('cart', '1.5.0')}  →  {image('cart', '1.0.0')}" in said
    assert "While it is down, 1 other service would be: front" in said
    said = reader.must("nexus release back --stack dev")
    assert f"1  stock  {image('stock', '1.1.0')}  →  {image('stock', '1.0.0')}" in said
    assert "That is as update 2 had it." in said

    promoted = reader.must("nexus release promote dev staging")
    assert f"2  cart   0.9.0     →  {image('cart', '1.5.0')}" in promoted
    written = (reader.project / "releases/staging.yaml").read_text(encoding="utf-8")
    assert f"  # The cart.\n  cart: {image('cart', '1.5.0')}\n" in written
    assert "provides: 1" in written
    refused = reader.type("nexus release promote dev prod")
    assert "'prod' needs digests, and docker.io/a/cart:1.5.0 has none" in refused.stdout
    for name, prints in (("digest", DIGEST), ("nothing", "latest")):
        tool = tmp_path / name
        tool.write_text(f'#!/bin/sh\necho "{prints}"\n', encoding="utf-8")
        tool.chmod(0o755)
    refused = reader.type(f"nexus release promote dev prod --resolve {tmp_path / 'nothing'}")
    assert "docker.io/a/cart:1.5.0' prints no digest: latest" in refused.stdout
    promoted = reader.must(
        f"nexus release promote dev prod --service cart --resolve {tmp_path / 'digest'}"
    )
    assert f"1  cart  0.9.0  →  docker.io/a/cart@{DIGEST}" in promoted


@pytest.fixture
def three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose third release left a schema that the first cannot run on.

    The cart of the first cannot work with the stock of the second. `jobs` runs the image of the
    cart, and has a database of its own.
    """
    project = small_project(tmp_path / "project")
    jobs = {"summary": "Cleans up", "tier": "domain", "needs": ["postgres"]}
    run = {"image": {"of": "cart"}}
    edit_yaml(
        project / "catalog/services/shop.yaml",
        lambda file: file["services"].update(
            jobs={**jobs, "run": run, "migrate": {"command": ["/jobs"]}}
        ),
    )
    edit_service(project, "cart", lambda entry: entry.update(migrate={"command": ["/migrate"]}))
    git(project, "init", "--quiet")
    commits: list[str] = []
    for version, bounds, schema in (
        ("1.0.0", "<2", {"needs": ">=1,<2", "provides": 1}),
        ("2.0.0", ">=2", {"needs": ">=1", "provides": 1}),
        ("3.0.0", ">=2", {"needs": ">=1", "provides": 2}),
    ):
        set_need(project, "cart", "stock", versions=bounds)
        versions = dict.fromkeys(("cart", "front", "stock"), version)
        content = yaml.safe_dump(
            {"services": versions, "schemas": {"cart": schema, "jobs": {**schema}}}
        )
        (project / FILE).write_text(content, encoding="utf-8")
        git(project, "add", ".")
        git(project, "commit", "--quiet", "--message", version)
        commits.append(git(project, "rev-parse", "HEAD").strip())
    annotations = {"nexus-cos/schema": "2", "nexus-cos/schema-needs": ">=1"}
    state = state_of(
        deployment("cart", "r.example.com/cart:3.0.0", annotations=annotations),
        deployment("jobs", "r.example.com/cart:3.0.0", annotations=annotations),
        deployment("front", "r.example.com/front:3.0.0", initErrors=["not ready"]),
        deployment("stock", "r.example.com/stock:3.0.0"),
    )
    history = [entry(commit) for commit in reversed(commits)]
    history.insert(0, entry(commits[2], result="failed"))
    set_config(project, "dev", registry="r.example.com")
    monkeypatch.setattr("nexus.cli.release.pulumi_of", lambda *_: Answers(state, history))
    return project


def typed(project: Path, arguments: str) -> tuple[int, str]:
    """The exit code of a command, and all that it said."""
    found = CliRunner().invoke(app, ["--project", str(project), "release", *arguments.split()])
    return found.exit_code, found.output


def test_no_migration_is_taken_back(three: Path) -> None:
    before = (three / FILE).read_text(encoding="utf-8")
    code, said = typed(three, "back --to 1 --stack dev")
    assert code == 2
    assert said.count("the database has schema 2, which no migration takes back") == 2
    assert (three / FILE).read_text(encoding="utf-8") == before
    code, said = typed(three, "back --stack dev")
    assert code == 0
    assert "3 versions would change" in said
    assert "That is as update 2 had it." in said
    schema = {"needs": ">=1", "provides": 1}
    content = yaml.safe_load((three / FILE).read_text(encoding="utf-8"))
    # What runs the image of the cart goes back with it.
    assert content["schemas"] == {"cart": schema, "jobs": schema}


def test_what_has_to_go_back_as_well_is_said(three: Path) -> None:
    """The stock of the first release cannot be called by the cart of the third."""
    code, said = typed(three, "back --to 1 --service stock --stack dev")
    assert "These have to go back with it, or versions would not meet: cart." in said
    assert code == 2, "that one cannot go back past its migration"
    assert "which no migration takes back" in said


def test_what_is_not_healthy_is_not_promoted(three: Path) -> None:
    (three / "releases/staging.yaml").write_text("services: {}\n", encoding="utf-8")
    code, said = typed(three, "promote dev staging")
    assert code == 2
    assert "'front' is not healthy in 'dev', so nothing is promoted;" in said
    code, said = typed(three, "promote dev staging --service cart --service stock")
    assert code == 0
    assert yaml.safe_load((three / "releases/staging.yaml").read_text("utf-8")) == {
        "services": {"cart": "3.0.0", "stock": "3.0.0"},
        "schemas": {name: {"needs": ">=1", "provides": 2} for name in ("cart", "jobs")},
    }


def test_a_failed_update_and_what_is_not_ready_are_shown(three: Path) -> None:
    code, said = typed(three, "show --stack dev")
    assert code == 0
    lines = [" ".join(line.split()) for line in said.splitlines()]
    assert "front 3.0.0 3.0.0 not ready" in lines
    assert next(line for line in lines if line.startswith("4 ")).endswith(
        "Ann failed; what of it runs stands above"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("show dev", "'nexus release show' takes no 'dev'; name it: --stack NAME."),
        ("set --stack dev", "Say what to set: nexus release set NAME=VERSION --stack STACK"),
        ("set cart --stack dev", "'cart' is not of the form NAME=VERSION; write 'cart=1.4.2'"),
        ("promote dev", "Say from where and to where: nexus release promote FROM TO"),
        ("promote dev nowhere", "there is no stack 'nowhere'"),
        ("back --to 7 --stack dev", "'dev' has no update 7; run 'nexus release show'."),
        ("back --to 4 --stack dev", "Update 4 of 'dev' is no way back: failed;"),
        ("back --service carts --stack dev", "There is no service 'carts'; did you mean 'cart'?"),
        (
            "back --to 3 --service cart --stack dev",
            "'cart' had the same version in update 3; name another one: --to NUMBER.",
        ),
    ],
)
def test_what_cannot_be_is_refused(three: Path, arguments: str, sentence: str) -> None:
    code, said = typed(three, arguments)
    assert code == 2
    assert sentence in said
