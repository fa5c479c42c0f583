"""python -m benchmarks.matching: proposals for 5,000 lines of the bank against 50,000 open lines.

See README.md. Every third line names its booking, every third its guest, the others only an amount.
"""

from __future__ import annotations

import argparse
import random
import resource
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from rich.console import Console
from sqlalchemy import insert, select

from audit.recording import chain
from benchmarks import ground
from bookings.models import FIRST_LINE_ID, Booking, Contact, Property, ScheduleLine, Stay
from kit import clock
from kit.db import reading, transaction
from kit.ids import opaque
from locations.models import Location
from payments.models import PaymentMethod
from payments.statements.candidates import proposals
from payments.statements.models import BankAccount, BankLine, BankStatement
from payments.statements.proposing import CERTAIN, Proposal
from wsgi import create_app

LINES, OPEN = 5_000, 50_000
LINES_OF_BOOKING = 2
BATCH = 1000
MOST_S = 10

FIRST = ("Ana", "João", "Jürgen", "Maria", "Sinéad", "Søren", "Zoë", "Łukasz")
LAST = ("Alves", "Brandão", "Costa", "Müller", "Nielsen", "O'Brien", "de Sousa", "van Dijk")

Rows = list[dict[str, Any]]
console = Console(highlight=False)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.matching", description=__doc__)
    parser.add_argument("--lines", type=int, default=LINES)
    parser.add_argument("--open", type=int, default=OPEN, help="open lines of schedules")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--alike", action="store_true", help="all amounts and names are the same")
    parser.add_argument("--sqlite", action="store_true", help="on a SQLite file instead")
    options = parser.parse_args()
    return ground.to_its_end(lambda stack: _measure(stack, options))


def _measure(stack: ExitStack, options: argparse.Namespace) -> int:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    database = ground.sqlalchemy_database(folder, "matching", sqlite=options.sqlite)
    uri = stack.enter_context(database)
    app = _filled(uri, options, folder)
    stack.callback(ground.hang_up, app)
    with app.app_context():
        slowest = max(_round(None) for _ in range(options.rounds))
        single = max(_round([number]) for number in range(1, options.rounds + 1))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console.print(f"slowest of {options.rounds}: {slowest:.2f} s; one line alone {single:.2f} s; "
                  f"the process at most {peak:.0f} MiB")  # fmt: skip
    return 1 if slowest > MOST_S else 0


def _round(line_ids: Sequence[int] | None) -> float:
    """Seconds, from the question to all proposals."""
    with reading() as session:
        account = session.execute(select(BankAccount.__table__)).one()
        began, busy = time.perf_counter(), time.process_time()
        found = proposals(session, account, line_ids, clock.now().date())
        took, busy = time.perf_counter() - began, time.process_time() - busy
    told = _told(found.values())
    console.print(f"{len(found)} lines in {took:.2f} s ({busy:.2f} s of CPU here): {told}")
    return took


def _told(found: Any) -> str:
    listed: list[list[Proposal]] = list(found)
    counts = Counter(
        "none" if not each else "certain" if each[0].score >= CERTAIN else "unsure"
        for each in listed
    )
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))


def _filled(uri: str, options: argparse.Namespace, folder: Path) -> Flask:
    """An application on a migrated database with all of it; the same each time."""
    app = create_app(
        {"SQLALCHEMY_DATABASE_URI": uri, "SECRET_KEY": secrets.token_hex(32), "LOG_LEVEL": "ERROR"},
        folder,
    )
    chance, today = random.Random(7), clock.now().date()
    with app.app_context():
        upgrade()
        bookings = [
            _Guest(id, chance, today, alike=options.alike)
            for id in range(1, options.open // LINES_OF_BOOKING + 1)
        ]
        _insert_all(_shared())
        for first in range(0, len(bookings), BATCH):
            _insert_all(_rows_of(bookings[first : first + BATCH]))
        _insert_all({BankLine: [_line(n, bookings, chance) for n in range(1, options.lines + 1)]})
        ground.settle()
    return app


def _insert_all(rows: dict[Any, Rows]) -> None:
    with transaction() as connection:
        for model, some in rows.items():
            key = next(iter(model.__table__.primary_key))
            for first in range(0, len(some), BATCH):
                connection.execute(insert(model).returning(key), some[first : first + BATCH])


class _Guest:
    """A booking with a deposit and a balance that are open."""

    def __init__(self, id: int, chance: random.Random, today: date, *, alike: bool) -> None:
        self.id = id
        self.first = "Maria" if alike else chance.choice(FIRST)
        self.last = "Silva" if alike else f"{chance.choice(LAST)} {_letters(id)}"
        self.due_on = today + timedelta(days=chance.randrange(-30, 90))
        self.amounts = (100_00, 300_00) if alike else tuple(
            chance.randrange(50_00, 2000_00, 5) for _ in range(LINES_OF_BOOKING)
        )  # fmt: skip


def _letters(number: int) -> str:
    """A number as a word, so that names are of letters."""
    return "".join(chr(ord("A") + int(digit)) for digit in str(number))


def _shared() -> dict[Any, Rows]:
    now = clock.now()
    same = {"id": 1, "name": "Bench", "currency": "EUR"}
    return {
        Location: [same | {"client_name": "bench", "business_location_id": 1, "token_hash": "",
                           "time_zone": "Europe/Lisbon",
                           "mail_sender": "stay@bench.example.com"}],
        Property: [{"id": 1, "location_id": 1, "name": "Casa Azul"}],
        PaymentMethod: [{"id": 1, "name": "Bank transfer", "kind": "bank",
                         "public_id": opaque(33), "is_refund": False, "takes_tips": False,
                         "manual_prohibited": False, "from_outside": False}],
        BankAccount: [same | {"number": "PT50", "location_id": 1, "method_id": 1,
                              "created_at": now}],
        BankStatement: [{"id": 1, "account_id": 1, "name": "bench", "format": "csv",
                         "digest": "", "new": 0, "known": 0, "created_at": now}],
    }  # fmt: skip


def _rows_of(guests: Sequence[_Guest]) -> dict[Any, Rows]:
    now, arrives = clock.now(), clock.now().date() + timedelta(days=90)
    days = {"arrives_on": arrives, "leaves_on": arrives + timedelta(days=7)}
    return {
        Contact: [{"id": x.id, "first_name": x.first, "last_name": x.last} for x in guests],
        Booking: [
            {"id": x.id, "location_id": 1, "contact_id": x.id, "account_identifier": f"A{x.id}.1",
             "status": "booking", "currency": "EUR", "total": sum(x.amounts), "created_at": now,
             "modified_at": now, "log_count": 0, "log_hash": "",
             "log_seal": chain().empty(x.id).seal, **days}
            for x in guests
        ],
        Stay: [{"booking_id": x.id, "property_id": 1, **days} for x in guests],
        ScheduleLine: list(_schedules(guests)),
    }  # fmt: skip


def _schedules(guests: Sequence[_Guest]) -> Iterator[dict[str, Any]]:
    for guest in guests:
        for place, amount in enumerate(guest.amounts):
            yield {
                "id": FIRST_LINE_ID + LINES_OF_BOOKING * guest.id + place,
                "booking_id": guest.id,
                "property_id": 1,
                "name": "Deposit" if place == 0 else "Balance",
                "kind": "deposit" if place == 0 else "balance",
                "stage": place + 1,
                "amount": amount,
                "due_on": guest.due_on + timedelta(days=60 * place),
            }


def _line(number: int, guests: Sequence[_Guest], chance: random.Random) -> dict[str, Any]:
    """What the bank says of a payment of some guest."""
    guest = chance.choice(guests)
    said = ("Invoice 2026/11", f"Stay A{guest.id}.1 thank you", "Holiday in November")[number % 3]
    return {
        "id": number,
        "statement_id": 1,
        "account_id": 1,
        "position": number,
        "mark": str(number),
        "booked_on": clock.now().date() - timedelta(days=number % 30),
        "amount": guest.amounts[number % LINES_OF_BOOKING],
        "currency": "EUR",
        "party": f"{guest.last} {guest.first}".upper() if number % 3 == 2 else "",
        "party_account": f"DE{number % 4000:020}",
        "remittance": said,
    }


if __name__ == "__main__":
    sys.exit(main())
