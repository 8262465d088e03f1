"""Rules of catalog/platform.yaml: critical flows and buckets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog import Bucket, Catalog, Flow, Problem
from catalog.hints import service_hint
from graph.rules.edges import problem_at


def flows_hold(catalog: Catalog) -> Iterator[Problem]:
    """Every step of a flow exists, and each after the first is needed by one before it."""
    for flow in catalog.flows:
        if not flow.steps:
            message = f"flow '{flow.name}' has no steps; list them or remove it."
            yield Problem(catalog.platform_file, message)
        for position in range(len(flow.steps)):
            message = _unfit_step(catalog, flow, position)
            if message:
                yield Problem(catalog.platform_file, f"flow '{flow.name}': {message}")


def _unfit_step(catalog: Catalog, flow: Flow, position: int) -> str | None:
    step, before = flow.steps[position], flow.steps[:position]
    if catalog.kind(step) is None:
        others = (*catalog.resources, *catalog.external)
        hint = service_hint(step, catalog, others) or "remove it, or declare it as a service."
        return f"unknown step '{step}'; {hint}"
    needed = any(edge.target == step for earlier in before for edge in catalog.needs(earlier))
    if before and not needed:
        return (
            f"step '{step}' is needed by none of {', '.join(before)}; add it to the needs of "
            "one of them, or correct the steps."
        )
    return None


RESERVED_BUCKETS = frozenset({"logs", "models"})
"""Buckets that the platform makes in AWS for itself: access logs, and the files of `ml-models`."""

_NO_BUCKET = re.compile(r".{1,2}|xn--.*|.*-s3alias|.*--ol-s3")
"""DNS labels that S3, and whatever speaks its language, refuses as a bucket. Source:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""


def cdn_serves_one_bucket(catalog: Catalog) -> Iterator[Problem]:
    """The CDN serves one bucket, if anybody needs it and there are buckets."""
    served = [bucket.name for bucket in catalog.buckets.values() if bucket.served]
    for name in served[1:]:
        yield Problem(
            catalog.platform_file,
            f"bucket '{name}': it is served by the CDN, but so is '{served[0]}'; take "
            "'served: true' off one of them.",
        )
    users = [edge.source for edge in catalog.edges if edge.target == "cdn"]
    if users and catalog.buckets and not served:
        yield Problem(
            catalog.platform_file,
            f"'{users[0]}' needs 'cdn', but no bucket is served by it; write 'served: true' on "
            "the bucket that visitors' media are in.",
        )


def load_balancer_routes_to_one_service(catalog: Catalog) -> Iterator[Problem]:
    """One service is the way in: every other one behind the balancer would get no request."""
    behind = [edge for edge in catalog.edges if edge.target == "load-balancer"]
    for edge in behind[1:]:
        yield problem_at(
            edge,
            f"the load balancer routes to one service alone, and '{behind[0].source}' needs it "
            "too; take 'load-balancer' off the needs of one of them, and let the other one call it "
            "('above_tier' stands for a call to every service above).",
        )


def bucket_names_are_free(catalog: Catalog) -> Iterator[Problem]:
    """No bucket has the name of one that the platform makes for itself, or one that S3 refuses."""
    for name in sorted(RESERVED_BUCKETS & set(catalog.buckets)):
        yield Problem(
            catalog.platform_file,
            f"bucket '{name}': the platform has a bucket of that name itself; choose another.",
        )
    for name in filter(_NO_BUCKET.fullmatch, catalog.buckets):
        yield Problem(
            catalog.platform_file,
            f"bucket '{name}': S3 refuses that name; write at least three characters, without "
            "'xn--' in front and '-s3alias' or '--ol-s3' at the end.",
        )


def buckets_fit(catalog: Catalog) -> Iterator[Problem]:
    """Buckets belong to services that need storage, and every such service has exactly one."""
    users = {edge.source: edge for edge in catalog.edges if edge.target == "storage"}
    for bucket in catalog.buckets.values():
        for service in (bucket.owner, *bucket.granted):
            if service not in users:
                yield _not_a_user(catalog, bucket, service)
    served: dict[str, str] = {}
    for bucket in catalog.buckets.values():
        for service in sorted({bucket.owner, *bucket.granted}):
            first = served.setdefault(service, bucket.name)
            if first != bucket.name:
                yield Problem(
                    catalog.platform_file,
                    f"bucket '{bucket.name}': '{service}' is in bucket '{first}' too; a service "
                    "has one bucket, so take it off one of them.",
                )
    for service, edge in users.items():
        if service not in served:
            yield problem_at(
                edge,
                f"it needs 'storage' but has no bucket; add it to a bucket in "
                f"{catalog.platform_file}, as owner or granted.",
            )


def _not_a_user(catalog: Catalog, bucket: Bucket, service: str) -> Problem:
    if service in catalog.services:
        message = "does not need 'storage'; add that to its needs, or take it off the bucket."
    else:
        hint = service_hint(service, catalog) or "take it off the bucket."
        message = f"is no service; {hint}"
    return Problem(catalog.platform_file, f"bucket '{bucket.name}': '{service}' {message}")
