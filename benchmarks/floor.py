"""Floor S: pgbench with the statements of one payment, on the very tables of the service."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

SCRIPT = Path(__file__).with_name("floor.sql")
CLIENTS = 8
RATE = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)


class FloorFailed(Exception):
    """pgbench did not do what it was asked to."""


def pgbench() -> str | None:
    """Where pgbench is; it comes with the PostgreSQL server, not always into the PATH."""
    found = shutil.which("pgbench")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))
    return found or (str(installed[-1]) if installed else None)


def transactions_per_second(program: str, address: str, bookings: range, seconds: float) -> float:
    """Transactions a second of floor.sql with eight clients on random bookings of the range."""
    whole = max(1, round(seconds))  # all that pgbench's -T takes
    command = [
        program, "--no-vacuum", "--protocol=prepared", f"--client={CLIENTS}", "--jobs=2",
        f"--time={whole}", f"--file={SCRIPT}", f"--define=first={bookings[0]}",
        f"--define=last={bookings[-1]}", address,
    ]  # fmt: skip
    return _rate(command)


def _rate(command: Sequence[str]) -> float:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = RATE.search(done.stdout)
    if done.returncode or found is None:
        raise FloorFailed(done.stderr or done.stdout)
    return float(found.group(1))
