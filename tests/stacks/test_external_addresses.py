"""What the settings say of an external API's address is what the network lets through."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from catalog import InputError
from nexus.plan.plan import make_plan
from nexus.policy.reachability import Endpoint, world_of
from tests.projects import set_config, small_project
from tests.reachable import matrix

PUBLIC = Endpoint(name="public", addresses=("8.8.8.8", "2606:4700::1111"))
HOSTS = (
    PUBLIC,
    Endpoint(name="other public", addresses=("203.0.113.9",)),
    Endpoint(name="intranet", addresses=("10.20.0.15",)),
    Endpoint(name="neighbour", addresses=("10.20.0.16",)),
    Endpoint(name="intranet 6", addresses=("fd00::15",)),
    Endpoint(name="metadata", addresses=("169.254.169.254",)),
)
INTERNET = {"public", "other public"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose service `cart` calls payments, and no other service calls out."""
    return small_project(tmp_path / "project")


@pytest.mark.parametrize(
    ("api", "port", "reached"),
    [
        (None, 443, INTERNET),
        ({"url": "https://api.acme.example/v1"}, 443, INTERNET),
        ({"url": "https://api.acme.example:8443/v1"}, 8443, INTERNET),
        ({"url": "https://API.Acme.example:443"}, 443, INTERNET),
        ({"url": "https://münzen.example:8443"}, 8443, INTERNET),
        ({"url": "https://203.0.113.9/v1"}, 443, {"other public"}),
        ({"url": "https://10.20.0.15/v1"}, 443, {"intranet"}),
        ({"url": "https://10.20.0.15:9443/v1"}, 9443, {"intranet"}),
        ({"url": "https://[fd00::15]:8443/"}, 8443, {"intranet 6"}),
        (
            {"url": "https://pay.acme.internal", "addresses": ["10.20.0.0/16"]},
            443,
            {"intranet", "neighbour"},
        ),
        (
            {"url": "https://pay.acme.example:8443", "addresses": ["10.20.0.15/32", "fd00::/64"]},
            8443,
            {"intranet", "intranet 6"},
        ),
    ],
    ids=lambda value: f"{value['url']}" if isinstance(value, dict) else None,
)
def test_a_service_reaches_the_address_that_was_given_and_no_other(
    project: Path, api: dict[str, Any] | None, port: int, reached: set[str]
) -> None:
    """An API on port 8443, or in a company's own network, was cut off by our own policy."""
    if api is not None:
        set_config(project, "dev", externals={"payments": {"provider": "Stripe", **api}})
    world, pods = world_of(make_plan(project, "dev").named())
    found = matrix(world, pods, HOSTS)
    assert found == {("Deployment/cart", name): (("TCP", port, port),) for name in reached}


INSIDE = (
    "is inside of the cluster or of the pod itself; write the API's own address, or make it a "
    "service of the catalog."
)


@pytest.mark.parametrize(
    ("api", "sentence"),
    [
        *(
            ({"url": url}, f".url': '{url}' {INSIDE}")
            for url in (
                "https://localhost/v1",
                "https://api.localhost:8443",
                "https://127.0.0.1/v1",
                "https://127.1/v1",
                "https://[::1]/",
                "https://0.0.0.0/",
                "https://169.254.169.254/latest",
                "https://[fe80::1]/",
                "https://224.0.0.1/",
                "https://payments.shop.svc/v1",
                "https://payments.shop.svc.cluster.local:8443/v1",
            )
        ),
        *(
            ({"url": url}, f".url': '{url}' is no https address; write 'https://…'")
            for url in (
                "http://api.acme.example",
                "https:api.acme.example",
                "https://",
                "https://api.acme.example:0",
                "https://api.acme.example:65536",
                "https://api acme.example",
                "https://-api.acme.example",
                "https://api_acme.example",
                "https://300.1.1.1/",
            )
        ),
        (
            {"url": "https://nexus:hush@api.acme.example/"},
            "'https://…@api.acme.example/' holds a login; take it out, and write it as the API's "
            "'credential'.",
        ),
        *(
            ({"url": f"https://{host}/v1"}, f"payments': '{host}' has no address in the internet")
            for host in ("pay.acme.internal", "pay.local", "intranet", "pay.home.arpa")
        ),
        (
            {"url": "https://10.20.0.15/", "addresses": ["10.20.0.0/16"]},
            "payments' has addresses, but its url says the only one; remove 'addresses'.",
        ),
        (
            {"url": "https://pay.acme.internal/", "addresses": ["10.20.0.15/16"]},
            "payments.addresses.0': '10.20.0.15/16' is no address block",
        ),
        (
            {"url": "https://pay.acme.internal/", "addresses": ["0.0.0.0/0"]},
            "payments.addresses.0': '0.0.0.0/0' is everybody; list the networks that are meant.",
        ),
    ],
    ids=lambda value: f"{value['url']}" if isinstance(value, dict) else "",
)
def test_an_address_that_nothing_can_reach_is_refused(
    project: Path, api: dict[str, Any], sentence: str
) -> None:
    """Found in the log of a service, the mistake has already failed its first customer."""
    set_config(project, "dev", externals={"payments": {"provider": "Stripe", **api}})
    with pytest.raises(InputError) as caught:
        make_plan(project, "dev")
    message = str(caught.value)
    assert sentence in message
    assert "hush" not in message
    assert message.count("Pulumi.dev.yaml: ") == 1, "one mistake is one problem"


@pytest.mark.parametrize("setting", ["dnsResolvers", "edgeAddresses"])
@pytest.mark.parametrize("block", ["0.0.0.0/0", "::/0", "10.0.0.1/8", "10.0.0.0/33", "nodes"])
def test_other_blocks_of_addresses(project: Path, setting: str, block: str) -> None:
    """A block that holds everybody opens what the policies were made to close."""
    set_config(project, "dev", **{setting: [block]})
    with pytest.raises(InputError) as caught:
        make_plan(project, "dev")
    wrong = "is everybody" if block.endswith("/0") else "is no address block"
    assert f"setting 'nexus-cos:{setting}.0': '{block}' {wrong}" in str(caught.value)
