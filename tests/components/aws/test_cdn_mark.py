"""The mark of what a CDN passed on, made alone."""

from __future__ import annotations

from components.aws.web_acl import HEADER, CdnMark, CdnMarkArgs
from tests.components.recording import Recording, assert_makes_what_it_says, record


def made(rotation: int = 0) -> Recording:
    return record(lambda: CdnMark("mark", CdnMarkArgs(rotation=rotation)))


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(CdnMark, made())


def test_value_is_secret_and_cannot_be_guessed() -> None:
    """Who can guess it is counted nowhere."""
    mark = made()
    assert mark.hidden == {"value"}
    assert mark.one("RandomPassword").inputs["length"] >= 32
    assert made(rotation=1).one("RandomPassword").inputs != mark.one("RandomPassword").inputs


def test_header_is_one_that_cdns_may_set() -> None:
    """CloudFront and Cloudflare refuse names of their own, and firewalls write them small."""
    assert not HEADER.startswith(("x-amz-", "x-edge-", "cf-", "x-cf-"))
    assert HEADER.lower() == HEADER
