"""The description of the service (WSDL), and a client that is made of nothing else: zeep."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
import zeep
from flask import Flask
from lxml import etree

from bookings.models import Booking
from payments.models import Payment
from tests import make
from tests.payments.formats.brink.given import ACTION, ORDERING, SAMPLES, XSI, Till, sample
from tests.served import served

WSDL = {"w": "http://schemas.xmlsoap.org/wsdl/", "s": "http://schemas.xmlsoap.org/wsdl/soap/",
        "x": "http://www.w3.org/2001/XMLSchema"}  # fmt: skip
BINDING = "{http://tempuri.org/}BasicHttpBinding_IOrderingWebService"

pytestmark = pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)


def description(app: Flask, query: str = "wsdl", **headers: str) -> etree._Element:
    answer = app.test_client().get(f"/Ordering.svc?{query}", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    return etree.fromstring(answer.data)


def address(wsdl: etree._Element) -> str:
    [found] = wsdl.iterfind(".//s:address", WSDL)
    return str(found.get("location"))


@pytest.mark.parametrize("query", ["wsdl", "WSDL", "Wsdl", "singleWsdl", "wsdl=wsdl0", "a=1&wsdl"])
def test_the_description_is_there_in_any_case(app: Flask, query: str) -> None:
    [operation] = description(app, query).iterfind(".//s:operation", WSDL)

    assert operation.get("soapAction") == ACTION.strip('"')


def test_the_description_imports_nothing_from_elsewhere(app: Flask) -> None:
    wsdl = description(app)

    assert [each.get("schemaLocation") for each in wsdl.iterfind(".//x:import", WSDL)] == [None]
    assert wsdl.findall("w:import", WSDL) == []


@pytest.mark.long
def test_its_address_is_the_requests_unless_the_public_one_is_known(
    app: Flask, make_app: Callable[..., Flask]
) -> None:
    known = make_app(PUBLIC_URL="https://pay.example.com/")

    ours = address(description(app, Host="till.example.com:8443"))
    public = address(description(known, Host="till.example.com"))

    assert ours == "http://till.example.com:8443/Ordering.svc"
    assert public == "https://pay.example.com/Ordering.svc"


def test_without_a_query_it_says_where_the_description_is(app: Flask) -> None:
    answer = app.test_client().get("/ordering.svc")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "http://localhost/Ordering.svc?wsdl" in answer.text


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.xml")), ids=lambda path: path.name)
def test_the_golden_messages_fit_the_schema_that_is_described(app: Flask, path: Path) -> None:
    schemas = description(app).findall(".//x:schema", WSDL)
    schema = etree.XMLSchema(schemas[1])
    message = etree.fromstring(sample(path.name, order=1))
    for kind in message.iter(f"{{{ORDERING}}}Payment"):
        kind.attrib.pop(f"{{{XSI}}}type", "")  # in two of them without its prefix
    for element in message.iter(f"{{{ORDERING}}}*"):
        for name in [str(each) for each in element.attrib if "soap/envelope" in str(each)]:
            del element.attrib[name]

    body = message[-1]
    inside = [each for each in body if isinstance(each.tag, str)]

    assert [schema.validate(each) for each in inside] == [True]


# --- zeep -------------------------------------------------------------------------------------


@pytest.fixture
def client(till: Till) -> Iterator[Any]:
    """A client of our description, at a real server."""
    library: Any = zeep  # it has no types
    session = requests.Session()
    session.headers.update({"AccessToken": str(till.access), "LocationToken": str(till.here)})
    with served(till.app) as at, session:
        transport = library.Transport(session=session)
        yield library.Client(f"{at}/Ordering.svc?wsdl", transport=transport)


def detail(name: str, value: str | None) -> dict[str, str | None]:
    return {"Name": name, "Value": value}


def test_zeep_pays_with_plain_values(client: Any, order: int) -> None:
    asked = {
        "OrderId": order,
        "Payment": {
            "Amount": Decimal("10.75"),
            "Id": 1,
            "TenderId": 1,
            "TipAmount": Decimal("2.50"),
            "ReferenceDetails": {
                "PaymentReferenceDetail": [detail("Card Type", "Visa"), detail("Auth", "é<1>")]
            },
        },
    }

    found = client.service.ApplyPayment(request=asked)

    assert (found.ResultCode, found.Message) == (0, "Success")
    [payment] = make.rows_of(Payment)
    assert (payment.amount, payment.tip) == (1075, 250)
    assert payment.attributes == [["Id", "1"], ["Card Type", "Visa"], ["Auth", "é<1>"]]


def test_zeep_pays_with_types_as_the_vendors_clients_ask_for_them(client: Any, order: int) -> None:
    made: Any = {name: client.get_type(f"ns1:{name}") for name in (
        "ApplyPaymentRequest", "NewExternalPayment", "ArrayOfPaymentReferenceDetail",
        "PaymentReferenceDetail")}  # fmt: skip
    kind = made["PaymentReferenceDetail"]
    details = made["ArrayOfPaymentReferenceDetail"]([kind(**detail("a", "1")), kind(Name="b")])
    external = made["NewExternalPayment"](
        Amount="10.50", Id=1, TenderId=1, TipAmount=zeep.xsd.Nil, ReferenceDetails=details
    )
    asked = made["ApplyPaymentRequest"](OrderId=order, Payment=external)
    at = client.service._binding_options["address"].replace("Ordering", "ordering")
    service = client.create_service(BINDING, at)

    sent = etree.tostring(client.create_message(client.service, "ApplyPayment", asked))
    found = service.ApplyPayment(asked)

    assert b"NewExternalPayment" in sent  # xsi:type
    assert found.ResultCode == 0
    [payment] = make.rows_of(Payment)
    assert (payment.amount, payment.tip) == (1050, 0)
    assert payment.attributes == [["Id", "1"], ["a", "1"], ["b", ""]]


def test_zeep_is_told_what_is_refused(client: Any, order: int) -> None:
    small = {"Amount": Decimal("200"), "Id": 1, "TenderId": 1}

    found = client.service.ApplyPayment({"OrderId": order, "Payment": small})

    assert found.ResultCode == 101
    assert "100.00 EUR" in found.Message
    assert make.row_of(Booking, order).paid == 0


def test_zeep_without_tokens_is_told_that_access_is_denied(client: Any, order: int) -> None:
    client.transport.session.headers.pop("AccessToken")

    found = client.service.ApplyPayment({"OrderId": order, "Payment": {
        "Amount": 1, "Id": 1, "TenderId": 1}})  # fmt: skip

    assert found.ResultCode == 4


def test_zeep_raises_a_fault_for_what_is_no_message(client: Any, order: int) -> None:
    huge = [detail("n", "v" * 2000)] * 40
    asked = {"Amount": 1, "Id": 1, "TenderId": 1,
             "ReferenceDetails": {"PaymentReferenceDetail": huge}}  # fmt: skip

    with pytest.raises(zeep.exceptions.Fault) as raised:
        client.service.ApplyPayment({"OrderId": order, "Payment": asked})

    assert raised.value.message == "The body is larger than 65536 bytes."
