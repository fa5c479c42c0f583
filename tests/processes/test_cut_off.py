"""Bodies that end too early: servers hand on what they have when a client hangs up."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

from tests import make
from tests.processes.conftest import House


def send(house: House, token: str, body: bytes, head: str, *, hang_up: bool) -> bytes:
    """Send a payment by hand, and perhaps hang up the sending half; what came back."""
    address = urlsplit(house.server.address)
    lines = [
        "POST /apis/payments HTTP/1.1",
        f"Host: {address.netloc}",
        f"Authorization: Bearer {token}",
        "Content-Type: application/x-www-form-urlencoded",
        "Connection: close",
        head,
    ]
    with socket.create_connection((str(address.hostname), int(address.port or 80)), 10) as line:
        line.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        if hang_up:
            line.shutdown(socket.SHUT_WR)
        got = b""
        while some := line.recv(65536):
            got += some
    return got


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
def test_half_a_body_is_never_booked_as_another_payment(house: House) -> None:
    booking = make.booking(["500.00"])
    house.server.start()
    token = house.till().token
    before = house.payments()
    body = (
        f"BookingId={booking}&PaymentScheduleIds=1,2&Status=0&Currency=EUR"
        "&PaymentDate=2026-01-02&PaymentMethod=PayPal&Amount=200.00"
    ).encode()

    cut = send(house, token, body[:-4], f"Content-Length: {len(body)}", hang_up=True)
    chunk = b"%x\r\n" % len(body[:-4]) + body[:-4] + b"\r\n"
    chunked = send(house, token, chunk, "Transfer-Encoding: chunked", hang_up=True)
    whole = send(house, token, body, f"Content-Length: {len(body)}", hang_up=False)

    assert b" 200 " not in cut.split(b"\r\n")[0]
    assert b" 200 " not in chunked.split(b"\r\n")[0]
    assert b" 200 " in whole.split(b"\r\n")[0]
    assert house.payments() == before + 1
