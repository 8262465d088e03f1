"""`nexus task`: the tasks of the services, and those that are run by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from catalog.errors import InputError, did_you_mean
from nexus.cli.output import say, write
from nexus.cli.session import session, stack_option

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from catalog import Catalog, Service
    from catalog.job import Task
    from nexus.task.kubectl import Kubectl

FAILED = 1
"""Exit code when the task failed."""

INTERRUPTED = 130

_LIST = "run 'nexus task list' to see all tasks."


def command(
    context: typer.Context,
    action: Annotated[
        Literal["list", "run", "follow"],
        typer.Argument(metavar="list|run|follow", help="What to do."),
    ],
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="The task, as listed.")] = "",
    *,
    stack: Annotated[str, stack_option("Stack whose task it is.")] = "",
) -> None:
    """List the tasks of the services, run one that is run by hand, or follow its run.

    run makes a Job of what the stack has made for the task, waits for its end and says
    how it ended, with the last line of its log; follow waits for one that runs already.
    Needs kubectl and its access to the cluster. Exit code 1 when the task failed.
    """
    found = session(context)
    catalog = found.catalog()
    tasks = tasks_of(catalog)
    if action == "list":
        write(listed(tasks))
        return
    _require_by_hand(action, name, tasks)
    if not stack:
        raise InputError(f"Say in which stack: nexus task {action} {name} --stack NAME")
    service, _ = tasks[name]
    if not _ran(_kubectl(found.require_project(), stack, service), action, name, stack):
        raise typer.Exit(FAILED)


def tasks_of(catalog: Catalog) -> Mapping[str, tuple[Service, Task]]:
    """Every task with its service, by what plans call it; sorted by service."""
    from catalog.job import task_name

    return {
        task_name(service.name, name): (service, task)
        for service in catalog.services.values()
        for name, task in service.tasks.items()
    }


def listed(tasks: Mapping[str, tuple[Service, Task]]) -> str:
    """The tasks as lines for a terminal."""
    if not tasks:
        return "No service has a task; docs/catalog.md says how to write one.\n"
    width = max(map(len, tasks))
    lines = [
        f"{name:<{width}}  {'each release' if task.each_release else 'by hand':<12}  {task.runs}"
        for name, (_, task) in tasks.items()
    ]
    return "\n".join((*lines, ""))


def _require_by_hand(action: str, name: str, tasks: Mapping[str, tuple[Service, Task]]) -> None:
    if not name:
        raise InputError(f"Say which task: nexus task {action} NAME --stack NAME; {_LIST}")
    if name not in tasks:
        raise InputError(f"There is no task '{name}'; {did_you_mean(name, tasks) or _LIST}")
    service, task = tasks[name]
    if task.each_release:
        raise InputError(
            f"'{name}' runs once for each release, by 'pulumi up'; one that is run by hand has no "
            f"'each_release' in {service.file}."
        )


def _kubectl(project: Path, stack: str, service: Service) -> Kubectl:
    from components.context import Context
    from nexus.task.kubectl import Kubectl, found
    from stacks.settings import Settings
    from stacks.stack_file import read_stack_file

    file = read_stack_file(project, stack)
    program = found()
    if program is None:
        raise InputError(
            "There is no 'kubectl' on the PATH, which reaches the stack's cluster; install it: "
            "https://kubernetes.io/docs/tasks/tools/"
        )
    prefix = file.setting("namespacePrefix") or Settings.model_fields["namespace_prefix"].default
    context = Context(prefix=prefix, stack=stack, environment="", first_tier="")
    return Kubectl(
        program=program,
        context=file.setting("kubeContext"),
        namespace=context.namespace(service.domain),
    )


def _ran(kubectl: Kubectl, action: str, name: str, stack: str) -> bool:
    """Starts the task if that is asked, waits for its end and tells it; whether it succeeded."""
    from nexus.task.kubectl import KubectlError
    from nexus.task.run import CannotRunError, follow, run_name, start

    job = run_name(name)
    hint = (
        f"To wait for its end: nexus task follow {name} --stack {stack}\n"
        f"To read its log: {kubectl.typed('logs', '--follow', f'job/{job}')}\n"
        f"To end it: {kubectl.typed('delete', 'job', job)}"
    )
    started = action == "follow"
    try:
        if action == "run":
            start(kubectl, name, stack)
            started = True
            say(f"Started '{name}' as Job '{job}' in namespace '{kubectl.namespace}'.")
        ended = follow(kubectl, name, stack)
    except CannotRunError as error:
        raise InputError(str(error)) from error
    except KubectlError as error:
        more = f"\n{hint}" if started else ""
        raise InputError(f"The cluster does not answer as it should: {error}{more}") from error
    except KeyboardInterrupt:
        say(f"Interrupted; '{name}' runs on in the cluster.\n{hint}")
        raise typer.Exit(INTERRUPTED) from None
    last = f" Its last line: {ended.last_line}" if ended.last_line else " It wrote nothing."
    if ended.succeeded:
        write(f"'{name}' is done.{last}\n")
        return True
    write(f"'{name}' failed ({ended.reason}).{last}\n")
    say(f"To read all of it: {kubectl.typed('logs', f'job/{job}')}")
    return False
