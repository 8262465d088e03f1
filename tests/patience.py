"""How long a test waits for an end that should come: long, for the machine may be busy."""

from __future__ import annotations

PATIENCE_SECONDS = 600
"""Until an end that does not come is a failure. Nothing is ever asserted to be faster."""
