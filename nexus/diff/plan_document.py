"""The resource of a plan, under the name that the modules of this package know it by."""

from __future__ import annotations

from nexus.pulumi.resource import Resource as PlannedResource

__all__ = ["PlannedResource"]
