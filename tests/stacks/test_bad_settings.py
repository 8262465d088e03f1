"""Every mistake in a stack's settings or release file is one sentence with its fix."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import yaml

from catalog import InputError
from nexus.plan.plan import Plan, make_plan
from nexus.rehearsal.run import rehearse
from stacks.program import run
from tests.projects import copy_project, set_config


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return copy_project(tmp_path / "project")


def refused(project: Path, stack: str = "dev") -> str:
    with pytest.raises(InputError) as caught:
        make_plan(project, stack)
    return str(caught.value)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"environment": None},
            "Pulumi.dev.yaml: setting 'nexus-cos:environment' is missing; write:\n"
            'config:\n  nexus-cos:environment: "dev"  # column of the environment table',
        ),
        (
            {"environment": "qa"},
            "Pulumi.dev.yaml: setting 'nexus-cos:environment': 'qa' is not allowed; write 'dev', "
            "'staging' or 'prod'. "
            'For example, write:\nconfig:\n  nexus-cos:environment: "dev"  '
            "# column of the environment table",
        ),
        (
            {"ordering": "tier"},
            "Pulumi.dev.yaml: setting 'nexus-cos:ordering': 'tier' is not allowed; did you mean "
            "'tiers'? For example, write:\nconfig:\n  nexus-cos:ordering: \"tiers\"  # tiers: each "
            "tier waits for the one before; edges: dependencies alone decide",
        ),
        (
            {"orderng": "tiers"},
            "Pulumi.dev.yaml: setting 'nexus-cos:orderng': unknown key; did you mean 'ordering'?",
        ),
        (
            {"host": "a b;c"},
            "Pulumi.dev.yaml: setting 'nexus-cos:host': 'a b;c' is no host name; write one such as "
            "'nexus.example.com'. For example, write:\nconfig:\n  nexus-cos:host: "
            '"nexus.localhost"  # host name of the gateway\'s ingress',
        ),
        (
            {"registry": "https://registry.example.com/x"},
            "Pulumi.dev.yaml: setting 'nexus-cos:registry': 'https://registry.example.com/x' is no "
            "registry; write it without a scheme, such as 'registry.example.com/nexus', or ecr. "
            'For example, write:\nconfig:\n  nexus-cos:registry: "registry.example.com/nexus"  # '
            "registry and path in front of every service's own image; ecr: made here",
        ),
        (
            {"releaseFile": "/etc/passwd"},
            "Pulumi.dev.yaml: setting 'nexus-cos:releaseFile': '/etc/passwd' is not below the "
            "project; write a relative path without '..'. For example, write:\nconfig:\n  "
            'nexus-cos:releaseFile: "releases/dev.yaml"  # file with the version of every '
            "service, relative to the project",
        ),
        (
            {"releaseFile": "releases/none.yaml"},
            "releases/none.yaml: the file does not exist; create it.",
        ),
        (
            {"namespacePrefix": "Nexus_1"},
            "Pulumi.dev.yaml: setting 'nexus-cos:namespacePrefix': 'Nexus_1' is no DNS label; "
            "write lower-case letters, digits and hyphens, with a letter first and a letter or "
            'digit last. For example, write:\nconfig:\n  nexus-cos:namespacePrefix: "nexus"  '
            "# start of every namespace; two stacks in one cluster need two prefixes",
        ),
        (
            {"rotations": "user-auth"},
            "Pulumi.dev.yaml: setting 'nexus-cos:rotations' is no mapping; write:\nconfig:\n  "
            'nexus-cos:rotations: {"user-auth": 1}  # per service, a number; a higher one '
            "replaces the service's passwords",
        ),
        (
            {"rotations": {"user-aut": 1}},
            "Pulumi.dev.yaml: setting 'nexus-cos:rotations.user-aut': there is no such service; "
            "did you mean 'user-auth'?",
        ),
        (
            # What `pulumi config set --path` writes for digits.
            {"variables": {"user-auth": {"LEVEL": 5}}},
            "Pulumi.dev.yaml: setting 'nexus-cos:variables.user-auth.LEVEL': 5 is a number; put it "
            "in quotes, or run: pulumi config set --path --type string "
            "'nexus-cos:variables.user-auth.LEVEL' 5",
        ),
        (
            {"restore": {"cluster": "nexus-cos-staging-postgres", "time": dt.date(2026, 1, 31)}},
            "Pulumi.dev.yaml:7: field 'config.nexus-cos:restore.time': 2026-01-31 is a date in "
            "YAML; put it in quotes.",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_wrong_setting(project: Path, settings: dict[str, object], sentence: str) -> None:
    """A setting that is quietly ignored deploys something else than was meant."""
    set_config(project, "dev", **settings)
    assert refused(project) == sentence


HOST = "nexus.example.org"
EMAIL = {"email": "platform@nexus.example.org"}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"certificates": "letsEncrypt", "host": HOST},
            "setting 'nexus-cos:letsEncrypt' is missing; write:\nconfig:\n  "
            'nexus-cos:letsEncrypt: {"email": "platform@nexus.example.com", "challenge": "http01"}',
        ),
        (
            {"letsEncrypt": EMAIL, "host": HOST},
            "setting 'nexus-cos:letsEncrypt' is there, but nothing asks for a certificate; set "
            "nexus-cos:certificates to letsEncrypt, or remove it.",
        ),
        (
            {"certificates": "letsEncrypt", "letsEncrypt": EMAIL},
            "setting 'nexus-cos:host': Let's Encrypt signs nothing for 'nexus.localhost'; write a "
            "name in a domain of yours, such as 'nexus.example.com'.",
        ),
        (
            {"certificates": "letsEncrypt", "letsEncrypt": EMAIL, "host": "10.0.0.1"},
            "Let's Encrypt signs nothing for '10.0.0.1'",
        ),
        (
            {"certificates": "letsEncrypt", "letsEncrypt": {"email": "platform"}, "host": HOST},
            "setting 'nexus-cos:letsEncrypt.email': 'platform' is no e-mail address; write one "
            "such as 'platform@nexus.example.com'.",
        ),
        (
            {
                "certificates": "letsEncrypt",
                "letsEncrypt": {**EMAIL, "challenge": "dns-01"},
                "host": HOST,
            },
            "setting 'nexus-cos:letsEncrypt.challenge': 'dns-01' is not allowed; did you mean "
            "'dns01'?",
        ),
        (
            {
                "certificates": "letsEncrypt",
                "letsEncrypt": {**EMAIL, "challenge": "dns01"},
                "host": HOST,
            },
            "setting 'nexus-cos:cloudflareToken' is missing, but the challenge dns01 needs it; "
            "run: pulumi config set --secret nexus-cos:cloudflareToken",
        ),
        (
            {"ingressClass": "Nginx Public"},
            "setting 'nexus-cos:ingressClass': 'Nginx Public' is no DNS label; write lower-case",
        ),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
def test_wrong_setting_of_a_certificate(
    project: Path, settings: dict[str, object], sentence: str
) -> None:
    """What Let's Encrypt refuses is found after the platform is up, in a controller's log."""
    set_config(project, "dev", **settings)
    message = refused(project)
    assert sentence in message
    assert len(message.splitlines()) <= 3, "one mistake is one problem"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "releases/dev.yaml: the file is empty; write its content or delete it."),
        (
            "services:\n  user-auht: 1.0.0\n",
            "releases/dev.yaml:2: service 'user-auht': there is no such service; "
            "did you mean 'user-auth'?",
        ),
        (
            "services:\n  user-auth: 1.0\n",
            "releases/dev.yaml:2: service 'user-auth': 1.0 is a number in YAML, which loses how it "
            "is written; put it in quotes.",
        ),
        (
            "services:\n  user-auth: 1.10\n",
            "releases/dev.yaml:2: service 'user-auth': 1.10 is a number in YAML, which loses how "
            "it is written; put it in quotes.",
        ),
        (
            "services:\n  user-auth: 1.4\n",
            "releases/dev.yaml:2: service 'user-auth': 1.4 is a number; put it in quotes.",
        ),
        (
            "services:\n  user-auth: 2026-01-31\n",
            "releases/dev.yaml:2: service 'user-auth': 2026-01-31 is a date in YAML; put it in "
            "quotes.",
        ),
        (
            "services:\n  user-auth: la test\n",
            "releases/dev.yaml:2: service 'user-auth': 'la test' is no version; write an image "
            "tag such as '1.4.2', 'sha256:…', both as '1.4.2@sha256:…', or a whole image such as "
            "'docker.io/library/nginx:1.27.0'.",
        ),
        (
            "services:\n  user-auth: library/nginx\n",
            "releases/dev.yaml:2: service 'user-auth': 'library/nginx' is no whole image; write "
            "its registry, name and version, such as 'docker.io/library/nginx:1.27.0'.",
        ),
        (
            "services:\n  user-auth: 1.0.0\n",
            "releases/dev.yaml: there are versions, such as that of 'user-auth', but no registry; "
            "set 'nexus-cos:registry' in the stack's settings, or write whole images, such as "
            "'docker.io/library/nginx:1.27.0'.",
        ),
    ],
    ids=[
        "empty",
        "unknown service",
        "1.0",
        "1.10",
        "1.4",
        "date",
        "no version",
        "no image",
        "no registry",
    ],
)
def test_wrong_release_file(project: Path, content: str, sentence: str) -> None:
    """A release that names the wrong service or version must not be half deployed."""
    (project / "releases" / "dev.yaml").write_text(content, encoding="utf-8")
    assert refused(project) == sentence


def test_release_gives_every_service_its_own_image(project: Path) -> None:
    """The version in the release file is the one that must run."""
    digest = f"sha256:{'a' * 64}"
    release = {"services": {"user-auth": "1.4.2", "key-service": digest}}
    (project / "releases" / "dev.yaml").write_text(yaml.safe_dump(release), encoding="utf-8")
    set_config(project, "dev", registry="registry.example.com/nexus")
    images = {
        r.name: r.inputs["spec"]["template"]["spec"]["containers"][0]
        for r in make_plan(project, "dev").resources
        if r.type == "kubernetes:apps/v1:Deployment"
    }
    assert images["user-auth"]["image"] == "registry.example.com/nexus/user-auth:1.4.2"
    assert images["key-service"]["image"] == f"registry.example.com/nexus/key-service@{digest}"
    assert images["user-auth"]["args"] == []
    assert images["glitch"]["image"] == "docker.io/hashicorp/http-echo:1.0.0"
    assert images["glitch"]["args"] == ["-listen=:8080", "-text=glitch (stand-in)"]


@pytest.mark.parametrize("file", ["Pulumi.yaml", "Pulumi.dev.yaml"])
def test_broken_pulumi_file(project: Path, file: str) -> None:
    """A half-written settings file must not be read as an empty one."""
    (project / file).write_text("config: [\n", encoding="utf-8")
    assert refused(project).startswith(f"{file}:")


@pytest.mark.parametrize(
    ("stack", "settings"),
    [
        ("dev", {"environment": "qa"}),
        ("dev", {"orderng": "tiers"}),
        ("dev", {"rotations": "many"}),
        ("dev", {"rotations": {"user-aut": 1}}),
        ("dev", {"variables": {"user-aut": {"LEVEL": "info"}}}),
        ("dev", {"host": {"secure": "v1:encrypted"}}),
        ("dev", {"certificates": "letsEncrypt"}),
        ("staging", {"owner": None}),
        ("staging", {"vpcCidr": "8.8.0.0/16"}),
        ("staging", {"cloudflareToken": None}),
        ("staging", {"kubeContext": "kind-nexus"}),
    ],
    ids=str,
)
def test_the_file_is_named_with_its_folder(
    project: Path, stack: str, settings: dict[str, object]
) -> None:
    """Who is sent to a file that is not there makes a new one, which nothing reads."""
    set_config(project, stack, **settings)
    (project / "stacks").mkdir()
    (project / f"Pulumi.{stack}.yaml").rename(project / "stacks" / f"Pulumi.{stack}.yaml")
    with (project / "Pulumi.yaml").open("a", encoding="utf-8") as file:
        file.write("stackConfigDir: stacks\n")
    assert refused(project, stack).startswith(f"stacks/Pulumi.{stack}.yaml: ")


def test_context_is_the_one_that_is_set(project: Path) -> None:
    """Without it a deployment goes to whatever cluster is current."""
    set_config(project, "dev", kubeContext="kind-nexus")
    provider = next(
        r for r in make_plan(project, "dev").resources if r.type == "pulumi:providers:kubernetes"
    )
    assert provider.inputs["context"] == "kind-nexus"


def test_rotation_replaces_the_passwords_of_one_service_alone(project: Path, plan: Plan) -> None:
    """After a leak one service's passwords change, and nobody else is restarted."""
    before = {r.urn: r for r in plan.resources}
    set_config(project, "dev", rotations={"key-service": 1})
    after = {r.urn: r for r in make_plan(project, "dev").resources}
    changed = {r.name for urn, r in after.items() if r.inputs != before[urn].inputs}
    assert changed == {
        "key-service-database",
        "key-service-database-password",
        "redis-key-service-password",
    }


@pytest.mark.xdist_group("engine")
def test_engine_ends_with_the_sentence_and_registers_nothing(project: Path) -> None:
    """A bad catalog found half-way would leave half a platform."""
    path = project / "catalog" / "services" / "business.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("invoice-gen]", "invoice-gne]"), encoding="utf-8"
    )
    path.write_text(
        path.read_text(encoding="utf-8").replace("- invoice-gen\n", "- invoice-gne\n"),
        encoding="utf-8",
    )
    config = {"nexus-cos:environment": "dev", "nexus-cos:releaseFile": "releases/dev.yaml"}
    with rehearse(lambda: run(project), "nexus-cos", "dev", config) as rehearsal:
        outcome = rehearsal.up()
        types = [resource["type"] for resource in rehearsal.export().get("resources", [])]
    assert not outcome.succeeded
    assert "unknown target 'invoice-gne'" in outcome.error
    assert "catalog/services/business.yaml" in outcome.error
    assert "Traceback" not in outcome.error
    assert types == ["pulumi:pulumi:Stack"]
