"""The Kubernetes API's schemas, as kubernetes-validate brings them, read once per kind.

`kubernetes_validate.validate` reads 2 MB of definitions for every object; a plan has hundreds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from kubernetes_validate import utils
from referencing import Registry, Resource

KUBERNETES_VERSION = "1.36"


def validate(manifest: Mapping[str, Any]) -> None:
    """Hold a manifest against the schema of its kind; unknown fields are refused too.

    Raises:
        jsonschema.ValidationError: it does not fit.
        FileNotFoundError: the API has no such kind.
    """
    _validator(manifest["apiVersion"], manifest["kind"]).validate(dict(manifest))


@cache
def _validator(api_version: str, kind: str) -> Draft202012Validator:
    # As the package names its files: rbac.authorization.k8s.io/v1 is rbac-v1.
    name = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api_version)
    schema = _contents(f"{kind.lower()}-{name}.json")
    definitions = _contents("_definitions.json")
    registry: Registry[Any] = Resource.from_contents(schema) @ Registry()
    return Draft202012Validator(schema, registry=Resource.from_contents(definitions) @ registry)


@cache
def _contents(file: str) -> Any:
    version = [each for each in utils.all_versions() if each.startswith(KUBERNETES_VERSION)][-1]
    return utils.schema_contents(
        f"kubernetes-json-schema/v{version}-local-strict/{file}", KUBERNETES_VERSION
    )
