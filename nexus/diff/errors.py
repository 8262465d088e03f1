"""What can go wrong while two sides are compared."""

from __future__ import annotations

from catalog.errors import InputError


class UnreadableError(InputError):
    """A document does not have the documented shape. Its own words are never repeated."""


class PlanningError(Exception):
    """A revision could not be planned, or git did not do what it was asked."""
