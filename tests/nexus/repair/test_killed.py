"""A run that was killed at any moment is repaired, and the next one goes on where it ended."""

from __future__ import annotations
