"""`nexus plan`: every resource that the program would register."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nexus.cli.output import FORMAT, Output, write
from nexus.cli.session import session, stack_option

if TYPE_CHECKING:
    from catalog import Catalog
    from nexus.plan.plan import Plan
    from stacks.environment import Environment


def command(
    context: typer.Context,
    stack: Annotated[str, stack_option("Stack to plan.")],
    format_: Annotated[Literal["text", "json", "terraform"], FORMAT] = "text",
    output: Output = None,
) -> None:
    """Plan a stack, without a cluster, an account or a secret.

    Runs the real program. text counts what it registers; json has every resource
    with inputs, options and dependencies, sorted by URN: the same files give the
    same bytes, and secret values are replaced. terraform has the resources of AWS
    and Cloudflare in Terraform's language, for tools that check such files;
    nothing is deployed from it.
    """
    from nexus.plan.plan import make_plan

    found = session(context)
    project = found.require_project()
    plan = make_plan(project, stack)
    if format_ == "json":
        write(plan.to_json(), output)
    elif format_ == "terraform":
        from nexus.plan.terraform import configuration

        write(configuration(plan), output)
    else:
        from stacks.environment import environment_of
        from stacks.stack_file import read_stack_file

        text = _summary(plan)
        file = read_stack_file(project, stack)
        environment = environment_of(file.setting)
        if environment is not None:
            text += _left_out(environment, found.catalog().attaching(file.keys_of("attached")))
        write(text, output)


def _summary(plan: Plan) -> str:
    """The plan in a few lines: how many resources of each type, and what they wait for."""
    types = Counter(r.type for r in plan.resources if r.custom)
    components = sum(not r.custom for r in plan.resources)
    edges = sum(len(r.dependencies) for r in plan.resources)
    secrets = sum(len(r.secrets) for r in plan.resources)
    width = len(str(max(types.values(), default=0)))
    headline = (
        f"Stack {plan.stack}: {len(plan.resources)} resources ({components} of them components), "
        f"{edges} dependencies, {secrets} secret values."
    )
    lines = [f"  {count:>{width}}  {kind}" for kind, count in sorted(types.items())]
    return "\n".join((headline, *lines, ""))


def _left_out(environment: Environment, catalog: Catalog) -> str:
    """What the catalog names and the environment does not provide, and who goes without."""
    lacking = environment.lacks(catalog)
    if not lacking:
        return ""
    width = max(map(len, lacking))
    lines = [
        f"Left out: environment {environment.name} does not provide these, so nothing waits for "
        "them and who needs them gets no endpoint."
    ]
    for name in lacking:
        users = [edge.source for edge in catalog.edges if edge.target == name]
        lines.append(f"  {name:<{width}}  needed by {', '.join(users) or 'nobody'}")
    return "\n".join((*lines, ""))
