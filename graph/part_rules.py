"""The rules for services with several parts of one server: what each is called is free."""

from __future__ import annotations

from collections.abc import Iterator

from catalog import Catalog, Problem
from catalog.access import SHARED, Shared
from catalog.job import DATABASE
from catalog.logins import Login, logins_of
from catalog.names import MAX_MIGRATED_NAME, MAX_SERVICE_NAME


def part_names_are_free(catalog: Catalog) -> Iterator[Problem]:
    """No two parts of a service have one name, and no two logins of a resource either.

    A server tells databases, vhosts and users from each other by name alone, and so do their Jobs.
    """
    for resource in SHARED:
        logins = [each for name in catalog.services for each in logins_of(catalog, name, resource)]
        plain = {each.name: each.service for each in logins if each.plain}
        further: dict[str, str] = {}
        keys: set[tuple[str, str]] = set()
        for login in logins:
            message = None
            if (login.service, login.key) in keys:
                message = (
                    f"two parts would be called '{login.key}'; write another name as 'part' of the "
                    "one that is the service's own."
                )
            elif login.told_as == f"shared-{resource}" and catalog.kind(login.told_as) is not None:
                message = (
                    "beside the dedicated server the shared one would be called "
                    f"'{login.told_as}', as something else is; rename that."
                )
            else:
                own = resource == DATABASE and login.part.of is None
                migrated = own and catalog.services[login.service].migration is not None
                most = MAX_MIGRATED_NAME if migrated else MAX_SERVICE_NAME
                owner = None if login.plain else plain.get(login.name) or further.get(login.name)
                message = _unfit_name(login, owner, most)
                if not login.plain:
                    further.setdefault(login.name, login.service)
            keys.add((login.service, login.key))
            if message is not None:
                yield _problem(catalog, login, resource, message)


def _unfit_name(login: Login, owner: str | None, most: int) -> str | None:
    """What is wrong with the name of a login, which `owner` has as well, if anybody.

    Args:
        most: characters that it may have.
    """
    if login.plain:
        if len(login.name) <= most:
            return None
        return (
            f"with a migration the database '{login.name}' may have {most} characters, for the "
            "names derived from it; give the service a shorter name."
        )
    its = f"the login of the part '{login.key}' would be called '{login.name}'"
    if owner is not None:
        fix = "write another 'part'" if login.part.of is None else "rename one of the services"
        return f"{its}, as one of '{owner}' is; {fix}."
    if len(login.name) > most:
        short = "part" if login.part.name is not None else "service"
        return f"{its}, longer than {most} characters; give the {short} a shorter name."
    return None


def _problem(catalog: Catalog, login: Login, resource: Shared, message: str) -> Problem:
    edge = next(
        each
        for each in catalog.needs(login.service)
        if catalog.base(each.target) == resource and login.part in each.parts
    )
    return Problem(
        edge.file, f"service '{edge.source}', field '{edge.field}': {message}", edge.line
    )
