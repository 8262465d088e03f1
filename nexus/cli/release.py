"""`nexus release`: which versions run, which come next, and the way back."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from catalog.errors import InputError, listed
from nexus.cli.output import FORMAT, say, write
from nexus.cli.session import ALL_NAMES, pulumi_of, session, stack_option

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from catalog import Catalog
    from nexus.update.history import Brought, Update
    from nexus.update.release import Running, Versions
    from stacks.release import Release

Stack = Annotated[str, stack_option("Stack; the selected one.")]


def command(
    context: typer.Context,
    action: Annotated[
        Literal["show", "diff", "set", "promote", "back"],
        typer.Argument(metavar="show|diff|set|promote|back", help="What to do."),
    ],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME=VERSION ... | FROM TO]", help="Of set and promote."),
    ] = None,
    *,
    stack: Stack = "",
    services: Annotated[
        list[str] | None,
        typer.Option("--service", metavar="NAME", help="Of promote and back: this one alone."),
    ] = None,
    to: Annotated[
        int | None, typer.Option("--to", metavar="NUMBER", help="Of back: the update to go to.")
    ] = None,
    resolve: Annotated[
        str,
        typer.Option(
            metavar="COMMAND",
            help="Of promote: prints an image's digest, as 'crane digest' does.",
        ),
    ] = "",
    format_: Annotated[Literal["text", "json"], FORMAT] = "text",
) -> None:
    """Show what runs and what was brought up, and write what comes next into the release file.

    show: what runs, beside the release file, and every update of the stack. diff: what the
    release file would change, in which order, and who is hit. set: write versions.
    promote: write what is healthy in one stack into the release file of another. back:
    write the release before, or of some services the fewest that have to go together.
    Nothing is brought up: that is for 'pulumi up' or 'nexus up'.
    """
    given = arguments or []
    if action in ("show", "diff", "back") and given:
        raise InputError(f"'nexus release {action}' takes no '{given[0]}'; name it: --stack NAME.")
    project = session(context).require_project()
    if action == "promote":
        if len(given) != 2:
            raise InputError("Say from where and to where: nexus release promote FROM TO")
        found = _Stack.of(context, project, given[0])
        _promote(found, _Stack.of(context, project, given[1]), services or (), resolve)
        return
    found = _Stack.of(context, project, stack)
    if action == "show":
        _show(found, format_)
    elif action == "diff":
        found.tell(found.versions(), found.file.versions)
    elif action == "set":
        _set(found, given)
    else:
        _back(found, services or (), to)


class _Stack:
    """A stack: its catalog, its release file, and, once asked, what runs in it."""

    def __init__(self, project: Path, name: str, catalog: Catalog) -> None:
        from stacks.release import read_release
        from stacks.settings import Settings
        from stacks.stack_file import read_stack_file

        self.project, self.name = project, name
        self.settings = read_stack_file(project, name)
        default = Settings.model_fields["release_file"].get_default()
        self.path = self.settings.setting("releaseFile") or default
        self.catalog = catalog
        self.file: Release = read_release(project, self.path, catalog)

    @classmethod
    def of(cls, context: typer.Context, project: Path, name: str) -> _Stack:
        """The stack of this name, or the selected one."""
        from nexus.pulumi.command import PulumiError

        if not name:
            try:
                name = pulumi_of(project, "").selected().stack.rpartition("/")[2]
            except PulumiError as error:
                raise InputError(f"Pulumi does not answer as it should.\n{error}") from error
        return cls(project, name, session(context).catalog())

    def running(self) -> Mapping[str, Running]:
        """What runs, by service."""
        from nexus.pulumi.command import PulumiError
        from nexus.update.release import running

        try:
            state = pulumi_of(self.project, self.name).export()
        except PulumiError as error:
            raise InputError(f"Pulumi does not answer as it should.\n{error}") from error
        return running(state, self.catalog, self.settings)

    def versions(self) -> Versions:
        """Versions that run, stand-ins left out."""
        return {name: each.version for name, each in self.running().items() if each.version}

    def updates(self) -> tuple[tuple[Update, ...], tuple[Brought, ...]]:
        """The updates, newest first, and what those brought up of which that is known."""
        from nexus.pulumi.command import PulumiError
        from nexus.update.history import releases, updates

        try:
            kept = updates(pulumi_of(self.project, self.name))
        except PulumiError as error:
            raise InputError(f"Pulumi does not answer as it should.\n{error}") from error
        return kept, releases(self.project, kept)

    def write(self, versions: Mapping[str, str | None], schemas: Mapping[str, object]) -> None:
        """Writes the release file with these in it, if that is one; None takes one out."""
        from catalog.document import parse_document, read_text
        from nexus.update.release import edited
        from stacks.release import release_of

        text = read_text(self.project / self.path, self.path)
        text = edited(text, self.path, services=versions, schemas=schemas)
        after = release_of(parse_document(text, self.path), self.catalog)
        self.tell(self.file.versions, after.versions)
        write(text, Path(os.path.relpath(self.project / self.path)))

    def tell(self, before: Versions, after: Versions) -> None:
        """Tells what differs, in which order that is brought up, and who is hit."""
        from nexus.update.report import changes_in_words

        write("\n".join(changes_in_words(self.catalog, before, after)) + "\n")


def _show(stack: _Stack, format_: str) -> None:
    from nexus.update.report import release_document, running_in_words, updates_in_words

    running = stack.running()
    kept, brought = stack.updates()
    if format_ == "json":
        write(
            json.dumps(release_document(stack.name, running, stack.file, kept, brought), indent=2)
            + "\n"
        )
        return
    said = (
        *running_in_words(stack.name, running, stack.file),
        "",
        *updates_in_words(kept, brought),
    )
    write("\n".join(said) + "\n")


def _set(stack: _Stack, given: Collection[str]) -> None:
    versions: dict[str, str | None] = {}
    for each in given:
        name, equals, version = each.partition("=")
        if not equals or not name:
            raise InputError(
                f"'{each}' is not of the form NAME=VERSION; write 'cart=1.4.2', or 'cart=' for a "
                "stand-in."
            )
        versions[name] = version or None
    if not versions:
        raise InputError("Say what to set: nexus release set NAME=VERSION --stack STACK")
    stack.write(versions, {})


def _promote(source: _Stack, target: _Stack, services: Collection[str], command: str) -> None:
    from nexus.update.release import of_images
    from stacks.environment import environment_of

    running = source.running()
    _require(services, running, source)
    chosen = {name: each for name, each in running.items() if not services or name in services}
    ill = [name for name, each in chosen.items() if not each.healthy]
    if ill:
        raise InputError(
            f"{listed([repr(name) for name in ill])} "
            f"{'is' if len(ill) == 1 else 'are'} not healthy in '{source.name}', so nothing is "
            "promoted; mend that first, or name the services to promote: --service NAME."
        )
    environment = environment_of(target.settings.setting)
    versions = {name: each.version for name, each in chosen.items() if each.version}
    if not versions:
        raise InputError(f"Only stand-ins run in '{source.name}'; there is nothing to promote.")
    if environment is not None and environment.digests:
        digest = _resolver(command, target)
        versions = {
            name: version if "sha256:" in version else digest(version, chosen[name].image)
            for name, version in versions.items()
        }
    left = sorted(target.file.versions.keys() - versions.keys())
    schemas = {
        user: each.schemas[user].model_dump() if user in each.schemas else None
        for name, each in chosen.items()
        if name in versions
        for user in of_images(target.catalog, [name])
    }
    target.write(versions, schemas)
    if left and not services:
        say(f"Left as they are, for '{source.name}' has no version of them: {', '.join(left)}.")
    say(f"Look at it and bring it up: pulumi up --stack {target.name}")


def _require(services: Iterable[str], running: Mapping[str, Running], stack: _Stack) -> None:
    for name in services:
        if name in stack.catalog.services and name not in running:
            raise InputError(f"No image of its own runs for '{name}' in '{stack.name}'.")
        if name not in running:
            hint = stack.catalog.service_hint(name) or ALL_NAMES
            raise InputError(f"There is no service '{name}'; {hint}")


def _resolver(command: str, target: _Stack) -> Callable[[str, str], str]:
    def digest(version: str, image: str) -> str:
        if not command:
            raise InputError(
                f"'{target.name}' needs digests, and {image} has none; say what prints one: "
                "--resolve 'crane digest'"
            )
        try:
            asked = subprocess.run(
                [*shlex.split(command), image], capture_output=True, text=True, check=False
            )
        except OSError as error:
            raise InputError(f"'{command}' cannot be run ({error.strerror}).") from error
        said = asked.stdout.strip()
        if asked.returncode != 0 or not re.fullmatch("sha256:[0-9a-f]{64}", said):
            raise InputError(
                f"'{command} {image}' prints no digest: {asked.stderr.strip() or said or 'nothing'}"
            )
        if "/" in version:
            return f"{version.rpartition(':')[0]}@{said}"
        return f"{version}@{said}"

    return digest


def _back(stack: _Stack, services: Collection[str], number: int | None) -> None:
    from nexus.update.release import of_images, way_back

    running = stack.running()
    _require(services, running, stack)
    target = _target(stack, number)
    before, after = target.release.versions, stack.file.versions
    names = frozenset(name for name in (*before, *after) if before.get(name) != after.get(name))
    if services:
        own = frozenset(services) - names
        if own:
            raise InputError(
                f"{listed([repr(name) for name in sorted(own)])} had the same version in update "
                f"{target.update.number}; name another one: --to NUMBER."
            )
        catalogs = (_catalog_of(stack, target), stack.catalog)
        names = way_back(services, before, after, catalogs)
        further = sorted(names - frozenset(services))
        if further:
            say(f"These have to go back with it, or versions would not meet: {', '.join(further)}.")
    users = of_images(stack.catalog, names)
    _refuse_contracted(stack, target, running, users)
    schemas = target.release.schemas
    known = (*schemas, *stack.file.schemas)
    stack.write(
        {name: before.get(name) for name in names},
        {n: schemas[n].model_dump() if n in schemas else None for n in users if n in known},
    )
    say(
        f"That is as update {target.update.number} had it. Bring it up: pulumi up --stack "
        f"{stack.name}"
    )


def _target(stack: _Stack, number: int | None) -> Brought:
    """The update to go back to: the one that is named, or the last that differs from the file."""
    from nexus.update.report import unknown

    kept, brought = stack.updates()
    for each in brought:
        if number == each.update.number:
            return each
        if number is None and each.release.versions != stack.file.versions:
            return each
    if number is None:
        raise InputError(
            f"No update of '{stack.name}' with other versions is known; 'nexus release show' says "
            "what is."
        )
    found = next((each for each in kept if each.number == number), None)
    if found is None:
        raise InputError(f"'{stack.name}' has no update {number}; run 'nexus release show'.")
    raise InputError(f"Update {number} of '{stack.name}' is no way back: {unknown(found)}.")


def _catalog_of(stack: _Stack, brought: Brought) -> Catalog:
    from catalog import load_catalog
    from nexus.diff.revisions import PlanningError, revision_tree

    try:
        with revision_tree(stack.project, brought.update.commit or "") as tree:
            return load_catalog(tree) if tree is not None else stack.catalog
    except PlanningError as error:
        raise InputError(str(error)) from error


def _refuse_contracted(
    stack: _Stack, target: Brought, running: Mapping[str, Running], names: Collection[str]
) -> None:
    """No migration is taken back: a version that cannot run on what one left is refused."""
    from stacks.schemas import conflicts

    deployed = {user: schema for each in running.values() for user, schema in each.schemas.items()}
    schemas = {name: each for name, each in target.release.schemas.items() if name in names}
    problems = [*conflicts(stack.path, schemas, deployed)]
    if problems:
        raise InputError(problems)
