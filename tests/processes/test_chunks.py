"""Bodies in chunks, as some clients send documents by default, on the server that we run."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

from tests import make
from tests.processes.conftest import House

SIGN_IN = b'{"apiLogin":"demo"}'
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
ORDERING = "http://www.brinksoftware.com/webservices/ordering/20140219"
END = b"0\r\n\r\n"


def chunk(part: bytes, extension: bytes = b"") -> bytes:
    return b"%x%s\r\n%s\r\n" % (len(part), extension, part)


def send(house: House, path: str, body: bytes, *headers: str) -> int:
    """Send this by hand, and hang up where the body has no end; the status of what comes back, 0
    when nothing does: whoever has hung up may be told no more."""
    address = urlsplit(house.server.address)
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {address.netloc}",
        "Transfer-Encoding: chunked",
        "Connection: close",
        *headers,
    ]
    with socket.create_connection((str(address.hostname), int(address.port or 80)), 10) as line:
        line.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        if not body.endswith(b"\r\n\r\n"):
            line.shutdown(socket.SHUT_WR)
        got = b""
        while some := line.recv(65536):
            got += some
    return int(got.split(b" ", 2)[1]) if got else 0


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
def test_a_document_is_read_however_its_chunks_are_cut(house: House) -> None:
    single = b"".join(chunk(SIGN_IN[at : at + 1]) for at in range(len(SIGN_IN)))
    bodies = {
        "one chunk": chunk(SIGN_IN) + END,
        "a chunk for each byte": single + END,
        "an extension": chunk(SIGN_IN, b";name=value") + END,
        "a trailer": chunk(SIGN_IN) + b"0\r\nX-Checksum: 1\r\n\r\n",
        "64 KiB": chunk(SIGN_IN.ljust(65_536)) + END,
    }
    house.server.start()

    told = {name: send(house, "/api/1/access_token", body) for name, body in bodies.items()}

    assert told == dict.fromkeys(bodies, 200)


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
def test_a_document_in_chunks_that_is_not_whole_or_too_large_is_refused(house: House) -> None:
    size = b"%x\r\n" % len(SIGN_IN)
    cut = {
        "before the first chunk": b"",
        "in the middle of a chunk": size + SIGN_IN[:9],
        "between two chunks": chunk(SIGN_IN[:-1]),
        "after a size that is none": b"zz\r\n" + SIGN_IN,
    }
    large = {
        "64 KiB and a byte": chunk(SIGN_IN.ljust(65_537)) + END,
        "200 kB": chunk(SIGN_IN.ljust(200_000)) + END,
        "200 kB in small chunks": chunk(SIGN_IN) + chunk(b" " * 1_000) * 200 + END,
    }
    house.server.start()

    of_cut = {send(house, "/api/1/access_token", body) for body in cut.values()}
    of_large = {name: send(house, "/api/1/access_token", body) for name, body in large.items()}

    assert of_cut <= {0, 400}
    assert of_large == dict.fromkeys(large, 413)


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
def test_a_soap_payment_in_chunks_is_taken_when_all_of_it_came(house: House) -> None:
    envelope = (
        f'<s:Envelope xmlns:s="{SOAP}"><s:Body><ApplyPayment xmlns="{ORDERING}"><request>'
        f"<OrderId>{make.booking(['500.00'])}</OrderId>"
        "<Payment><Amount>10.75</Amount><Id>1</Id><TenderId>1</TenderId></Payment>"
        "</request></ApplyPayment></s:Body></s:Envelope>"
    ).encode()
    headers = (
        "Content-Type: text/xml; charset=utf-8",
        "AccessToken: your-access-token",
        "LocationToken: your-location-token",
        f'SOAPAction: "{ORDERING}/IOrderingWebService/ApplyPayment"',
    )
    house.server.start()
    before = house.payments()

    cut = send(house, "/Ordering.svc", chunk(envelope[:-1]), *headers)
    after_cut = house.payments()
    whole = send(
        house, "/Ordering.svc", chunk(envelope[:90]) + chunk(envelope[90:]) + END, *headers
    )

    assert (cut != 200, after_cut) == (True, before)
    assert (whole, house.payments()) == (200, before + 1)
