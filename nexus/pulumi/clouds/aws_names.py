"""How AWS names what it makes: ids and ARNs of the usual shapes."""

from __future__ import annotations

from collections.abc import Callable

from nexus.pulumi.clouds.answer import Made, Values

ID_DIGITS = 17


def numbered(
    prefix: str, service: str = "", kind: str = "", also: str = ""
) -> Callable[[Made], Values]:
    """Ids such as `vpc-0123456789abcdef0`, with an ARN where `service` is given.

    Args:
        prefix: start of the id.
        service: service in the ARN.
        kind: kind of resource in the ARN.
        also: another output that repeats the id.
    """

    def outputs(made: Made) -> Values:
        own = f"{prefix}-{made.hexadecimal(ID_DIGITS)}"
        values: dict[str, object] = {"id": own}
        if service:
            values["arn"] = made.arn(service, f"{kind}/{own}")
        if also:
            values[also] = own
        return values

    return outputs


def called(
    name: str, service: str = "", kind: str = "", *, everywhere: bool = False
) -> Callable[[Made], Values]:
    """Ids that are the resource's name, with an ARN where `service` is given."""

    def outputs(made: Made) -> Values:
        own = made.text(name)
        values: dict[str, object] = {"id": own}
        if service:
            values["arn"] = made.arn(service, f"{kind}{own}", everywhere=everywhere)
        return values

    return outputs


def joined(*names: str) -> Callable[[Made], Values]:
    """Ids that consist of inputs."""
    return lambda made: {"id": ":".join(made.text(name) for name in names) or made.key}
