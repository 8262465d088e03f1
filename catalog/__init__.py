"""What the platform is: its services, what they need, and what they stand on.

The YAML files beside this module are the only source of facts about the
services; everything else in this repository is generated from them.
"""

from catalog.edge import CallPolicy, Criticality, Edge, Fallback, Order
from catalog.errors import InputError, Problem
from catalog.flow import Flow, Objective
from catalog.loader import load_catalog
from catalog.model import Bucket, Catalog, External, NodeKind, Resource, Service, Tier

__all__ = [
    "Bucket",
    "CallPolicy",
    "Catalog",
    "Criticality",
    "Edge",
    "External",
    "Fallback",
    "Flow",
    "InputError",
    "NodeKind",
    "Objective",
    "Order",
    "Problem",
    "Resource",
    "Service",
    "Tier",
    "load_catalog",
]
