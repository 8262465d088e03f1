"""Versions of a service's API: who calls which, when each ends, and what comes instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints

from catalog.document import At
from catalog.errors import did_you_mean, one_of
from catalog.names import API_VERSION, HTTPS, URL_PATH
from catalog.validation import Entry

NOTICE = timedelta(days=90)
"""Shortest time from the notice that a version is deprecated to its end. Source: "Deprecation
notices (90 days minimum)" in the document's contract for backward compatibility."""


def _day(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        day = date.fromisoformat(value)
    except ValueError:
        day = None
    # There are other ways to write a day, which not every reader knows.
    if day is None or str(day) != value:
        raise ValueError("is not a day; write year, month and day, such as '2026-12-01'.")
    return day


Day = Annotated[date, BeforeValidator(_day)]
"""A day of the calendar in UTC, written as text."""

ApiVersionName = Annotated[str, StringConstraints(pattern=API_VERSION, max_length=30)]


class Api(Entry, title="API version"):
    """One version of a service's API.

    A version without `deprecated` stays. One with it has a guide to what comes instead, and its
    callers have at least `NOTICE` until `sunset`.
    """

    path: Annotated[str, StringConstraints(pattern=URL_PATH, max_length=200)] | None = Field(
        default=None,
        description="Start of its paths where callers from outside use it, as /orders/v1",
    )
    deprecated: Day | None = Field(
        default=None, description="Day of the notice that it will end, in quotes"
    )
    sunset: Day | None = Field(
        default=None, description="Day on which it ends, in quotes; at least 90 days later"
    )
    guide: Annotated[str, StringConstraints(pattern=HTTPS, max_length=500)] | None = Field(
        default=None, description="Page that says how callers move to another version"
    )

    def headers(self) -> Mapping[str, str]:
        """What the answers of a deprecated version say in their headers, nothing for another.

        Sources: RFC 9745 (`Deprecation`, a structured date), RFC 8594 (`Sunset`, an HTTP date;
        link relation `sunset`), RFC 9745 section 3 (link relation `deprecation`).
        """
        if self.deprecated is None:
            return {}
        found = {"Deprecation": f"@{int(_midnight(self.deprecated).timestamp())}"}
        if self.sunset is not None:
            found["Sunset"] = format_datetime(_midnight(self.sunset), usegmt=True)
        if self.guide is not None:
            found["Link"] = f'<{self.guide}>; rel="deprecation"; type="text/html"'
        return found

    def document(self) -> dict[str, str]:
        """What is said of it, as plain data."""
        return {key: str(value) for key, value in self.model_dump(exclude_none=True).items()}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def unfit_api(api: Api, name: str, paths: dict[str, str]) -> Iterator[tuple[At, str]]:
    """What is wrong about one version, by place in its entry.

    Args:
        name: the version and whose it is, in words.
        paths: which version each path is of already; that of this one is added.
    """
    message = _unfit_end(api)
    if message is not None:
        yield (), message
    if api.path is not None:
        if api.path in paths:
            yield ("path",), f"'{api.path}' is that of {paths[api.path]} too; write another one."
        paths.setdefault(api.path, name)


def _unfit_end(api: Api) -> str | None:
    if api.deprecated is None:
        return (
            None
            if api.sunset is None
            else (
                "it ends without a notice; add 'deprecated', the day of that, or remove 'sunset'."
            )
        )
    if api.guide is None:
        return "it is deprecated without a 'guide'; add the page that says how callers move."
    if api.sunset is None:
        return (
            f"it is deprecated without an end; add 'sunset', '{api.deprecated + NOTICE}' or later."
        )
    if api.sunset - api.deprecated < NOTICE:
        return (
            f"callers have {NOTICE.days} days from the notice on; write '{api.deprecated + NOTICE}'"
            " or later as 'sunset'."
        )
    return None


def unfit_call(api: str | None, target: str, versions: Sequence[str]) -> str | None:
    """What is wrong about the version that a caller of `target` names, or does not name.

    Args:
        api: the version, None if none is named.
        versions: names of all that the target has.
    """
    if api is None:
        if len(versions) < 2:
            return None
        return (
            f"'{target}' has several API versions; write which one is called, as "
            f"'api: {versions[-1]}'."
        )
    if not versions:
        return f"'{target}' tells no API versions; remove 'api', or add 'apis' to '{target}'."
    if api in versions:
        return None
    return (
        f"'{target}' has no API version '{api}'; "
        f"{did_you_mean(api, versions) or f'write {one_of(versions)}.'}"
    )


def broken_promise(before: Api, after: Api | None, today: date) -> str | None:
    """What a change takes from the callers of a version too soon, as the end of a sentence.

    Args:
        before: the version as it was.
        after: the same version now, None if it is removed.
        today: day from which the notice counts.
    """
    if after is None:
        if before.sunset is None:
            return (
                "is removed without a notice; keep it, with 'deprecated', 'guide' and 'sunset', "
                f"until '{today + NOTICE}' or later."
            )
        return (
            f"is removed before its end on {before.sunset}; keep it until then."
            if today < before.sunset
            else None
        )
    if after.sunset is None or after.sunset >= (before.sunset or today + NOTICE):
        return None
    least = min(before.sunset or today + NOTICE, today + NOTICE)
    if after.sunset >= least:
        return None
    return (
        f"ends on {after.sunset}, but callers have {NOTICE.days} days from today on; write "
        f"'{least}' or later as 'sunset'."
    )
