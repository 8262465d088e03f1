"""What can go wrong while two sides are compared."""

from __future__ import annotations


class DiffError(Exception):
    """A full sentence for the user: what is wrong, where, what to do."""


class UnreadableError(DiffError):
    """A document does not have the documented shape. Its own words are never repeated."""


class PlanningError(DiffError):
    """A revision could not be planned, or git did not do what it was asked."""
