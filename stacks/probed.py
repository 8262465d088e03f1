"""Where a stack can be probed, as far as its settings say so before it is made."""

from __future__ import annotations

import re
from collections.abc import Callable

from catalog import Catalog
from catalog.names import ResourceName
from components.context import DATA
from monitoring.probing import Places
from stacks.environment import ENVIRONMENTS, InCluster
from stacks.setting_types import media_host
from stacks.settings import Settings

PORTS: dict[ResourceName, int] = {"postgres": 5432, "redis": 6379, "queue": 5672, "storage": 8333}
"""TCP ports of the servers in the cluster. The components know them too, and cost a second to load:
too long for a command that only writes text."""


Setting = Callable[[str], str | None]
"""The text of a setting by its key; None where the stack says nothing."""


def places(catalog: Catalog, setting: Setting, prefix: str) -> Places:
    """Where visitors come in, and the servers whose addresses are known.

    That of a managed server is known only when AWS has made it, and what others make is theirs to
    watch.

    Args:
        catalog: with what the stack attaches.
        setting: the stack's settings.
        prefix: start of its namespaces.
    """
    environment = next(
        (each for name, each in ENVIRONMENTS.items() if name == setting("environment")), None
    )
    in_cluster = environment is not None and isinstance(environment.platform, InCluster)
    servers = {
        name: f"{name}.{prefix}-{DATA}.svc:{port}"
        for resource, port in PORTS.items()
        for name in (catalog.servers(resource) if in_cluster else ())
    }
    domain = setting("domain")
    if catalog.served is not None and domain is not None and not in_cluster:
        servers["cdn"] = f"{media_host(domain)}:443"
    return Places(
        prefix=prefix, entrance=_entrance(setting, in_cluster=in_cluster), servers=servers
    )


def _entrance(setting: Setting, *, in_cluster: bool) -> str | None:
    if not in_cluster:
        domain = setting("domain")
        return None if domain is None else f"https://{domain}"
    host = setting("host") or str(Settings.model_fields["host"].default)
    if re.fullmatch(r"(.+\.)?localhost", host):
        # That is the prober itself, wherever it runs.
        return None
    signed = setting("certificates") == "letsEncrypt"
    return f"{'https' if signed else 'http'}://{host}"
