"""A certificate that AWS signs and renews."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import pulumi
from pulumi_aws import acm

from components.aws.aws_context import AwsContext
from components.component import Component

Cname: TypeAlias = Callable[
    [str, pulumi.Input[str], pulumi.Input[str], pulumi.ResourceOptions], pulumi.Output[str]
]
"""Makes a CNAME record in some zone, and returns its name, known when it is there. It is given the
logical name, the full name of the record, the name it points to, and options."""


@dataclass(frozen=True, kw_only=True)
class CertificateArgs:
    """What a certificate is made from.

    Args:
        names: names it is for, each with what makes records in its zone.
        regions: regions that need it; CloudFront takes it from us-east-1 alone.
    """

    aws: AwsContext
    names: tuple[tuple[str, Cname], ...]
    regions: tuple[str, ...]


class Certificate(Component[CertificateArgs]):
    """An ACM certificate in each region, proven through DNS records that stay for renewals.

    Makes:
        `{name}-{region}`: certificate.
        `{name}-{domain}-proof`: record in the zone of each name. One serves all regions,
            since ACM asks an account for the same record everywhere.
        `{name}-{region}-valid`: waits until the certificate is signed.
    """

    TOKEN = "nexus:edge:Certificate"

    arns: Mapping[str, pulumi.Output[str]]

    def _make(self, name: str, args: CertificateArgs) -> None:
        domains = [domain for domain, _ in args.names]
        made = {
            region: acm.Certificate(
                f"{name}-{region}",
                domain_name=domains[0],
                subject_alternative_names=domains[1:],
                validation_method="DNS",
                region=region,
                tags=args.aws.tags(f"{name}-{region}", "edge"),
                opts=self.child,
            )
            for region in args.regions
        }
        first = made[args.regions[0]]
        proofs = [
            cname(
                f"{name}-{domain}-proof",
                _proof(first, domain, "resource_record_name"),
                _proof(first, domain, "resource_record_value"),
                self.child,
            )
            for domain, cname in args.names
        ]
        self.arns = {
            region: acm.CertificateValidation(
                f"{name}-{region}-valid",
                certificate_arn=certificate.arn,
                # ACM's own names, since a zone may write its own without the last dot.
                validation_record_fqdns=[
                    pulumi.Output.all(proof, _proof(first, domain, "resource_record_name")).apply(
                        lambda pair: pair[1]
                    )
                    for domain, proof in zip(domains, proofs, strict=True)
                ],
                region=region,
                opts=self.child,
            ).certificate_arn
            for region, certificate in made.items()
        }


def _proof(certificate: acm.Certificate, domain: str, part: str) -> pulumi.Output[str]:
    """One part of the record that proves `domain`, without the dot at its end."""
    return certificate.domain_validation_options.apply(
        lambda options: str(
            next(getattr(option, part) for option in options if option.domain_name == domain)
        ).removesuffix(".")
    )
