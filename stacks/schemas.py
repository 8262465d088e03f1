"""Schemas of databases: which one each release leaves, and which its pods can run on.

A migration goes forward, and pods of two releases run at once: the new ones on the schema that
is there, the old ones, for a while, on the one that the new release leaves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from catalog import Catalog, Problem
from catalog.document import Document
from catalog.errors import listed
from catalog.job import DATABASE
from catalog.logins import logins_of
from catalog.validation import Entry
from components.kubernetes.tier_gate import made_before
from components.kubernetes.workload import Workload

PROVIDES, NEEDS = "nexus-cos/schema", "nexus-cos/schema-needs"
"""Annotations of a Deployment: what its migration left, and what its pods can run on. It is
changed when the migration is done, so a failed one is not taken for the schema that is there."""

LARGEST = 10**9
_PART = re.compile(r"(>=|<=|>|<)?([0-9]{1,9})")
_HINT = "write bounds such as '>=12' or '>=12,<15'."


def _bounds(text: str) -> tuple[int, int]:
    """The least and the largest schema of a range.

    Raises:
        ValueError: it is no range, or nothing is in it, as the end of a sentence.
    """
    least, largest = 0, LARGEST
    for part in text.replace(" ", "").split(","):
        found = _PART.fullmatch(part)
        if found is None:
            raise ValueError(f"is no range of schemas; {_HINT}")
        sign, number = found[1], int(found[2])
        if sign in (">", ">=", None):
            least = max(least, number + (sign == ">"))
        if sign in ("<", "<=", None):
            largest = min(largest, number - (sign == "<"))
    if least > largest:
        raise ValueError(f"is a range that no schema is in; {_HINT}")
    return least, largest


def _range(text: str) -> str:
    _bounds(text)
    return text


class Schema(Entry):
    """What a version of a service has to do with the schema of its database.

    Args:
        needs: what its pods can run on, such as `>=12,<15`.
        provides: what its migration leaves, by number.
    """

    needs: Annotated[str, AfterValidator(_range)]
    provides: Annotated[int, Field(ge=0, le=LARGEST)]

    def runs_on(self, schema: int) -> bool:
        """Whether its pods can run on the schema of this number."""
        least, largest = _bounds(self.needs)
        return least <= schema <= largest

    def annotations(self) -> dict[str, str]:
        """What the Deployment remembers for the next release."""
        return {PROVIDES: str(self.provides), NEEDS: self.needs}


def unfit_schemas(
    document: Document, catalog: Catalog, schemas: Mapping[str, Schema]
) -> Iterator[Problem]:
    """What is wrong about the schemas of a release file, each by itself."""
    for name, schema in schemas.items():
        service, message = catalog.services.get(name), None
        if service is None:
            message = (
                f"there is no such service; {catalog.service_hint(name) or 'remove its schema.'}"
            )
        elif service.migration is None and (owners := _owners(catalog, name)):
            message = (
                f"its tables are those of {listed(owners)}, whose migration leaves the schema; "
                "remove it, and say there what can run on it."
            )
        elif service.migration is None:
            message = (
                f"it has no migration, so nothing leaves a schema; add 'migrate' in "
                f"{service.file}, or remove its schema."
            )
        elif not schema.runs_on(schema.provides):
            message = (
                f"its migration leaves schema {schema.provides}, but its own pods need "
                f"'{schema.needs}'; correct one of them."
            )
        if message is not None:
            at = ("schemas", name)
            yield document.problem(f"service '{name}', field 'schemas.{name}': {message}", at)


def _owners(catalog: Catalog, service: str) -> list[str]:
    """Other services whose databases `service` uses, in quotes and sorted."""
    logins = logins_of(catalog, service, DATABASE)
    return sorted({f"'{each.part.of}'" for each in logins if each.part.of is not None})


def deployed_schemas(names: Mapping[str, Schema]) -> Mapping[str, Schema]:
    """What the releases that run now say, by service, as the stack's own state has it.

    Args:
        names: the services to look for; without any the state is not read.
    """
    if not names:
        return {}
    found: dict[str, Schema] = {}
    for name, made in made_before(Workload.TOKEN):
        annotations = (made.get("metadata") or {}).get("annotations") or {}
        if name in names and PROVIDES in annotations and NEEDS in annotations:
            found[name] = Schema(needs=str(annotations[NEEDS]), provides=int(annotations[PROVIDES]))
    return found


def remembered(
    schemas: Mapping[str, Schema], deployed: Mapping[str, Schema]
) -> Mapping[str, Schema]:
    """The schemas as they will be: a version that leaves an older one than is there leaves that."""
    return {
        name: Schema(needs=new.needs, provides=max(new.provides, deployed.get(name, new).provides))
        for name, new in schemas.items()
    }


def conflicts(
    file: str, schemas: Mapping[str, Schema], deployed: Mapping[str, Schema]
) -> Iterator[Problem]:
    """Versions that cannot run on the schema that is there, or that the next release leaves.

    Args:
        file: the release file.
        schemas: of the versions in it.
        deployed: of the versions that run now.
    """
    for name, new in sorted(schemas.items()):
        old = deployed.get(name)
        if old is None:
            continue
        there = max(old.provides, new.provides)
        field = f"service '{name}', field 'schemas.{name}': "
        if not new.runs_on(there):
            yield Problem(
                file,
                f"{field}the database has schema {there}, which no migration takes back, and this "
                f"version needs '{new.needs}'; release one that can run on {there}.",
            )
        elif not old.runs_on(there):
            yield Problem(
                file,
                f"{field}its migration leaves schema {there}, but the version that runs until the "
                f"new pods are ready needs '{old.needs}'; release one between them that can run on "
                "both.",
            )
