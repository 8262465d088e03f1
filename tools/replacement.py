"""Writes nexus/pulumi/replacement.json: which property's change makes a new resource in the clouds.

    .venv/bin/python tools/replacement.py AWS.json CLOUDFLARE.json

The two files hold what the running Terraform providers say of themselves, which Pulumi's are built
from: `{"provider", "version", "made", "replace": {type: [path]}}`, in Terraform's names, whole
paths with dots. Here they get Pulumi's names, as its SDKs have them, for the types that are
simulated; what no type of the SDK has as a property (an id) is left out, what only stands below
another path of the list too.
"""

from __future__ import annotations

import argparse
import importlib
import json
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, get_args, get_origin

# Only these know a property's name in Pulumi, and its type.
from pulumi._types import is_output_type, output_type_types, resource_types

from nexus.plan.terraform import BLOCKS, snake, type_name
from nexus.pulumi.clouds import CLOUDS

OUTPUT = Path(__file__).parents[1] / "nexus" / "pulumi" / "replacement.json"

_NO_INPUTS = frozenset({"id"})
"""Properties that replace in the provider's schema, and are outputs."""


def properties(token: str) -> Mapping[str, Any]:
    """Pulumi's names of a type's properties, each with its Python type.

    Args:
        token: such as `aws:rds/cluster:Cluster`.
    """
    provider, place, name = token.split(":")
    module = place.partition("/")[0]
    home = f"pulumi_{provider}" if module == "index" else f"pulumi_{provider}.{module}"
    return resource_types(getattr(importlib.import_module(home), name))


def item(kind: Any) -> tuple[Mapping[str, Any], bool]:
    """The properties of what is in a property of the type `kind`, and whether that is a list."""
    is_list = get_origin(kind) is Sequence
    inner = get_args(kind)[0] if is_list else kind
    return output_type_types(inner) if is_output_type(inner) else {}, is_list


def pulumi_path(known: Mapping[str, Any], path: str) -> str | None:
    """`path` in Pulumi's names, `[]` after each list; None for what is no input.

    Raises:
        SystemExit: a step is not found.
    """
    steps: list[str] = []
    names = path.split(".")
    for number, name in enumerate(names):
        if name in _NO_INPUTS and len(names) == 1:
            return None
        found = next((each for each in known if _is_called(each, name)), None)
        if found is None:
            raise SystemExit(f"The SDK has no property for '{name}' of '{path}'.")
        if number == len(names) - 1:
            steps.append(found)
        else:
            known, is_list = item(known[found])
            steps.append(f"{found}[]" if is_list else found)
    return ".".join(steps)


def _is_called(pulumi: str, terraform: str) -> bool:
    """Pulumi has lists in the plural and blocks of which there is one in the singular."""
    name = BLOCKS.get(pulumi) or snake(pulumi)
    return terraform in (name, f"{name}s", name.removesuffix("s"), f"{name.removesuffix('ies')}y")


def table(source: Mapping[str, Any], provider: str) -> Mapping[str, Any]:
    """The part of one provider: where it is from, and the paths by Pulumi's type."""
    types: dict[str, list[str]] = {}
    for token in sorted(CLOUDS[provider]):
        paths = source["replace"][type_name(token)]
        found = (pulumi_path(properties(token), path) for path in _outermost(paths))
        types[token] = sorted(path for path in found if path is not None)
    return {
        "origin": f"{source['provider']} {source['version']}: {source['made']}",
        "sdk": f"pulumi_{provider} {metadata.version(f'pulumi_{provider}')}",
        "types": types,
    }


def _outermost(paths: list[str]) -> Iterator[str]:
    for path in paths:
        if not any(path.startswith(f"{other}.") for other in paths):
            yield path


def main() -> None:
    """Read the two files, write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("aws", type=Path)
    parser.add_argument("cloudflare", type=Path)
    given = parser.parse_args()
    document = {
        provider: table(json.loads(getattr(given, provider).read_text("utf-8")), provider)
        for provider in ("aws", "cloudflare")
    }
    OUTPUT.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
