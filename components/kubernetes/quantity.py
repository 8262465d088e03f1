"""Kubernetes quantities, as far as sums of requests and limits need them.

Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_QUANTITY = re.compile(r"(\d+)(m|k|M|G|T|Ki|Mi|Gi|Ti)?")
_FACTORS = {
    "": 1000,
    "m": 1,
    "k": 1000**2,
    "M": 1000**3,
    "G": 1000**4,
    "T": 1000**5,
    "Ki": 1000 * 1024,
    "Mi": 1000 * 1024**2,
    "Gi": 1000 * 1024**3,
    "Ti": 1000 * 1024**4,
}


def thousandths(quantity: str) -> int:
    """A quantity in thousandths of its unit (CPUs, bytes, pieces).

    Raises:
        ValueError: if it is not a whole number with a unit such as `m` or `Mi`.
    """
    found = _QUANTITY.fullmatch(quantity)
    if found is None:
        raise ValueError(f"'{quantity}' is no quantity; write one such as '250m' or '64Mi'.")
    return int(found[1]) * _FACTORS[found[2] or ""]


def total(quantities: Iterable[str]) -> str:
    """The sum of quantities, in the largest unit that keeps it whole."""
    return shown(sum(thousandths(quantity) for quantity in quantities))


def shown(amount: int) -> str:
    """An amount in thousandths as a quantity, in the largest unit that keeps it whole."""
    for unit in ("Ti", "Gi", "Mi", "Ki", ""):
        if amount and amount % _FACTORS[unit] == 0:
            return f"{amount // _FACTORS[unit]}{unit}"
    return f"{amount}m" if amount else "0"


def largest(quantities: Iterable[str]) -> str:
    """The largest of some quantities."""
    return max(quantities, key=thousandths)
