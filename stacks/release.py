"""The release file: the version of every service in one environment."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from catalog import Catalog, InputError, Problem, Service
from catalog.document import Document, read_document
from catalog.errors import shortened
from catalog.job import Job
from catalog.names import WHOLE_IMAGE
from catalog.run import Kind, Run
from catalog.validation import validated
from components.kubernetes.versions import (
    STAND_IN_IMAGE,
    WORKS_WITH,
    is_in,
    tag_of,
    version_of,
)
from components.servers.bootstrap import PYTHON_IMAGE
from stacks.schemas import (
    Schema,
    conflicts,
    deployed_schemas,
    remembered,
    unfit_schemas,
)

VERSION = re.compile(
    r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}(@sha256:[0-9a-f]{64})?|sha256:[0-9a-f]{64}"
)
"""An image tag, a digest or both, as the OCI distribution specification defines them."""


def _version(text: str) -> str:
    if "/" in text and not re.fullmatch(WHOLE_IMAGE, text):
        raise ValueError(
            "is no whole image; write its registry, name and version, such as "
            "'docker.io/library/nginx:1.27.0'."
        )
    if "/" not in text and not VERSION.fullmatch(text):
        raise ValueError(
            "is no version; write an image tag such as '1.4.2', 'sha256:…', both as "
            "'1.4.2@sha256:…', or a whole image such as 'docker.io/library/nginx:1.27.0'."
        )
    return text


class ReleaseFile(BaseModel):
    """Shape of a release file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    services: dict[str, Annotated[str, AfterValidator(_version)]]
    schemas: dict[str, Schema] = {}


@dataclass(frozen=True, kw_only=True)
class Image:
    """What runs for a service: its image, or a stand-in's with its command and arguments.

    `schema` is what the version has to do with that of its database, if it says so.
    """

    reference: str
    command: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    stand_in: bool = False
    schema: Schema | None = None


@dataclass(frozen=True, kw_only=True)
class Release:
    """Versions by service, as the file called `file` gives them, and schemas of those who say."""

    file: str
    versions: Mapping[str, str]
    schemas: Mapping[str, Schema] = field(default_factory=dict[str, Schema])

    def after(self, services: Iterable[str]) -> Release:
        """The release after this one as a rehearsal has it: `services` in versions of their own."""
        newer: dict[str, str] = {}
        for name in services:
            repository, at, version = self.versions.get(name, "").rpartition("@")
            digest = sha256(version.encode()).hexdigest()
            pinned = f"{repository}{at}sha256:{digest}"
            newer[name] = pinned if _is_digest(version) else f"rehearsed.invalid/{name}:next"
        return replace(self, versions={**self.versions, **newer})

    def images(
        self,
        catalog: Catalog,
        *,
        registry: str | None,
        stand_ins: bool,
        digests: bool = False,
    ) -> Mapping[str, Image]:
        """The image of every service of the catalog.

        Args:
            registry: registry and path in front of every service's own image.
            stand_ins: whether a service without a version runs as a stand-in.
            digests: whether every version must be a digest.

        Raises:
            InputError: a version without a registry, a service without a version
                where stand-ins are not allowed, or a tag where digests are demanded.
        """
        problems: list[Problem] = []
        own = {each.name for each in catalog.services.values() if each.run.image_of is None}
        missing = sorted(own - set(self.versions))
        if missing and not stand_ins:
            listed = ", ".join(missing)
            message = f"no version for {listed}; add each under 'services', as tag or digest."
            problems.append(Problem(self.file, message))
        tags = sorted(name for name, version in self.versions.items() if not _is_digest(version))
        if tags and digests:
            message = (
                f"no digest for {', '.join(tags)}; this environment needs the image's digest, "
                "'sha256:…', so that a moved tag cannot change what runs."
            )
            problems.append(Problem(self.file, message))
        if digests:
            problems += _jobs_by_tag(catalog)
        tagged = [name for name, version in self.versions.items() if "/" not in version]
        if tagged and registry is None:
            message = (
                f"there are versions, such as that of '{min(tagged)}', but no registry; set "
                "'nexus-cos:registry' in the stack's settings, or write whole images, such as "
                "'docker.io/library/nginx:1.27.0'."
            )
            problems.append(Problem(self.file, message))
        if problems:
            raise InputError(problems)
        return {
            service.name: replace(
                _image(registry, image_of.data_name, self.versions[image_of.name]),
                schema=self.schemas.get(service.name),
            )
            if image_of.name in self.versions
            else _stand_in(service)
            for service in catalog.services.values()
            for image_of in [catalog.services[service.run.image_of or service.name]]
        }


def _jobs_by_tag(catalog: Catalog) -> Iterator[Problem]:
    for service in catalog.services.values():
        jobs: dict[str, Job | None] = {"migrate": service.migration}
        jobs |= {f"tasks.{name}": task for name, task in service.tasks.items()}
        for at, job in jobs.items():
            if job is not None and job.image is not None and not _is_digest(job.image):
                yield Problem(
                    service.file,
                    f"service '{service.name}', field '{at}.image': '{job.image}' has no "
                    "digest, which this environment needs; write '…@sha256:…'.",
                )


def read_release(project: Path, file: str, catalog: Catalog) -> Release:
    """The release file `file` of the project in folder `project`.

    Raises:
        InputError: what is wrong with the file; services that do not exist.
    """
    return release_of(read_document(project / file, file), catalog)


def release_of(document: Document, catalog: Catalog) -> Release:
    """The release file that has been read as `document`.

    Raises:
        InputError: what is wrong with the file; services that do not exist.
    """
    content = validated(document, ReleaseFile)
    problems = [
        document.at("services", name).problem(
            f"there is no such service; {catalog.service_hint(name) or 'remove it.'}"
        )
        for name in content.services
        if name not in catalog.services
    ]
    problems += [
        document.at("services", name).problem(
            f"it runs the image of '{image_of}', in its version; remove it here, or 'run.image' in "
            f"{catalog.services[name].file}."
        )
        for name in content.services
        if name in catalog.services
        and (image_of := catalog.services[name].run.image_of) is not None
    ]
    problems += _unfit_versions(document, catalog, content.services)
    problems += unfit_schemas(document, catalog, content.schemas)
    if problems:
        raise InputError(problems)
    return Release(file=document.name, versions=content.services, schemas=content.schemas)


def _unfit_versions(
    document: Document, catalog: Catalog, versions: Mapping[str, str]
) -> Iterator[Problem]:
    """Versions with which those who call the service cannot work, as the catalog says."""
    for edge in catalog.edges:
        if edge.versions is None:
            continue
        name = catalog.services[edge.target].run.image_of or edge.target
        if name not in versions:
            continue  # A stand-in, or one that is missing anyway.
        version, at = version_of(versions[name]), document.at("services", name)
        wants = f"'{edge.source}' can work with '{edge.versions}' ({edge.file}:{edge.line})"
        if version is None:
            tag = tag_of(versions[name])
            why = (
                f"'{shortened(versions[name])}' tells no version"
                if tag is None
                else f"its tag '{shortened(tag)}' is no version as Python's packages have it"
            )
            yield at.problem(
                f"{why}, and {wants}; write a tag such as '2.3.1' or '2.3.1-rc.1', or with the "
                "digest, '2.3.1@sha256:…'."
            )
        elif not is_in(version, edge.versions):
            yield at.problem(
                f"{wants}, which {version} is not; release another one, or change "
                f"'{edge.field}.versions' of '{edge.source}'."
            )


def works_with(catalog: Catalog, service: str) -> Mapping[str, str]:
    """What the workload of a service says of the versions that it can work with, if anything."""
    bounds = {edge.target: edge.versions for edge in catalog.needs(service) if edge.versions}
    return {WORKS_WITH: json.dumps(bounds, sort_keys=True)} if bounds else {}


def check_schemas(release: Release) -> Release:
    """The release with the schemas that there will be, once each is found to fit what runs now.

    Must run inside a Pulumi program: the state says what that is.

    Raises:
        InputError: one problem per version.
    """
    deployed = deployed_schemas(release.schemas)
    problems = [*conflicts(release.file, release.schemas, deployed)]
    if problems:
        raise InputError(problems)
    return replace(release, schemas=remembered(release.schemas, deployed))


def _image(registry: str | None, repository: str, version: str) -> Image:
    if "/" in version:
        return Image(reference=version)
    separator = "@" if version.startswith("sha256:") else ":"
    return Image(reference=f"{registry}/{repository}{separator}{version}")


def _is_digest(version: str) -> bool:
    return version.rpartition("@")[2].startswith("sha256:")


def _stand_in(service: Service) -> Image:
    if service.run.kind is Kind.SCHEDULED:
        says = f"print('{service.name} (stand-in)')"
        return Image(reference=PYTHON_IMAGE, command=("python3", "-I", "-c", says), stand_in=True)
    # What nobody calls has probes, which ask at the usual port.
    port = next(iter((*service.run.ports, *Run().ports)))
    return Image(
        reference=STAND_IN_IMAGE,
        arguments=(f"-listen=:{port.number}", f"-text={service.name} (stand-in)"),
        stand_in=True,
    )
