"""SOAP 1.1: the one XML parser for what comes in, and the envelopes of what goes out.

Nothing but elements, attributes and text is ever read: no document type, no entity, nothing from
outside. The bytes are decoded here, so that no encoding hides a document type from us.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NoReturn

from flask import Request, Response
from lxml import etree

from kit.form import NOT_KEPT, whole_document

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
ORDERING = "http://www.brinksoftware.com/webservices/ordering/20140219"
ACTION = f"{ORDERING}/IOrderingWebService/ApplyPayment"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
TO_US = (None, "", "http://schemas.xmlsoap.org/soap/actor/next")

MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
UTF_16 = ("utf-16", "utf-16le", "utf-16be")
# What an XML declaration may call the encodings that we read.
DECLARED = re.compile(r"<\?xml[^>]*?\sencoding\s*=\s*[\"']([^\"'>]*)[\"']")
NAMES = {"utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "utf-8", "ascii": "utf-8",
         "utf-16": "utf-16", "utf-16le": "utf-16le", "utf-16be": "utf-16be"}  # fmt: skip


class SoapFault(Exception):
    """The message cannot be understood: a SOAP Fault of this code ("Client")."""

    def __init__(self, sentence: str, code: str = "Client") -> None:
        super().__init__(sentence)
        self.code = code


# --- what comes in ----------------------------------------------------------------------------


def operation(req: Request) -> etree._Element:
    """The ApplyPayment in the body of a request. Raises SoapFault, and Malformed for a body that
    did not come whole."""
    envelope = parse(whole_document(req), req.mimetype_params.get("charset"))
    _check_version(envelope)
    _check_action(req.headers.get("SOAPAction"))
    _check_headers(envelope)
    inside = elements(envelope.find(_soap("Body")))
    names = [etree.QName(each) for each in inside]
    if [(name.namespace, name.localname) for name in names] != [(ORDERING, "ApplyPayment")]:
        raise SoapFault(f"The Body must hold one ApplyPayment of the namespace {ORDERING}.")
    return inside[0]


def parse(raw: bytes, charset: str | None = None) -> etree._Element:
    """The root of a document. Raises SoapFault, before anything of it is parsed where there is a
    document type or an entity."""
    text = _decoded(raw, charset)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise SoapFault("A document type (DOCTYPE) or an entity is never read; send none.")
    try:
        root = etree.fromstring(text.encode(), _parser())
    except etree.XMLSyntaxError as error:
        line, column = error.position
        sentence = f"The body is no well-formed XML: line {line}, column {column}."
        raise SoapFault(sentence) from None
    if root.getroottree().xpath("boolean(//processing-instruction())"):
        raise SoapFault("A SOAP message holds no processing instruction; send none.")
    return root


def _parser() -> etree.XMLParser:
    """Of these bytes alone: UTF-8 whatever they say themselves, no entities, no DTD, no network."""
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
    )


def _decoded(raw: bytes, charset: str | None) -> str:
    """The text: a byte order mark decides, then the header, then the declaration."""
    marked = next((codec for mark, codec in MARKS if raw.startswith(mark)), None)
    codec = marked or _codec(charset or "utf-8")
    try:
        text = raw.decode(codec)
    except UnicodeDecodeError:
        shown = "UTF-16" if codec in UTF_16 else "UTF-8"
        raise SoapFault(f"The body is not valid {shown}.") from None
    if "\0" in text:
        raise SoapFault("The body holds NUL characters; send UTF-8, or UTF-16 with its mark.")
    declared = DECLARED.match(text)
    if declared and not charset and not marked and _codec(declared[1]) != "utf-8":
        _unknown_encoding()
    return text


def _codec(name: str) -> str:
    found = NAMES.get(name.lower())
    return found or _unknown_encoding()


def _unknown_encoding() -> NoReturn:
    raise SoapFault("The encoding of the body is not known; send UTF-8.")


def _soap(name: str) -> str:
    return f"{{{SOAP}}}{name}"


def elements(parent: etree._Element | None) -> list[etree._Element]:
    """The elements in another one, without comments."""
    return [] if parent is None else [each for each in parent if isinstance(each.tag, str)]


def _check_version(envelope: etree._Element) -> None:
    name = etree.QName(envelope)
    if name.localname != "Envelope":
        raise SoapFault("The body holds no SOAP Envelope.")
    if name.namespace != SOAP:
        sentence = f"The Envelope must be that of SOAP 1.1, of the namespace {SOAP}."
        raise SoapFault(sentence, "VersionMismatch")


def _check_action(came: str | None) -> None:
    if came is None or came.strip() in ("", '""'):
        raise SoapFault(f'The header SOAPAction is missing; it must be "{ACTION}".')
    if came.strip() not in (ACTION, f'"{ACTION}"'):
        raise SoapFault(f'The header SOAPAction names another call; it must be "{ACTION}".')


def _check_headers(envelope: etree._Element) -> None:
    """Header blocks are let through unread, unless somebody insists that we understand them."""
    for block in elements(envelope.find(_soap("Header"))):
        insists = block.get(_soap("mustUnderstand")) in ("1", "true")
        if insists and block.get(_soap("actor")) in TO_US:
            sentence = "A header block must be understood, and none is known here."
            raise SoapFault(sentence, "MustUnderstand")


# --- what goes out ----------------------------------------------------------------------------


def result(code: int, message: str) -> bytes:
    """An ApplyPaymentResult in its envelope."""
    envelope, body = _envelope()
    names = {None: ORDERING}
    response = etree.SubElement(body, f"{{{ORDERING}}}ApplyPaymentResponse", nsmap=names)  # type: ignore[arg-type]
    inside = etree.SubElement(response, f"{{{ORDERING}}}ApplyPaymentResult")
    etree.SubElement(inside, f"{{{ORDERING}}}Message").text = message
    etree.SubElement(inside, f"{{{ORDERING}}}ResultCode").text = str(code)
    return etree.tostring(envelope, encoding="utf-8")


def fault(code: str, message: str) -> bytes:
    envelope, body = _envelope()
    inside = etree.SubElement(body, _soap("Fault"))
    etree.SubElement(inside, "faultcode").text = f"s:{code}"
    etree.SubElement(inside, "faultstring").text = message
    return etree.tostring(envelope, encoding="utf-8")


def _envelope() -> tuple[etree._Element, etree._Element]:
    envelope = etree.Element(_soap("Envelope"), nsmap={"s": SOAP})
    return envelope, etree.SubElement(envelope, _soap("Body"))


def answer(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer in XML."""
    response = Response(body, status, content_type="text/xml; charset=utf-8")
    response.headers.update(NOT_KEPT)
    response.headers.update(headers or {})
    return response
