"""The figures as a table: ratios first, since they hold on other machines, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.rounds import Figures


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure must reach to be done, and what it should."""

    done: float
    aim: float
    least: bool = True

    def verdict(self, value: float) -> str:
        if self.least:
            return "aim" if value >= self.aim else "done" if value >= self.done else "MISSED"
        return "aim" if value <= self.aim else "done" if value <= self.done else "MISSED"

    def __str__(self) -> str:
        sign = ">=" if self.least else "<="
        return f"{sign} {self.done:g} / {self.aim:g}"


RATIOS = {
    ("P", "S"): Target(0.40, 0.53),
    ("P", "E"): Target(0.085, 0.11),
    ("H", "S"): Target(0.22, 0.38),
    ("Q", "S"): Target(0.33, 0.38),
}
SQLITE_P99_MS = Target(60, 35, least=False)
CPU_RATIO = Target(13, 9, least=False)
WORKER_MIB = Target(150, 150, least=False)

RATES = {
    "S": "pgbench, 8 clients",
    "E": "Flask echo, 16 clients",
    "P": "many bookings, 16 clients",
    "H": "one booking, 32 clients",
    "Q": "SQLite, 16 clients",
}


@dataclass(frozen=True, slots=True)
class Inside:
    """What was measured beside the rounds."""

    payment_us: list[float]
    echo_us: list[float]
    before_kib: list[int]
    after_kib: list[int]

    @property
    def cpu_ratios(self) -> list[float]:
        pairs = zip(self.payment_us, self.echo_us, strict=True)
        return [payment / echo for payment, echo in pairs]


def spread(values: Sequence[float], digits: int = 0) -> str:
    """The median and the range: 812 [790-840]."""
    low, middle, high = (
        f"{each:.{digits}f}" for each in (min(values), median(values), max(values))
    )
    return f"{middle} [{low}-{high}]" if len(values) > 1 else middle


def show(console: Console, figures: Figures, inside: Inside) -> None:
    console.print(_rates(figures))
    console.print(_ratios(figures, inside))


def _rates(figures: Figures) -> Table:
    table = Table("", "what", "a second", "p50 ms", "p99 ms", title="Rates on this machine")
    for name, what in RATES.items():
        if not figures.rates(name):
            continue
        fired = figures.fired.get(name, [])
        marks = [
            spread([each.latencies[mark] for each in fired], 1) if fired else ""
            for mark in ("p50", "p99")
        ]
        table.add_row(name, what, spread(figures.rates(name)), *marks)
    own = [each.own_cpu_us for some in figures.fired.values() for each in some]
    table.caption = f"CPU of the load itself: {spread(own)} us a request"
    return table


def _ratios(figures: Figures, inside: Inside) -> Table:
    table = Table("figure", "median [range]", "done / aim", "", title="Ratios")

    def row(name: str, values: Sequence[float], target: Target, digits: int) -> None:
        table.add_row(name, spread(values, digits), str(target), target.verdict(median(values)))

    for (above, below), target in RATIOS.items():
        pairs = zip(figures.rates(above), figures.rates(below), strict=False)
        if values := [one / other for one, other in pairs]:
            row(f"{above}/{below}", values, target, 3)
    row("p99 of Q, ms", [each.latencies["p99"] for each in figures.fired["Q"]], SQLITE_P99_MS, 1)
    row("Python CPU, payment/echo", inside.cpu_ratios, CPU_RATIO, 1)
    for when, kib in (("before", inside.before_kib), ("after", inside.after_kib)):
        row(f"web worker {when}, MiB", [each / 1024 for each in kib], WORKER_MIB, 0)
    table.caption = (
        f"Python CPU in process: {spread(inside.payment_us)} us a payment, "
        f"{spread(inside.echo_us)} us an echo"
    )
    return table
