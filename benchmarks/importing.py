"""How long `flask import bookings` and `flask export bookings` take, and how much memory.

`python -m benchmarks.importing [ROWS]`: a file of so many bookings (100,000), on SQLite and on
PostgreSQL, each command a process of its own; books and event log are proved afterwards.
"""

from __future__ import annotations

import csv
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from flask_migrate import upgrade
from sqlalchemy import insert, make_url

from benchmarks.ground import sqlalchemy_database
from bookings.models import PaymentRule, Property, Source
from kit.db import transaction
from kit.ids import opaque
from locations.models import Location
from payments.models import PaymentMethod
from tags.models import Tag
from wsgi import create_app

ROWS = 100_000
PROPERTIES = 300
FIRST_DAY = date(2024, 1, 6)
HEADER = [
    "account", "location", "property", "arrival", "departure", "status", "first_name", "last_name",
    "email", "mobile", "country", "adults", "children", "source", "tags", "guest_notes", "created",
    "deposit", "deposit_due", "balance", "balance_due", "tax", "paid", "paid_on", "method",
    "reference",
]  # fmt: skip


def lines(count: int) -> Iterator[list[object]]:
    """Weeks of three hundred properties; every tenth is cancelled, four of five have paid."""
    for number in range(count):
        week, place = divmod(number, PROPERTIES)
        arrives = FIRST_DAY + timedelta(days=7 * week)
        due = FIRST_DAY + timedelta(days=min(7 * week, 600) - 90)
        notes = "Late arrival,\nsecond key" if number % 7 == 0 else ""
        paid = ["300.00", due, "PayPal", f"R{number}"] if number % 5 else ["", "", "", ""]
        yield [
            f"OLD-{number}", "bench", f"Villa {place}", arrives, arrives + timedelta(days=7),
            "cancelled" if number % 10 == 3 else "booking", "Maria", f"Silva {number}",
            f"guest{number}@example.com", "+351 912 345 678", "Portugal", 2, number % 3, "Website",
            "VIP" if number % 4 == 0 else "", notes, due, "250.00", due,
            "750.00", arrives - timedelta(days=56), "100.00", *paid,
        ]  # fmt: skip


def prepare(settings: dict[str, str], folder: Path) -> None:
    """An agency without bookings."""
    app = create_app({**settings, "LOG_LEVEL": "ERROR"}, folder)
    location = {
        "id": 1, "name": "Bench", "client_name": "bench", "business_location_id": 1,
        "token_hash": "", "currency": "EUR", "time_zone": "Europe/Lisbon",
        "mail_sender": "stay@bench.example.com",
    }  # fmt: skip
    method = {
        "name": "PayPal", "code": "PAYPAL", "kind": "bank", "public_id": opaque(33),
        "is_refund": False, "takes_tips": False, "manual_prohibited": False, "from_outside": True,
    }  # fmt: skip
    villas = [{"location_id": 1, "name": f"Villa {n}"} for n in range(PROPERTIES)]
    with app.app_context():
        upgrade()
        with transaction() as connection:
            connection.execute(insert(Location), [location])
            connection.execute(insert(PaymentRule), [{"location_id": 1, "name": "Standard"}])
            connection.execute(insert(Property), villas)
            connection.execute(insert(Source), [{"name": "Website"}])
            connection.execute(insert(Tag), [{"name": "VIP", "colour": "#000000"}])
            connection.execute(insert(PaymentMethod), [method])


def measured(settings: dict[str, str], *command: str) -> str:
    """Run `flask ...` to its end; how long it took, and the most memory it held."""
    environment = os.environ | {f"FLASK_{name}": value for name, value in settings.items()}
    began = time.perf_counter()
    flask = [sys.executable, "-m", "flask", "--app", "wsgi", *command]
    process = subprocess.Popen(
        flask, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"flask {' '.join(command)} ended with {process.returncode}")
    took = time.perf_counter() - began
    cpu, most = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    return f"{' '.join(command[:2]):16} {took:6.1f} s  {cpu:6.1f} s of CPU  {most:4.0f} MiB"


def run(uri: str, rows: Path, folder: Path) -> None:
    settings = {"SQLALCHEMY_DATABASE_URI": uri, "SECRET_KEY": secrets.token_hex(32)}
    prepare(settings, folder)
    print(make_url(uri).get_backend_name())
    for command in (
        ("import", "bookings", str(rows), "--check"),
        ("import", "bookings", str(rows)),
        ("export", "bookings", str(folder / "bookings.csv")),
        ("export", "payments", str(folder / "payments.csv")),
        ("ledger", "check"),
        ("audit", "verify"),
    ):
        print(f"  {measured(settings, *command)}{'  --check' if '--check' in command else ''}")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = folder / "rows.csv"
        with rows.open("w", newline="") as file:
            sheet = csv.writer(file)
            sheet.writerow(HEADER)
            sheet.writerows(lines(count))  # one by one: a child is measured from its parent's size
        print(f"{count} bookings, {rows.stat().st_size / 1e6:.1f} MB")
        for sqlite in (True, False):
            with sqlalchemy_database(folder, "bench", sqlite=sqlite) as uri:
                run(uri, rows, folder)


if __name__ == "__main__":
    main()
