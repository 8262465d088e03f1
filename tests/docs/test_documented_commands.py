"""Every command of README, CONTRIBUTING, runbook and state is typed, or its reason stands here.

They run on the real command line, with the real language host, from an empty backend, against the
rehearsal's providers, in a platform of a few services that has the names of the documents.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest
from botocore import xform_name
from botocore.loaders import Loader

from tests.documents import Command, commands
from tests.nexus.cli.terminal import Terminal, terminal
from tests.nexus.diff.copies import cut, set_need
from tests.projects import ROOT, copy_project

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/runbook.md", "docs/state.md")

SERVICES = ("backend-api", "user-auth", "content-management", "ledger-mgr", "vscreen-hollywood")

Section = tuple[str, str]
"""Document and heading."""


def nothing(_: Terminal) -> None:
    """The commands of the section need no more than what those before them did."""


def with_caption_mgr(reader: Terminal) -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"^   ```yaml\n(.*?)^   ```", page, re.DOTALL | re.MULTILINE)
    assert block is not None
    path = reader.project / "catalog" / "services" / "content.yaml"
    with path.open("a", encoding="utf-8") as file:
        file.writelines(line[3:] for line in block[1].splitlines(keepends=True))


def with_own_server(reader: Terminal) -> None:
    """The section tells of the `pulumi up` that makes it."""
    set_need(reader.project, "ledger-mgr", "postgres", dedicated=True)
    reader.must("pulumi up --skip-preview")
    assert "nexus-data/ledger-mgr-postgres" in {key.id for key in reader.cluster.contents()}


def protected(reader: Terminal) -> None:
    """The section tells of a `pulumi destroy` that is refused."""
    found = re.search(
        r"urn:\S+:StatefulSet::postgres$", reader.must("pulumi stack --show-urns"), re.MULTILINE
    )
    assert found is not None
    reader.must(f"pulumi state protect '{found[0]}'")
    refused = reader.type("pulumi destroy")
    assert refused.returncode != 0
    assert "cannot be deleted" in refused.stdout


TYPED: Mapping[Section, Callable[[Terminal], None]] = {
    ("CONTRIBUTING.md", "Contributing"): nothing,
    ("CONTRIBUTING.md", "Rules that hold everywhere"): nothing,
    ("CONTRIBUTING.md", "What a rehearsal believes, on a real cluster"): nothing,
    ("README.md", "Quick start"): nothing,
    ("README.md", "On a cluster"): nothing,
    ("README.md", "Add a service"): with_caption_mgr,
    ("docs/state.md", "Backup"): nothing,
    ("docs/state.md", "Restore"): nothing,
    ("docs/runbook.md", "Runbook"): nothing,
    ("docs/runbook.md", "After a killed update"): nothing,
    ("docs/runbook.md", "Raising the version of Kubernetes"): nothing,
    ("docs/runbook.md", "Giving a service a server of its own"): with_own_server,
    ("docs/runbook.md", "Destroying a protected stack"): protected,
}
"""Sections whose commands are typed one after the other, and what is edited before each."""

FOLLOWED: Mapping[Section, str] = {
    ("docs/runbook.md", "The first deployment to AWS"): "tests/stacks/test_cloud_stacks.py",
    ("docs/runbook.md", "A new service's repository"): "tests/stacks/test_cloud_stacks.py",
    ("docs/runbook.md", "Removing a service"): "tests/stacks/test_cloud_stacks.py",
    ("docs/runbook.md", "Bringing back the database"): "tests/stacks/test_cloud_stacks.py",
}
"""Sections whose commands another file reads from the page and runs."""

NOT_TYPED: Mapping[str, str] = {
    "aws *": "needs an account; test_commands_of_aws_are_known reads it",
    "account=*": "is for the commands of aws after it",
    "broker=$(aws *": "needs an account",
    "key=$(aws *": "needs an account",
    "for group in $(aws *": "needs an account",
    "pulumi login *s3://*": "needs an account",
    "pulumi stack init * --secrets-provider *awskms://*": "needs an account",
    "openssl *": "signs with a key that is kept offline",
    "pulumi config set nexus-cos:cloudHsmModules *": "needs an account",
    "pulumi import": "names the command",
    "pulumi preview --policy-pack policy": "needs the engine's own host of policies",
    "kind *": "needs containers",
    "kubectl *": "needs a cluster",
    "admin=*": "is for the commands of kubectl after it",
    "curl *": "needs a cluster, or an account",
    "uv pip compile *": "asks the package index",
    "make advisories": "asks a database; tests/docs/test_advisories.py runs its script",
    ".venv/bin/nexus rehearse *": "test_commands.py runs it, and test_cloud_stacks.py staging",
    "nexus rehearse *": "test_cloud_stacks.py rehearses staging",
    "nexus task *": "tests/nexus/cli/test_task.py and tests/cluster/test_task.py run it",
    ".venv/bin/nexus task *": "the same",
    "nexus preview *": "tests/nexus/update/test_command.py runs it",
    "nexus up *": "tests/nexus/update/test_command.py runs it",
    "*nexus state *": "tests/nexus/cli/test_state.py and test_release.py run it",
    "*nexus release *": "tests/nexus/cli/test_release.py runs it, in a repository of its own",
    "nexus import compose *": "tests/nexus/importing/test_commands.py runs it",
    ".venv/bin/nexus why *": "tests/nexus/cli/test_why.py runs it, beside a Prometheus",
    "*nexus diff*": "tests/nexus/diff/test_command.py runs it, in a repository of its own",
}
"""Commands that are not typed, as patterns, and why."""

NAMED = ("pulumi destroy", "pulumi preview", "pulumi stack init", "pulumi up")
"""Commands that sentences speak of, and that are typed elsewhere, with or without options."""

INSTEAD = (
    # A file backend's own place is the home of the machine's user, whatever HOME says.
    (r"^pulumi login --local$", 'pulumi login "$STATE"'),
    # What holds for every other command: not to ask whether it is meant.
    (r"^pulumi (.*--preview-only)", r"PULUMI_SKIP_CONFIRMATIONS=false pulumi \1"),
    (r"^make ", f"make --dry-run --directory {ROOT} "),
    # README's first `pulumi up`, which has options, is previewed, and so is what is refused.
    (r"\bpulumi (up|destroy --stack \S+)$", r"pulumi \1 --skip-preview"),
    (r"\bprod\b|\bstaging\b", "alice"),
)
"""What is typed in the place of what stands there."""


def typed(section: Section) -> tuple[str, ...]:
    """What a reader of a section types, each command once."""
    document, heading = section
    texts = dict.fromkeys(
        command.text
        for command in commands(document)
        if command.heading == heading and reason_not_to_type(command) is None
    )
    return tuple(texts)


def reason_not_to_type(command: Command) -> str | None:
    if command.in_sentence and command.text in NAMED:
        return "is typed elsewhere"
    fitting = (reason for each, reason in NOT_TYPED.items() if fnmatchcase(command.text, each))
    return next(fitting, None)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    folder = tmp_path_factory.mktemp("documented")
    project = copy_project(folder / "project")
    cut(project, SERVICES)
    with terminal(project, folder / "home") as opened:
        yield opened


def test_commands_do_what_the_documents_say(reader: Terminal, subtests: pytest.Subtests) -> None:
    """The first thing a user types fails, and nobody here has ever typed it."""
    for section, prepare in TYPED.items():
        with subtests.test(": ".join(section)):
            prepare(reader)
            for command in typed(section):
                text = command
                for pattern, instead in INSTEAD:
                    text = re.sub(pattern, instead, text)
                reader.must(text)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_is_typed_or_has_a_reason(document: str) -> None:
    """A command that nobody types goes wrong with the next version of what it calls."""
    found = commands(document)
    assert found
    untold = [
        f"{command.heading}: {command.text}"
        for command in found
        if (document, command.heading) not in {*TYPED, *FOLLOWED}
        and reason_not_to_type(command) is None
    ]
    assert untold == []


OWN_OF_AWS_CLI = ("update-kubeconfig",)
"""Commands that its command line makes of several calls, so that no service knows them."""


def words_of_aws() -> Iterator[tuple[Command, list[str]]]:
    """Every call of AWS' command line, also inside of other commands, as words."""
    for document in DOCUMENTS:
        for command in commands(document):
            for call in re.split(r"\$\(|\bdo\b|[|;\n]", command.text):
                if call.strip().startswith("aws "):
                    yield command, re.findall(r"--?[a-z][a-z-]*|[a-z0-9-]+", call)


def test_commands_of_aws_are_known() -> None:
    """An option that AWS does not know is found out in the middle of an outage."""
    loader = Loader()
    seen = 0
    for command, (_, service, operation, *words) in words_of_aws():
        if operation in OWN_OF_AWS_CLI:
            continue
        model: dict[str, Any] = loader.load_service_model(
            {"s3api": "s3"}.get(service, service), "service-2"
        )
        operations = {xform_name(name, "-"): each for name, each in model["operations"].items()}
        assert operation in operations, command
        shape = operations[operation].get("input", {}).get("shape")
        members = model["shapes"][shape]["members"] if shape else ()
        known = {xform_name(name, "-") for name in members}
        flags = {word.removeprefix("--") for word in words if word.startswith("--")}
        assert flags <= known | {"output", "query", "region"}, command
        seen += 1
    assert seen > 10


def test_tables_have_no_entry_too_many() -> None:
    """A reason that nothing needs any more would hide the next command that fits it."""
    every = [command for document in DOCUMENTS for command in commands(document)]
    sections = {(command.document, command.heading) for command in every}
    assert {*TYPED, *FOLLOWED} <= sections
    all_typed = [text for section in TYPED for text in typed(section)]
    for name in NAMED:
        assert any(text.startswith(name) for text in all_typed), name
    for pattern in NOT_TYPED:
        assert any(fnmatchcase(command.text, pattern) for command in every), pattern
    for (_, heading), file in FOLLOWED.items():
        text = (ROOT / file).read_text(encoding="utf-8")
        assert f'"{heading}"' in text, (heading, file)
