"""Environment variables of services: names from the catalog, values from the stack's settings."""

from __future__ import annotations

from collections.abc import Iterator

from catalog import Catalog, CatalogError, Problem
from catalog.hints import did_you_mean
from stacks.settings import Settings


def check_variables(settings: Settings, stack: str, catalog: Catalog) -> None:
    """Refuses a variable without a value, and a value that no service asks for.

    Raises:
        CatalogError: one problem per variable, with the YAML to write.
    """
    file = f"Pulumi.{stack}.yaml"
    problems = [Problem(file, message) for message in _problems(settings, catalog)]
    if problems:
        raise CatalogError(problems)


def _problems(settings: Settings, catalog: Catalog) -> Iterator[str]:
    for name in sorted(settings.variables):
        place = f"setting 'nexus-cos:variables.{name}"
        if name not in catalog.services:
            near = did_you_mean(name, catalog.services) or "remove it."
            yield f"{place}': there is no such service; {near}"
            continue
        listed = catalog.services[name].environment
        for variable in sorted(set(settings.variables[name]) - set(listed)):
            near = did_you_mean(variable, listed) or (
                f"add it to the service's 'environment' in {catalog.services[name].file}, or "
                "remove it."
            )
            yield f"{place}.{variable}': the service does not list it; {near}"
    for service in catalog.services.values():
        for variable in service.environment:
            if not settings.variables.get(service.name, {}).get(variable):
                yield (
                    f"setting 'nexus-cos:variables.{service.name}.{variable}' is missing; write:\n"
                    f"config:\n  nexus-cos:variables:\n    {service.name}:\n      {variable}: …"
                )
