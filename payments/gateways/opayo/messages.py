"""What Opayo is told: the fields of each message, in the order of its documents. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from kit.locales import country_code
from payments.gateways.gateway import Kind, Order, Visit
from payments.gateways.opayo.answers import SECURITY_KEY, TX_AUTH_NO, VENDOR_TX_CODE, VPS_TX_ID
from payments.gateways.opayo.wire import CHARSET

PROTOCOL = "4.00"
LONGEST_DESCRIPTION, LONGEST_EMAIL, LONGEST_CODE = 100, 80, 40
TYPES: Mapping[Kind, str] = {
    "charge": "REPEAT", "refund": "REFUND", "release": "RELEASE", "abort": "ABORT", "void": "VOID",
}  # fmt: skip
# Where a message goes to, below the address of the service.
SERVICES: Mapping[Kind, str] = {
    "pay": "vspserver-register.vsp",
    **{kind: f"{name.lower()}.vsp" for kind, name in TYPES.items()},
}
# A card that the guest gave before is charged by us, not by the guest, and on no fixed days.
NOT_BY_GUEST = {"COFUsage": "SUBSEQUENT", "InitiatedType": "MIT", "MITType": "UNSCHEDULED"}
# Names and the longest values of an address, and the signs that it may hold besides letters.
NAMES, PLACES = " /\\&.'-", " +'/\\&:,.-()0123456789"
POSTCODES = " -0123456789"


def act(order: Order, vendor: str) -> dict[str, str]:
    """Charge, refund, release, abort or void, of the transaction that `order.secrets` are of."""
    head = {"VPSProtocol": PROTOCOL, "TxType": TYPES[order.kind], "Vendor": vendor}
    if order.kind in ("charge", "refund"):
        made = {**head, **_new(order), **_related(order.secrets)}
        return made | NOT_BY_GUEST if order.kind == "charge" else made
    named = {**head, **_named(order.secrets)}
    return named | {"ReleaseAmount": order.amount.plain} if order.kind == "release" else named


def registration(order: Order, visit: Visit, vendor: str) -> dict[str, str]:
    """Open a page to pay on."""
    email = (visit.email or "").strip()
    billing = _address(visit)
    return {
        "VPSProtocol": PROTOCOL,
        "TxType": "PAYMENT",
        "Vendor": vendor,
        **_new(order),
        "NotificationURL": visit.notice_url,
        **{f"Billing{name}": value for name, value in billing.items()},
        **{f"Delivery{name}": value for name, value in billing.items()},
        **({"CustomerEMail": email} if email and len(email) <= LONGEST_EMAIL else {}),
    }


def missing(visit: Visit) -> tuple[str, ...]:
    """What Opayo asks for of the guest, by its names, and a registration would not have."""
    return tuple(f"Billing{name}" for name, value in _address(visit).items() if not value)


def _new(order: Order) -> dict[str, str]:
    return {
        "VendorTxCode": order.code[:LONGEST_CODE],
        "Amount": order.amount.plain,
        "Currency": order.amount.currency,
        "Description": latin(order.description)[:LONGEST_DESCRIPTION],
    }


def _related(secrets: Mapping[str, str]) -> dict[str, str]:
    return {
        "RelatedVPSTxId": secrets[VPS_TX_ID],
        "RelatedVendorTxCode": secrets[VENDOR_TX_CODE],
        "RelatedSecurityKey": secrets[SECURITY_KEY],
        "RelatedTxAuthNo": secrets[TX_AUTH_NO],
    }


def _named(secrets: Mapping[str, str]) -> dict[str, str]:
    """These messages make no transaction: they carry the code of the one they are about."""
    return {
        "VendorTxCode": secrets[VENDOR_TX_CODE],
        "VPSTxId": secrets[VPS_TX_ID],
        "SecurityKey": secrets[SECURITY_KEY],
        "TxAuthNo": secrets[TX_AUTH_NO],
    }


def _address(visit: Visit) -> dict[str, str]:
    country = country_code(visit.country) or ""
    found = {
        "Surname": _plain(visit.last_name, NAMES, 20),
        "Firstnames": _plain(visit.first_name, NAMES, 20),
        "Address1": _plain(visit.address1, PLACES, 50),
        "City": _plain(visit.city, PLACES, 40),
        "PostCode": _plain(visit.postcode, POSTCODES, 10),
        "Country": country,
    }
    if country == "US":
        state = visit.state.strip().upper()
        found["State"] = state if len(state) == 2 else ""
    return found


def _plain(text: str, signs: str, longest: int) -> str:
    """Without what Opayo refuses a field for, each such sign a space; and cut."""
    kept = (each if each.isalpha() or each in signs else " " for each in latin(text))
    return " ".join("".join(kept).split())[:longest].strip()


def latin(text: str) -> str:
    """In letters that Opayo can read: "Dvořák" as "Dvorák"; those of other alphabets go."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(
        each if each in _LATIN else _bare(each) for each in composed if each.isprintable()
    )


def _bare(letter: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFKD", letter) if each in _LATIN)


_LATIN = frozenset(bytes(range(256)).decode(CHARSET))
