"""Opayo's server as these tests play it, and orders to it."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import md5
from typing import Any

from kit.money import Money
from payments.gateways.gateway import Kind, Order, Visit
from payments.gateways.opayo.gateway import Opayo
from payments.gateways.opayo.notices import SIGNED

VENDOR, URL = "ExampleVillas", "https://opayo.example.com"
OPAYO = Opayo(VENDOR, URL)
CODE = "BPabcdefghijklmnopqrstuvwx"
STORED = {
    "SagepaySecurityKey": "OWJF9A8V7Q",
    "SagepayVendorTxCode": "vendor-2026-0042",
    "SagepayVPSTxId": "{C3B29A34-1D3D-4B0C-8F4E-CC5A8D6F27B2}",
    "SagepayTxAuthNo": "4349874332",
}
NEW = {
    "SagepaySecurityKey": "K8RTWZ2PQ1",
    "SagepayVendorTxCode": CODE,
    "SagepayVPSTxId": "{6F1C2A52-0B7E-4F9D-9E54-2A0D7C1B8E33}",
    "SagepayTxAuthNo": "7712345",
}
PAGE = {"SecurityKey": "K8RTWZ2PQ1", "Amount": "248.00", "Currency": "EUR"}
SECRETS = [*STORED.values(), "K8RTWZ2PQ1", "{6F1C2A52-0B7E-4F9D-9E54-2A0D7C1B8E33}"]


def order(kind: Kind, amount: str = "100.00", currency: str = "EUR", **other: Any) -> Order:
    secrets = {} if kind == "pay" else STORED
    given: dict[str, Any] = {
        "kind": kind,
        "code": CODE,
        "amount": Money.parse(amount, currency),
        "description": "Booking 4354",
        "secrets": secrets,
    }
    return Order(**given | other)


def visit(**other: str | None) -> Visit:
    given: dict[str, Any] = {
        "back_url": "https://pay.example.com/pay/link/back/code",
        "notice_url": "https://pay.example.com/pay/notices/opayo",
        "locale": "pt_PT",
        "first_name": "Maria João",
        "last_name": "Silva",
        "email": "maria@example.com",
        "address1": "Rua das Flores 8, 2.º",
        "city": "Ponta Delgada",
        "postcode": "9500-123",
        "country": "Portugal",
    }
    return Visit(**given | other)


def service(name: str) -> str:
    """The address of one of its services."""
    return f"{URL}/gateway/service/{name}.vsp"


def lines(values: Mapping[str, str]) -> bytes:
    """An answer as it comes."""
    return "".join(f"{name}={value}\r\n" for name, value in values.items()).encode("iso-8859-1")


def answered(status: str = "OK", detail: str = "", **more: str) -> bytes:
    return lines({"VPSProtocol": "4.00", "Status": status, "StatusDetail": detail, **more})


def repeated() -> bytes:
    """The answer to a REPEAT that the bank has taken."""
    return answered(
        "OK",
        "0000 : The Authorisation was Successful.",
        VPSTxId=NEW["SagepayVPSTxId"],
        TxAuthNo=NEW["SagepayTxAuthNo"],
        SecurityKey=NEW["SagepaySecurityKey"],
    )


def opened(code: str = CODE) -> bytes:
    """The answer to a registration."""
    return answered(
        "OK",
        "2014 : The Transaction was Registered Successfully.",
        VPSTxId=NEW["SagepayVPSTxId"],
        SecurityKey=NEW["SagepaySecurityKey"],
        NextURL=f"{URL}/gateway/service/cardselection?vpstxid={code}",
    )


NOTICE = {
    "VPSProtocol": "4.00",
    "TxType": "PAYMENT",
    "VendorTxCode": CODE,
    "VPSTxId": NEW["SagepayVPSTxId"],
    "Status": "OK",
    "StatusDetail": "0000 : The Authorisation was Successful.",
    "TxAuthNo": NEW["SagepayTxAuthNo"],
    "AVSCV2": "SECURITY CODE MATCH ONLY",
    "AddressResult": "NOTMATCHED",
    "PostCodeResult": "NOTMATCHED",
    "CV2Result": "MATCHED",
    "GiftAid": "0",
    "3DSecureStatus": "OK",
    "CAVV": "AAABARR5kwAAAAAAAAAAAAAAAAA=",
    "CardType": "VISA",
    "Last4Digits": "0006",
    "DeclineCode": "00",
    "ExpiryDate": "1230",
    "BankAuthCode": "999777",
    "ACSTransID": "3f6c5a8e-6c55-4a3b-9f1c-1f0f7b2f5d11",
    "DSTransID": "8b1d2a77-02c4-4ed1-9a43-54d6d8a55c90",
    "SchemeTraceID": "MCC000000355",
}


def notice(key: str = PAGE["SecurityKey"], **changes: str) -> dict[str, str]:
    """A notice as Opayo sends it, signed with the key."""
    form = NOTICE | changes
    ours = {"VendorName": VENDOR.lower(), "SecurityKey": key}
    text = "".join({**form, **ours}.get(name, "") for name in SIGNED)
    return form | {"VPSSignature": md5(text.encode(), usedforsecurity=False).hexdigest().upper()}
