"""A cluster with a policy of its own, which refuses what everybody else has agreed to."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager

from .api import Api, Object, RefusedError

GROUP = "/apis/admissionregistration.k8s.io/v1"
POLICIES, BINDINGS = (
    f"{GROUP}/validatingadmissionpolicies",
    f"{GROUP}/validatingadmissionpolicybindings",
)
NAME = "frozen"


@contextmanager
def refusing(api: Api, service: str) -> Generator[None]:
    """While the block runs, nobody may change the Deployment of a service."""
    for path, content in ((POLICIES, _policy(service)), (BINDINGS, _binding())):
        api.post(path, content)
    try:
        # A policy is in force when the server has heard of it from itself.
        while not _refuses(api, service):
            time.sleep(0.2)
        yield
    finally:
        for path in (BINDINGS, POLICIES):
            api.delete(f"{path}/{NAME}")
        while _refuses(api, service):
            time.sleep(0.2)


def _policy(service: str) -> Object:
    rule = {
        "apiGroups": ["apps"],
        "apiVersions": ["v1"],
        "operations": ["UPDATE"],
        "resources": ["deployments"],
        "resourceNames": [service],
    }
    refusal = {"expression": "false", "message": f"{service} is not to be changed"}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": NAME},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [rule]},
            "validations": [refusal],
        },
    }


def _binding() -> Object:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": NAME},
        "spec": {"policyName": NAME, "validationActions": ["Deny"]},
    }


def _refuses(api: Api, service: str) -> bool:
    [found] = [
        each
        for each in api.items("/apis/apps/v1/deployments")
        if each["metadata"]["name"] == service
    ]
    path = f"/apis/apps/v1/namespaces/{found['metadata']['namespace']}/deployments/{service}"
    patch: Object = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"annotations": {"tests": "here"}},
    }
    try:
        api.apply(path, patch, dry_run=True)
    except RefusedError:
        return True
    return False
