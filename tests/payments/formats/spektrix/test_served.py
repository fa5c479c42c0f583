"""Signing in at the production server, which tells an application the path only decoded."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from serving import SQLITE_THREADS
from tests import make
from tests.conftest import SECRET_KEY
from tests.payments.formats.spektrix.given import Till, date_in, payment
from tests.payments.moving import figures
from tests.processes.running import Server

pytestmark = [
    pytest.mark.processes,
    pytest.mark.xdist_group("processes"),
    pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True),
]


SILENT = (
    "POST /client1/api/v3/baskets/1/custom-payments HTTP/1.1\r\nHost: till\r\nDate: {date}\r\n"
    "Authorization: SpektrixAPI3 nobody:c2lnbmVk\r\nContent-Length: 10\r\n\r\n"
)


def settings_of(database_uri: str, folder: Path, public_url: str = "") -> dict[str, str]:
    return {
        "FLASK_SQLALCHEMY_DATABASE_URI": database_uri,
        "FLASK_SECRET_KEY": SECRET_KEY,
        "FLASK_PUBLIC_URL": public_url,
        "TMPDIR": str(folder),
    }


def test_strangers_who_announce_a_body_and_send_none_hold_no_thread(
    till: Till, database_uri: str, tmp_path: Path
) -> None:
    server = Server(settings_of(database_uri, tmp_path), tmp_path / "server.log")
    signer = Till(till.app, till.partner_id, base=server.address)
    path = signer.path("custom-payment-types")

    try:
        server.start()
        where = urlsplit(server.address)
        lines = [
            socket.create_connection((where.hostname, where.port), timeout=30)
            for _ in range(2 * SQLITE_THREADS)
        ]
        for line in lines:
            line.sendall(SILENT.format(date=date_in()).encode())
        told = [line.recv(1000).split(b" ")[1] for line in lines]
        listed = requests.get(
            server.address + path, headers=signer.headers("GET", path), timeout=30
        )
        for line in lines:
            line.close()
    finally:
        server.kill()

    assert told == [b"401"] * len(lines)
    assert listed.status_code == 200


@pytest.mark.parametrize("public_url", ["", "https://tickets.example.com/pay"])
def test_what_was_signed_for_the_public_address_is_let_in(
    till: Till, database_uri: str, tmp_path: Path, public_url: str
) -> None:
    basket = make.booking(["100.00"])
    server = Server(settings_of(database_uri, tmp_path, public_url), tmp_path / "server.log")
    signer = Till(till.app, till.partner_id, base=public_url or server.address)
    pay, body = signer.path(f"baskets/{basket}/custom-payments"), payment("10.40").encode()
    types = signer.path("custom-payment-types?a=%20b+c")
    date = date_in()

    def send(method: str, path: str, body: bytes, signed: bytes) -> requests.Response:
        headers = signer.headers(method, path, signed, date=date)
        return requests.request(
            method, server.address + path, data=body, headers=headers, timeout=10
        )

    try:
        server.start()
        taken, again = send("POST", pay, body, body), send("POST", pay, body, body)
        listed = send("GET", types, b"", b"")
        slashes = send("GET", f"/{types}", b"", b"")
        shut = send("POST", pay, body + b" ", body)
    finally:
        server.kill()

    assert [each.status_code for each in (taken, again, listed, slashes)] == [200] * 4
    assert shut.status_code == 401
    assert taken.content == again.content
    assert figures(basket) == (1040, 0, 0)
