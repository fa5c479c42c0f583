"""How long lists take as files, and how much memory.

`python -m benchmarks.exporting [ROWS]`: so many payments (200,000), each with its booking, on
SQLite and on PostgreSQL; the lists of payments and of bookings as CSV and as XLSX, each written by
`flask worker --once` in a process of its own, as people's long files are. Seconds are of its CPU,
so that what else the machine does counts little. What a worker without a file takes and holds is
told first; the times are without that. Each file is read again and its rows are counted.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import insert, make_url

from benchmarks.ground import settle, sqlalchemy_database
from bookings.models import Booking, Contact, Property, Stay
from kit import clock
from kit.db import in_transaction, reading, transaction
from kit.ids import opaque
from locations.models import Location
from office.exports.files import AskFile, ask_file, file_by_id, part
from payments.models import Payment, PaymentMethod
from staff.models import Person
from wsgi import create_app

ROWS = 200_000
BATCH = 5_000
LISTS = ("payments", "bookings")
FORMATS = ("csv", "xlsx")
LINE = b"<row "


def prepare(app: Flask, rows: int) -> None:
    """An agency with so many bookings, each with a payment."""
    upgrade()
    location = {
        "id": 1, "name": "Bench", "client_name": "bench", "business_location_id": 1,
        "token_hash": "", "currency": "EUR", "time_zone": "Europe/Lisbon",
        "mail_sender": "stay@bench.example.com",
    }  # fmt: skip
    method = {
        "id": 1, "name": "PayPal", "code": "PAYPAL", "kind": "bank", "public_id": opaque(33),
        "is_refund": False, "takes_tips": False, "manual_prohibited": False, "from_outside": True,
    }  # fmt: skip
    person = {
        "id": 1, "email": "manager@example.com", "role": "manager", "fs_uniquifier": opaque(33),
        "created_at": clock.now(),
    }  # fmt: skip
    with transaction() as connection:
        connection.execute(insert(Location), [location])
        connection.execute(insert(Property), [{"id": 1, "location_id": 1, "name": "Casa Azul"}])
        connection.execute(insert(PaymentMethod), [method])
        connection.execute(insert(Person), [person])
        for first in range(1, rows + 1, BATCH):
            for model, some in _rows(range(first, min(first + BATCH, rows + 1))).items():
                key = next(iter(model.__table__.primary_key))
                connection.execute(insert(model).returning(key), some)
    settle()


def _rows(ids: range) -> dict[Any, list[dict[str, Any]]]:
    now = clock.now()
    day = now.date()
    head = {"log_count": 0, "log_hash": "", "log_seal": ""}
    return {
        Contact: [
            {"id": id, "first_name": "Maria", "last_name": f"Silva {id}",
             "email": f"guest{id}@example.com", "country": "Portugal"}
            for id in ids
        ],
        Booking: [
            {"id": id, "location_id": 1, "contact_id": id, "account_identifier": f"B{id}.1",
             "status": "booking", "currency": "EUR", "arrives_on": day + timedelta(days=id % 700),
             "leaves_on": day + timedelta(days=id % 700 + 7), "total": 100_000, "created_at": now,
             "modified_at": now, **head}
            for id in ids
        ],
        Stay: [
            {"booking_id": id, "property_id": 1, "arrives_on": day,
             "leaves_on": day + timedelta(days=7)}
            for id in ids
        ],
        Payment: [
            {"id": id, "booking_id": id, "method_id": 1, "source": "ipro", "state": "failed",
             "amount": 10_000 + id, "currency": "EUR", "category": 1, "wishes": "",
             "paid_on": day - timedelta(days=id % 700), "send_email": False, "created_at": now,
             "reference": f"REF-{id}", "failure_reason": "Insufficient funds",
             "comments": "Paid on the website"}
            for id in ids
        ],
    }  # fmt: skip


def measured(settings: dict[str, str]) -> tuple[float, float]:
    """Run the worker until it has nothing to do; its seconds of CPU, and the most MiB it held."""
    environment = os.environ | {f"FLASK_{name}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker", "--once"]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"the worker ended with {process.returncode}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def run(uri: str, rows: int, folder: Path) -> None:
    settings = {"SQLALCHEMY_DATABASE_URI": uri, "SECRET_KEY": secrets.token_hex(32)}
    # In a process of its own: a child is measured from its parent's size.
    subprocess.run(
        [sys.executable, "-m", "benchmarks.exporting", "prepare", uri, str(rows)],
        env=os.environ | {"FLASK_SECRET_KEY": settings["SECRET_KEY"]},
        check=True,
    )
    idle_s, idle = measured(settings)
    print(f"{make_url(uri).get_backend_name()}: an idle worker {idle_s:.1f} s, {idle:.0f} MiB")
    app = create_app({**settings, "LOG_LEVEL": "ERROR"}, folder)
    with app.app_context():
        for name in LISTS:
            for format in FORMATS:
                file_id = _ask(name, format)
                took, most = measured(settings)
                size = _checked(file_id, rows, format)
                print(
                    f"  {name}.{format:5} {took - idle_s:6.1f} s  {rows / (took - idle_s):7,.0f}"
                    f" rows/s  {size / 2**20:6.1f} MiB of file  {most:4.0f} MiB held,"
                    f" {most - idle:+.0f}"
                )


def _ask(name: str, format: str) -> int:
    order = AskFile(person_id=1, list=name, format=format, wanted={}, locations=None)
    return in_transaction(lambda connection: ask_file(connection, order, clock.now()))


def _checked(file_id: int, rows: int, format: str) -> int:
    """The size of the file, which has as many rows as there are."""
    with tempfile.TemporaryFile() as file:
        with reading() as session:
            connection, no = session.connection(), 0
            asked = file_by_id(connection, file_id)
            while (some := part(connection, file_id, no)) is not None:
                file.write(some)
                no += 1
        size = file.tell()
        file.seek(0)
        found = sum(_counted(file, format)) - 1
    if asked is None or (asked.state, asked.rows_done, asked.size, found) != (
        "done", rows, size, rows,
    ):  # fmt: skip
        raise SystemExit(f"the file is not whole: {asked}, {found} rows in it")
    return size


def _counted(file: IO[bytes], format: str) -> Iterator[int]:
    """How many lines there are, part by part."""
    if format == "csv":
        yield from (1 for _line in file)
        return
    with zipfile.ZipFile(file).open("xl/worksheets/sheet1.xml") as sheet:
        before = b""
        while some := sheet.read(2**20):
            yield (before + some).count(LINE)
            before = some[-len(LINE) + 1 :]


def main() -> None:
    if sys.argv[1:2] == ["prepare"]:
        uri, rows = sys.argv[2], int(sys.argv[3])
        app = create_app({"SQLALCHEMY_DATABASE_URI": uri, "LOG_LEVEL": "ERROR"})
        with app.app_context():
            prepare(app, rows)
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{count:,} rows")
        for sqlite in (True, False):
            with sqlalchemy_database(folder, "bench", sqlite=sqlite) as uri:
                run(uri, count, folder)


if __name__ == "__main__":
    main()
