"""What is not a SOAP 1.1 ApplyPayment is a Fault; documents with a type or entities are not even
parsed."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import pytest
from flask import Flask, Request
from lxml import etree
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from payments.formats.brink import envelope
from payments.formats.brink.envelope import SoapFault
from tests import make
from tests.payments.formats.brink.given import (
    ACTION,
    ORDERING,
    SOAP,
    Till,
    enveloped,
    fault,
    payment,
    request,
)
from tests.payments.proofs import nothing_written

GOOD = request(12345, payment())
NO_TYPE = "A document type (DOCTYPE) or an entity is never read; send none."


def operation(body: str | bytes, **headers: str) -> etree._Element:
    """The operation of a request with this body."""
    given = {"SOAPAction": ACTION, "Content-Type": "text/xml; charset=utf-8"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {name: value for name, value in given.items() if value != "none"}
    raw = body.encode() if isinstance(body, str) else body
    environ = EnvironBuilder(method="POST", data=raw, headers=Headers(sent)).get_environ()
    return envelope.operation(Request(environ))


def refused(body: str | bytes, **headers: str) -> tuple[str, str]:
    """Code and sentence of the Fault."""
    with pytest.raises(SoapFault) as found:
        operation(body, **headers)
    return found.value.code, str(found.value)


# --- encodings --------------------------------------------------------------------------------

ACCENTS = request(12345, payment(Amount="Cartão €"))


@pytest.mark.parametrize(
    ("encoding", "content_type"),
    [
        ("utf-8", "text/xml"),
        ("utf-8", 'text/xml; charset="UTF-8"'),
        ("utf-8-sig", "text/xml; charset=utf-8"),
        ("utf-16", "text/xml"),
        ("utf-16", "text/xml; charset=utf-8"),
        ("utf-16le", "text/xml; charset=utf-16le"),
        ("utf-16be", "text/xml; charset=UTF-16BE"),
    ],
)
def test_utf_8_and_utf_16_are_read(encoding: str, content_type: str) -> None:
    found = operation(ACCENTS.encode(encoding), Content_Type=content_type)

    assert "Cartão €" in etree.tostring(found, encoding="unicode")


def test_the_header_counts_more_than_the_declaration() -> None:
    declared = '<?xml version="1.0" encoding="iso-8859-1"?>' + ACCENTS

    found = operation(declared, Content_Type="text/xml; charset=utf-8")

    assert "Cartão €" in etree.tostring(found, encoding="unicode")


@pytest.mark.parametrize(
    ("body", "content_type", "sentence"),
    [
        (ACCENTS.encode("cp1252"), "text/xml; charset=windows-1252",
         "The encoding of the body is not known; send UTF-8."),
        (ACCENTS.encode("cp1252"), "text/xml", "The body is not valid UTF-8."),
        (b"\xff\xfe<\0a", "text/xml", "The body is not valid UTF-16."),
        (GOOD.encode("utf-16le"), "text/xml",
         "The body holds NUL characters; send UTF-8, or UTF-16 with its mark."),
        (b'<?xml version="1.0" encoding="iso-8859-1"?>' + GOOD.encode(), "text/xml",
         "The encoding of the body is not known; send UTF-8."),
        (b"<?xml version='1.0' encoding = 'UTF-7' ?>" + GOOD.encode(), "text/xml",
         "The encoding of the body is not known; send UTF-8."),
        (b'<?xml version="1.0" encoding="utf-16"?>' + GOOD.encode(), "text/xml",
         "The encoding of the body is not known; send UTF-8."),
    ],
)  # fmt: skip
def test_other_encodings_are_refused(body: bytes, content_type: str, sentence: str) -> None:
    assert refused(body, Content_Type=content_type) == ("Client", sentence)


# --- attacks ----------------------------------------------------------------------------------

LAUGHS = "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' if n else '<!ENTITY l0 "lol">' for n in range(10)
)
ATTACKS = {
    "billion laughs": f"<!DOCTYPE a [{LAUGHS}]>" + GOOD.replace("10.75", "&l9;"),
    "external entity": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    + GOOD.replace("10.75", "&x;"),
    "parameter entity": '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd"> %x;]>' + GOOD,
    "external document type": '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd">' + GOOD,
    "empty document type": "<!DOCTYPE a>" + GOOD,
    "after a declaration": f'<?xml version="1.0"?>\n<!-- -->\n<!DOCTYPE a [{LAUGHS}]>' + GOOD,
    "entity alone": '<!ENTITY x "y">' + GOOD,
}


@contextmanager
def nothing_parsed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Neither a parser nor a socket is made inside."""

    def never(*_: object, **__: object) -> NoReturn:
        pytest.fail("something was parsed, or fetched")

    with monkeypatch.context() as patched:
        patched.setattr(etree, "fromstring", never)
        patched.setattr(socket, "socket", never)
        yield


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("attack", list(ATTACKS))
def test_a_document_type_or_an_entity_is_refused_before_anything_is_parsed(
    monkeypatch: pytest.MonkeyPatch, attack: str, encoding: str
) -> None:
    body = ATTACKS[attack].encode(encoding)

    with nothing_parsed(monkeypatch):
        told = refused(body, Content_Type="text/xml")

    assert told == ("Client", NO_TYPE)


@pytest.mark.parametrize("mark", ["", "&#x21;", "&amp;", "&lt;!DOCTYPE a>"])
def test_what_xml_itself_knows_is_no_entity(mark: str) -> None:
    found = operation(GOOD.replace("10.75", f"10.75{mark}"))

    assert "10.75" in etree.tostring(found, encoding="unicode")


def test_nothing_is_included() -> None:
    include = (
        '<x:include xmlns:x="http://www.w3.org/2001/XInclude" parse="text" href="/etc/passwd"/>'
    )

    found = operation(GOOD.replace("10.75", include))

    assert "root:" not in etree.tostring(found, encoding="unicode")
    assert "include" in etree.tostring(found, encoding="unicode")


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("<a>", 1),
        ("\n<a>\n</b>", 3),
        ("{}", 1),
        (GOOD.replace("10.75", "\n&x;"), 2),
        (GOOD.replace("10.75", "&#0;"), 1),
        (GOOD.replace("10.75", "&#xD800;"), 1),
        (GOOD.replace("<Amount>", "<y:Amount>"), 1),
        ("<a>" * 300 + "</a>" * 300, 1),
        (GOOD + GOOD, 1),
        ("\n" + '<?xml version="1.0"?>' + GOOD, 2),
    ],
)
def test_what_is_not_well_formed_is_told_by_its_place(body: str, line: int) -> None:
    code, sentence = refused(body)

    assert code == "Client"
    assert re.fullmatch(rf"The body is no well-formed XML: line {line}, column [0-9]+\.", sentence)


@pytest.mark.parametrize(
    "body",
    ["<?evil x?>" + GOOD, GOOD + "<?evil x?>", GOOD.replace("10.75", "10<?evil x?>.75")],
)
def test_a_processing_instruction_is_refused_wherever_it_stands(body: str) -> None:
    told = ("Client", "A SOAP message holds no processing instruction; send none.")

    assert refused(body) == told


def test_a_document_as_large_as_a_body_may_be_is_read() -> None:
    body = GOOD.replace("10.75", "7" * (64 * 1024 - len(GOOD)))

    assert operation(body).tag == f"{{{ORDERING}}}ApplyPayment"


# --- SOAP -------------------------------------------------------------------------------------


@pytest.mark.parametrize("namespace", ["http://www.w3.org/2003/05/soap-envelope", "urn:other", ""])
@pytest.mark.parametrize("action", [ACTION, "none"])
def test_another_version_of_soap_is_a_version_mismatch(namespace: str, action: str) -> None:
    told = (
        refused(GOOD.replace(SOAP, namespace), SOAPAction=action)
        if namespace
        else refused("<Envelope/>", SOAPAction=action)
    )

    sentence = f"The Envelope must be that of SOAP 1.1, of the namespace {SOAP}."
    assert told == ("VersionMismatch", sentence)


@pytest.mark.parametrize("came", ["none", "", '""', " "])
def test_without_a_soap_action_there_is_a_fault(came: str) -> None:
    sentence = f"The header SOAPAction is missing; it must be {ACTION}."

    assert refused(GOOD, SOAPAction=came) == ("Client", sentence)


@pytest.mark.parametrize(
    "came",
    [f"{ORDERING}/IOrderingWebService/CancelOrder", "ApplyPayment", ACTION.lower(), ACTION[1:],
     "http://tempuri.org/IOrderingWebService/ApplyPayment"],
)  # fmt: skip
def test_the_soap_action_must_name_the_call(came: str) -> None:
    sentence = f"The header SOAPAction names another call; it must be {ACTION}."

    assert refused(GOOD, SOAPAction=came) == ("Client", sentence)


@pytest.mark.parametrize("came", [ACTION, ACTION.strip('"'), f" {ACTION} "])
def test_the_soap_action_may_be_quoted_or_not(came: str) -> None:
    assert operation(GOOD, SOAPAction=came).tag == f"{{{ORDERING}}}ApplyPayment"


@pytest.mark.parametrize(
    "body",
    [
        enveloped(""),
        enveloped(f'<CancelOrder xmlns="{ORDERING}"/>'),
        enveloped("<ApplyPayment/>"),
        enveloped(f'<ApplyPayment xmlns="{ORDERING}"/><ApplyPayment xmlns="{ORDERING}"/>'),
        f'<s:Envelope xmlns:s="{SOAP}"/>',
        GOOD.replace("s:Body", "Body"),
    ],
)
def test_another_operation_is_a_fault(body: str) -> None:
    sentence = f"The Body must hold one ApplyPayment of the namespace {ORDERING}."

    assert refused(body) == ("Client", sentence)


def test_a_document_without_an_envelope_is_a_fault() -> None:
    body = f'<ApplyPayment xmlns="{ORDERING}"/>'

    assert refused(body) == ("Client", "The body holds no SOAP Envelope.")


def headed(block: str) -> str:
    return GOOD.replace("<s:Body>", f"<s:Header>{block}</s:Header><s:Body>")


@pytest.mark.parametrize(
    "block",
    [
        "<x/><y>1</y><!-- -->",
        '<x s:mustUnderstand="0"/>',
        '<x s:mustUnderstand="1" s:actor="urn:somebody-else"/>',
    ],
)
def test_header_blocks_are_let_through(block: str) -> None:
    assert operation(headed(block)).tag == f"{{{ORDERING}}}ApplyPayment"


@pytest.mark.parametrize(
    "block",
    [
        '<x s:mustUnderstand="1"/>',
        '<w><x/></w><x s:mustUnderstand="true" s:actor=""/>',
        '<x s:mustUnderstand="1" s:actor="http://schemas.xmlsoap.org/soap/actor/next"/>',
    ],
)
def test_a_header_block_that_must_be_understood_is_not(block: str) -> None:
    sentence = "A header block must be understood, and none is known here."

    assert refused(headed(block)) == ("MustUnderstand", sentence)


# --- on the wire ------------------------------------------------------------------------------


def test_faults_come_with_status_500_and_write_nothing(till: Till, order: int) -> None:
    good = request(order, payment())

    with nothing_written():
        told = [
            fault(till.send("<a>")),
            fault(till.send(f"<!DOCTYPE a [{LAUGHS}]>{good}")),
            fault(till.send(good, SOAPAction=None)),
            fault(till.send(good.replace(SOAP, "http://www.w3.org/2003/05/soap-envelope"),
                            Content_Type="application/soap+xml; charset=utf-8", SOAPAction=None)),
            fault(till.send(good.replace("s:Body>", "s:Body>" "<x/>", 1))),
        ]  # fmt: skip

    codes = ["Client", "Client", "Client", "VersionMismatch", "Client"]
    assert [(status, code) for status, code, _ in told] == [(500, code) for code in codes]


def test_a_fault_keeps_the_next_message_from_nothing(app: Flask, till: Till) -> None:
    order = make.booking(["100.00"])
    till.send("<a>")

    assert "<ResultCode>0</ResultCode>" in till.at(app).pay(order).text
