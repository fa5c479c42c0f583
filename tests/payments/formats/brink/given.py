"""A till that speaks PAR Brink, and what it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from flask import Flask
from lxml import etree
from werkzeug.test import TestResponse

from tests import make

SAMPLES = Path(__file__).parent / "samples"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
ORDERING = "http://www.brinksoftware.com/webservices/ordering/20140219"
ACTION = f'"{ORDERING}/IOrderingWebService/ApplyPayment"'
XSI = "http://www.w3.org/2001/XMLSchema-instance"
ACCESS, HERE = "an access token", "location token 1"


def sample(name: str, **values: Any) -> bytes:
    """A golden request or answer, with values in the place of its {names}."""
    text = (SAMPLES / name).read_text()
    for word, value in values.items():
        text = text.replace(f"{{{word}}}", str(value))
    return text.encode()


def payment(**fields: Any) -> str:
    """The children of Payment: sensible ones, but for those given (None leaves one out)."""
    given = {"Amount": "10.75", "Id": "1", "TenderId": "1"} | fields
    return "".join(
        f"<{name}>{value}</{name}>" for name, value in given.items() if value is not None
    )


def details(*pairs: tuple[str, str]) -> str:
    """Reference details, as XML."""
    return "".join(
        f"<PaymentReferenceDetail><Name>{escape(name)}</Name><Value>{escape(value)}</Value>"
        "</PaymentReferenceDetail>"
        for name, value in pairs
    )


def request(order: Any, inside: str) -> str:
    """A whole message: an order and the children of its Payment."""
    return enveloped(
        f'<ApplyPayment xmlns="{ORDERING}" xmlns:i="{XSI}"><request><OrderId>{order}</OrderId>'
        f"<Payment>{inside}</Payment></request></ApplyPayment>"
    )


def enveloped(body: str) -> str:
    return f'<s:Envelope xmlns:s="{SOAP}"><s:Body>{body}</s:Body></s:Envelope>'


class Till:
    """Sends payments with its tokens."""

    def __init__(self, app: Flask, access: str | None = ACCESS, here: str | None = HERE) -> None:
        self.app, self.access, self.here = app, access, here

    def at(self, app: Flask) -> Till:
        """The same till, calling another application (process)."""
        return Till(app, self.access, self.here)

    def send(self, body: str | bytes, **headers: str | None) -> TestResponse:
        """Post a message. Headers None leaves out."""
        sent = {
            "Content-Type": "text/xml; charset=utf-8",
            "AccessToken": self.access,
            "LocationToken": self.here,
            "SOAPAction": ACTION,
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {name: value for name, value in sent.items() if value is not None}
        return self.app.test_client().post("/Ordering.svc", data=body, headers=kept)

    def stream(self, body: bytes, length: int | None) -> TestResponse:
        """Post bytes of which this many are announced; None: in chunks, as long as they come."""
        tokens = {"AccessToken": self.access or "", "LocationToken": self.here or ""}
        chunked = {"Transfer-Encoding": "chunked"} if length is None else {}
        told = {} if length is None else {"CONTENT_LENGTH": str(length)}
        return self.app.test_client().post(
            "/Ordering.svc",
            input_stream=BytesIO(body),
            headers={**tokens, "SOAPAction": ACTION, **chunked},
            content_type="text/xml",
            environ_overrides={"wsgi.input_terminated": True, **told},
        )

    def pay(self, order: Any, **fields: Any) -> TestResponse:
        """Apply a payment with these children."""
        return self.send(request(order, payment(**fields)))


def till(app: Flask, *, locations: tuple[int, ...] = (1,), access: str = ACCESS, here: str = HERE,
         scopes: str = make.ALL_SCOPES) -> Till:  # fmt: skip
    """A till of a new partner."""
    make.credential(make.partner(scopes, locations), "brink", access)
    return Till(app, access, here)


def result(answer: TestResponse) -> tuple[int, str]:
    """Result code and message; the answer's shape is checked."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    envelope = etree.fromstring(answer.data)
    tags = [each.tag for each in envelope.iter()]
    inside = ["ApplyPaymentResponse", "ApplyPaymentResult", "Message", "ResultCode"]
    theirs = [f"{{{ORDERING}}}{name}" for name in inside]
    assert tags == [f"{{{SOAP}}}Envelope", f"{{{SOAP}}}Body", *theirs]
    message, code = (element.text or "" for element in envelope.iter(*theirs[2:]))
    return int(code), message


def code(answer: TestResponse) -> int:
    return result(answer)[0]


def fault(answer: TestResponse) -> tuple[int, str, str]:
    """HTTP status, code and sentence of a Fault; the answer's shape is checked."""
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    envelope = etree.fromstring(answer.data)
    found = envelope.find(f"{{{SOAP}}}Body/{{{SOAP}}}Fault")
    assert found is not None, answer.text
    told: Mapping[str, str] = {str(each.tag): each.text or "" for each in found}
    assert list(told) == ["faultcode", "faultstring"]
    prefix, _, name = told["faultcode"].partition(":")
    assert found.nsmap[prefix] == SOAP
    return answer.status_code, name, told["faultstring"]
