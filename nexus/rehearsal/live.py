"""Progress of a rehearsal while it runs: a bar per tier, or a few lines where no terminal is."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from nexus.rehearsal.record import SUCCEEDED, Operation
from nexus.rehearsal.tiers import Tiers

_BAR_WIDTH = 24
_NAMES_SHOWN = 4


@dataclass
class _Row:
    """A tier on the board."""

    total: int
    running: dict[str, None] = field(default_factory=dict[str, None])
    ready: int = 0


class Progress:
    """Shows the operations it hears.

    On a terminal each tier has a bar with what is ready and what is starting.
    Elsewhere there is a line when a run starts and one for each tier that is
    ready, never one for each resource.
    """

    def __init__(self, tiers: Tiers, console: Console) -> None:
        self._tiers = tiers
        self._console = console
        self._lock = threading.Lock()
        self._rows: dict[str, _Row] = {}
        self._done = 0
        self._title = ""

    @contextmanager
    def phase(self, title: str) -> Generator[None]:
        """Show a run while the block runs, under one short sentence that says what happens."""
        with self._lock:
            self._title = title
            self._done = 0
            self._rows = {name: _Row(self._tiers.size(name)) for name in self._tiers.windows}
        if self._console.is_terminal:
            with Live(get_renderable=self._board, console=self._console, refresh_per_second=8):
                yield
        else:
            self._console.print(f"{title} …", highlight=False)
            yield

    def hear(self, operation: Operation) -> None:
        """Take in an operation that starts or has ended; from any thread."""
        with self._lock:
            if operation.result:
                self._done += 1
            tier = self._tiers.tier_of(operation)
            row = self._rows.get(tier) if tier is not None else None
            if tier is None or row is None:
                return
            if not operation.result:
                row.running[operation.name] = None
                return
            row.running.pop(operation.name, None)
            row.ready += operation.result == SUCCEEDED
            if row.ready == row.total and not self._console.is_terminal:
                done = "gone" if operation.op == "delete" else "ready"
                self._console.print(f"  {tier}: {row.total} {done}", highlight=False)

    def _board(self) -> RenderableType:
        with self._lock:
            board = Table.grid(padding=(0, 2))
            board.add_row(self._title)
            if not self._done and not any(row.running for row in self._rows.values()):
                return board  # nothing to do yet, or at all
            for name, row in self._rows.items():
                board.add_row(
                    name,
                    ProgressBar(total=max(row.total, 1), completed=row.ready, width=_BAR_WIDTH),
                    f"{row.ready}/{row.total}",
                    _names(list(row.running)),
                )
            board.add_row(f"{self._done} operations")
            return board


def _names(names: list[str]) -> str:
    shown = ", ".join(names[:_NAMES_SHOWN])
    more = len(names) - _NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
