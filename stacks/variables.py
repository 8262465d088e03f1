"""Environment variables of services: names from the catalog, values from the stack's settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from catalog import Catalog, InputError, Problem
from catalog.errors import did_you_mean
from stacks.configuration import PLAIN, SECRET
from stacks.settings import PROJECT, Settings


def check_variables(settings: Settings, file: str, catalog: Catalog) -> None:
    """Refuses a variable without a value, and a value that no service asks for.

    Raises:
        InputError: one problem per variable, with the YAML to write.
    """
    problems = [Problem(file, message) for message in _problems(settings, catalog)]
    if problems:
        raise InputError(problems)


def _problems(settings: Settings, catalog: Catalog) -> Iterator[str]:
    for key, values in ((PLAIN, settings.variables), (SECRET, settings.secret_variables)):
        for name in sorted(values):
            yield from _unasked(f"setting '{PROJECT}:{key}.{name}", name, values[name], catalog)
    for service in catalog.services.values():
        plain = settings.variables.get(service.name, {})
        secret = settings.secret_variables.get(service.name, {})
        for variable in service.environment:
            place = f"{service.name}.{variable}"
            if plain.get(variable) and secret.get(variable):
                yield (
                    f"setting '{PROJECT}:{PLAIN}.{place}' has a value in '{PROJECT}:{SECRET}' too; "
                    "remove one of them."
                )
            elif secret.get(variable) and f"{variable}_FILE" in (
                *service.environment,
                *service.run.environment,
            ):
                yield (
                    f"setting '{PROJECT}:{SECRET}.{place}': '{variable}_FILE' then tells the "
                    f"service where its value is, but {service.file} lists that as a variable of "
                    "its own; remove it there."
                )
            elif not plain.get(variable) and not secret.get(variable):
                yield (
                    f"setting '{PROJECT}:{PLAIN}.{place}' is missing; write:\n"
                    f"config:\n  {PROJECT}:{PLAIN}:\n    {service.name}:\n      {variable}: …\n"
                    "or, if it is secret, run: pulumi config set --secret --path "
                    f"'{PROJECT}:{SECRET}.{place}'"
                )


def _unasked(
    place: str, name: str, values: Mapping[str, object], catalog: Catalog
) -> Iterator[str]:
    """What no service asks for. `place` is how a message calls the service's values so far."""
    if name not in catalog.services:
        near = catalog.service_hint(name) or "remove it."
        yield f"{place}': there is no such service; {near}"
        return
    listed = catalog.services[name].environment
    for variable in sorted(set(values) - set(listed)):
        near = did_you_mean(variable, listed) or (
            f"add it to the service's 'environment' in {catalog.services[name].file}, or remove it."
        )
        yield f"{place}.{variable}': the service does not list it; {near}"
