"""The program's version."""

from __future__ import annotations

from pathlib import Path

UNKNOWN = "(version unknown)"


def version(pyproject: Path = Path(__file__).parents[2] / "pyproject.toml") -> str:
    """The version of the installed package; from a checkout, the one `pyproject` declares."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("nexus-cos")
    except PackageNotFoundError:
        import tomllib

        try:
            return str(tomllib.loads(pyproject.read_text())["project"]["version"])
        except (OSError, KeyError, ValueError):
            return UNKNOWN
