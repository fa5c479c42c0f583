"""The rounds: every figure once a round, in turns, since this machine's speed drifts by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks import floor
from benchmarks.ground import AMOUNT, Ground
from benchmarks.load import Fired, Orders, fire_apart
from benchmarks.servers import Server

CLIENTS = 16
HOT_CLIENTS = 32


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that runs: two databases, three servers, and pgbench if there is one."""

    postgres: Ground
    postgres_address: str
    sqlite: Ground
    service: Server
    echo: Server
    sqlite_service: Server
    pgbench: str | None


@dataclass(slots=True)
class Figures:
    """Per round: requests a second of E, P, H and Q, transactions a second of S."""

    floor: list[float] = field(default_factory=list)
    fired: dict[str, list[Fired]] = field(default_factory=lambda: {name: [] for name in "EPHQ"})

    def rates(self, name: str) -> list[float]:
        return self.floor if name == "S" else [each.rate for each in self.fired[name]]

    def acknowledged(self, names: str) -> int:
        return sum(each.answers.get("200", 0) for name in names for each in self.fired[name])

    def refused(self) -> dict[str, int]:
        """Answers other than 200, by status; there must be none."""
        found: dict[str, int] = {}
        for each in (each for some in self.fired.values() for each in some):
            for status, count in each.answers.items():
                if status != "200":
                    found[status] = found.get(status, 0) + count
        return found


def run(stage: Stage, rounds: int, seconds: float, say: Callable[[str], None]) -> Figures:
    """S, E, P, H, Q, and again from the start."""
    figures = Figures()
    sent = dict.fromkeys("EPQ", 0)
    for number in range(rounds):
        if stage.pgbench:
            figures.floor.append(
                floor.transactions_per_second(
                    stage.pgbench, stage.postgres_address, stage.postgres.plan.floor, seconds
                )
            )
        for name, orders in _orders(stage, number, seconds, sent).items():
            fired = fire_apart(orders)
            figures.fired[name].append(fired)
            if name in sent:
                sent[name] += fired.sent
        told = " ".join(f"{name} {figures.rates(name)[-1]:.0f}" for name in _names(stage))
        say(f"round {number + 1} of {rounds}, per second: {told}")
    return figures


def _names(stage: Stage) -> str:
    return "SEPHQ" if stage.pgbench else "EPHQ"


def _orders(stage: Stage, number: int, seconds: float, sent: dict[str, int]) -> dict[str, Orders]:
    def orders(server: Server, ground: Ground, **other: object) -> Orders:
        given: dict[str, object] = {
            "port": server.port,
            "clients": CLIENTS,
            "seconds": seconds,
            "tokens": ground.tokens,
            "bookings": ground.plan.load,
            "amount": AMOUNT,
        }
        return Orders(**(given | other))  # type: ignore[arg-type]

    hot = [stage.postgres.plan.hot[number]]
    busy = {"bookings": hot, "clients": HOT_CLIENTS, "name": f"hot{number}"}
    return {
        "E": orders(stage.echo, stage.postgres, first=sent["E"]),
        "P": orders(stage.service, stage.postgres, first=sent["P"]),
        "H": orders(stage.service, stage.postgres, **busy),
        "Q": orders(stage.sqlite_service, stage.sqlite, first=sent["Q"]),
    }
