"""python -m benchmarks: payments a second against what the machine can do. See README.md."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import psycopg
from rich.console import Console

from benchmarks import floor, ground, inside, proof, report, servers
from benchmarks.echo import create_app as create_echo
from benchmarks.ground import Ground, Plan
from benchmarks.rounds import Figures, Stage, run

# Four payments a booking pay two lines each; these many bookings last on a machine twice as fast.
BOOKINGS_A_SECOND = 400
FEWEST_BOOKINGS = 2000
INSIDE_BATCHES = 8
PROFILED = 1000

console = Console(highlight=False)


def main() -> int:
    options = _options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that all is cleaned up
    try:
        with ExitStack() as stack:
            return _profile(stack, options) if options.profile else _measure(stack, options)
    except KeyboardInterrupt:
        console.print("stopped; servers, database and files are gone")
        return 130


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5, help="of each figure in each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one round of two seconds each")
    parser.add_argument(
        "--profile",
        nargs="?",
        type=int,
        const=PROFILED,
        metavar="N",
        help="no rounds: where the time of N payments in process goes (cProfile)",
    )
    options = parser.parse_args()
    if options.quick:
        options.seconds, options.rounds = 2, 1
    return options


def _profile(stack: ExitStack, options: argparse.Namespace) -> int:
    plan = Plan.of(load=1, floor=1, inside=max(options.profile, FEWEST_BOOKINGS), hot=1)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    _, filled = _postgres(stack, plan, folder)
    console.print(inside.profile(filled, options.profile), markup=False, soft_wrap=True)
    return 0


def _measure(stack: ExitStack, options: argparse.Namespace) -> int:
    load = max(FEWEST_BOOKINGS, int(options.seconds * options.rounds * BOOKINGS_A_SECOND))
    plan = Plan.of(load=load, floor=2000, inside=1000, hot=options.rounds)
    stage = _stage(stack, plan)
    before = stage.service.worker_kib()
    figures = run(stage, options.rounds, options.seconds, console.print)
    after = stage.service.worker_kib()
    payments_us, echoes_us = inside.cpu_us(stage.postgres, create_echo(), INSIDE_BATCHES)
    taken_inside = inside.WARM + INSIDE_BATCHES * inside.BATCH
    report.show(console, figures, report.Inside(payments_us, echoes_us, before, after))
    return _prove(stage, figures, taken_inside)


def _stage(stack: ExitStack, plan: Plan) -> Stage:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    console.print(f"filling two databases with {plan.hot.stop - 1} bookings each")
    address, postgres = _postgres(stack, plan, folder)
    sqlite = ground.prepare(f"sqlite:///{folder / 'bench.sqlite'}", plan, folder)
    pgbench = floor.pgbench()
    if pgbench is None:
        console.print("pgbench is not on this machine: nothing is compared with floor S")
    _introduce(address)
    return Stage(
        postgres=postgres,
        postgres_address=address,
        sqlite=sqlite,
        service=stack.enter_context(servers.service(postgres.settings)),
        echo=stack.enter_context(servers.echo()),
        sqlite_service=stack.enter_context(servers.service(sqlite.settings)),
        pgbench=pgbench,
    )


def _postgres(stack: ExitStack, plan: Plan, folder: Path) -> tuple[str, Ground]:
    address = stack.enter_context(ground.postgres_database())
    uri = "postgresql+psycopg://" + address.partition("://")[2]
    filled = ground.prepare(uri, plan, folder)
    stack.callback(ground.hang_up, filled.app)
    return address, filled


def _introduce(address: str) -> None:
    with psycopg.connect(address) as connection:
        shown = {
            name: connection.execute(f"SHOW {name}").fetchone()
            for name in ("server_version", "fsync", "synchronous_commit")
        }
    told = ", ".join(f"{name} {row[0]}" for name, row in shown.items() if row)
    console.print(f"PostgreSQL: {told}; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    console.print("load: benchmarks/load.py, one process, one thread, bare sockets")


def _prove(stage: Stage, figures: Figures, taken_inside: int) -> int:
    """Say whether all was right; the exit code."""
    wrong = proof.problems(stage.postgres, figures.acknowledged("PH") + taken_inside)
    wrong += proof.problems(stage.sqlite, figures.acknowledged("Q"))
    if refused := figures.refused():
        wrong.append(f"answers other than 200: {refused}")
    for sentence in wrong[:20]:
        console.print(f"WRONG  {sentence}", markup=False)
    if not wrong:
        count = figures.acknowledged("PHQ") + taken_inside
        console.print(f"Books and event logs are right: {count} payments, each stored once.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
