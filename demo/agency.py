"""What the demonstration agency consists of, apart from its bookings (shared by docs and tests)."""

from __future__ import annotations

import hashlib
from typing import Any

from kit.ids import OPAQUE, digest
from partners.scopes import SCOPES


def _opaque(name: str) -> str:
    """An id that looks random and is the same every time."""
    number = int.from_bytes(hashlib.sha512(name.encode()).digest(), "big")
    letters = []
    for _ in range(33):
        number, rest = divmod(number, len(OPAQUE))
        letters.append(OPAQUE[rest])
    return "".join(letters)


LOCATIONS: list[dict[str, Any]] = [
    {
        "id": 1,
        "name": "Azores Villas",
        "client_name": "azores",
        "business_location_id": 45454565682155,
        "token_hash": digest("your-location-token"),
        "currency": "EUR",
        "time_zone": "Atlantic/Azores",
        "mail_sender": "stay@azores.example.com",
        "is_demonstration": True,
        "overpayment": "accept",
    },
    {
        "id": 2,
        "name": "Cotswold Cottages",
        "client_name": "cotswolds",
        "business_location_id": 45454565682156,
        "token_hash": digest("cotswolds-location-token"),
        "currency": "GBP",
        "time_zone": "Europe/London",
        "mail_sender": "stay@cotswolds.example.com",
        "is_demonstration": True,
        "overpayment": "accept",
    },
]

CASA_AZUL, QUINTA_DO_MAR, ROSE_COTTAGE = 8849, 10132, 8900

# Tax 10 %, deposit 25 %, the balance 56 days before arrival, nothing kept of what is cancelled.
PAYMENT_RULES: list[dict[str, Any]] = [
    {
        "id": location_id,
        "location_id": location_id,
        "name": "Standard",
        "tax_rate": 10_00,
        "booking_fee": 25_00,
        "deposit_rate": 25_00,
        "balance_days": 56,
        "keeps": "nothing",
        "kept_rate": 0,
    }
    for location_id in (1, 2)
]


def _property(id: int, location_id: int, name: str) -> dict[str, Any]:
    return {
        "id": id,
        "location_id": location_id,
        "name": name,
        "payment_rule_id": location_id,
        "night_price": 100_00,
        "breakages_deposit": 200_00,
    }


PROPERTIES: list[dict[str, Any]] = [
    _property(CASA_AZUL, 1, "Casa Azul"),
    _property(ROSE_COTTAGE, 2, "Rose Cottage"),
    _property(QUINTA_DO_MAR, 1, "Quinta do Mar"),
]

EXTRAS = [{"id": 8297, "name": "Welcome basket"}, {"id": 9240, "name": "Cot"}]
PRICES = {8297: 50_00, 9240: 30_00}
PROPERTY_EXTRAS = [
    {"property_id": each["id"], "extra_id": extra_id, "price": price}
    for each in PROPERTIES
    for extra_id, price in PRICES.items()
]

SOURCES = [{"id": 1, "name": "Website"}, {"id": 2, "name": "Phone"}, {"id": 3, "name": "Owner"}]

PROCESSED, VIP, IN_PROGRESS, FAILED = 1, 2, 12, 20

TAGS: list[dict[str, Any]] = [
    {
        "id": PROCESSED,
        "name": "Payment Processed",
        "colour": "#1f8a57",
        "role": "payment_processed",
    },
    {"id": VIP, "name": "VIP", "colour": "#8a5cc0", "role": None},
    {
        "id": IN_PROGRESS,
        "name": "Website Booking in Progress",
        "colour": "#2b87ad",
        "role": "website_booking_in_progress",
    },
    {"id": FAILED, "name": "Payment Failed", "colour": "#c4332b", "role": "payment_failed"},
]


def _method(
    name: str, code: str | None, kind: str, manual: bool, paying: str | None, **other: Any
) -> dict[str, Any]:
    return {
        "name": name,
        "code": code,
        "kind": kind,
        "manual_prohibited": not manual,
        "from_outside": paying is not None,
        "paying": paying or "on_site",
        "comment": "",
        "public_id": _opaque(name),
        "number": None,
        "is_refund": False,
        "takes_tips": False,
        "for_guests": False,
    } | other


METHODS: list[dict[str, Any]] = [
    {"id": place, **method}
    for place, method in enumerate(
        [
            _method("PayPal", "PAYPAL", "bank", False, "both", number=3),
            _method("Debit Card", "DEBIT", "bank", True, "both", number=2, for_guests=True),
            _method("Credit Card", "VISA", "bank", False, "external",
                    comment="Card payment through SagePay", for_guests=True),
            _method("Card at the desk", "DESKCARD", "bank", True, "on_site"),
            _method("BankTransfer", "TRANSFER", "bank", True, "both"),
            _method("Cash", "CASH", "cash", True, None),
            _method("Cheque", None, "cheque", True, None),
            _method("EPOS System", "EPOS", "bank", False, "external",
                    public_id="93AGQTGJBKVCQVRRKBVCCRTPJTBKCNLBH"),
            _method("Quick Donation", "DONATE", "bank", False, "external",
                    public_id="7641ANMTGPDKSKCSGLJHMMLMMQCKCNQGP"),
            _method("EPOS Refund", "EPOSREFUND", "bank", False, "external", is_refund=True),
            _method("Online ordering", "OOPAYMENT", "bank", False, "external", takes_tips=True),
            _method("External tender", "TENDER1", "bank", False, "external", number=1,
                    takes_tips=True),
        ],
        start=1,
    )
]  # fmt: skip

ATTRIBUTES: list[dict[str, Any]] = [
    {"method_id": 8, "name": "Reference", "position": 1, "required": False},
    {"method_id": 8, "name": "Receipt Number", "position": 2, "required": False},
    {"method_id": 8, "name": "Payment ref", "position": 3, "required": False},
    {"method_id": 9, "name": "Reference number", "position": 1, "required": False},
]

PARTNERS: list[dict[str, Any]] = [
    {
        "id": 1,
        "name": "Demonstration",
        "client_id": "demo",
        "secret_hash": digest("demo-secret"),
        "scopes": " ".join(SCOPES),
        "may_waive_commission": True,
    },
    {
        "id": 2,
        "name": "Read only",
        "client_id": "readonly",
        "secret_hash": digest("readonly-secret"),
        "scopes": "bookings:read payments:read",
        "may_waive_commission": False,
    },
    {
        "id": 3,
        "name": "Cotswolds only",
        "client_id": "cotswolds",
        "secret_hash": digest("cotswolds-secret"),
        "scopes": " ".join(SCOPES),
        "may_waive_commission": False,
    },
]

PARTNER_LOCATIONS = [
    {"partner_id": 1, "location_id": 1},
    {"partner_id": 1, "location_id": 2},
    {"partner_id": 2, "location_id": 1},
    {"partner_id": 2, "location_id": 2},
    {"partner_id": 3, "location_id": 2},
]

# What the sample requests of the partners' formats are signed with. Known to everybody, and only in
# the demonstration.
SPEKTRIX_SECRET = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="  # noqa: S105
EVENTS_SECRET = "whsec_dGhlIGRlbW9uc3RyYXRpb24ncyBvd24gc2VjcmV0ISE="  # noqa: S105
CREDENTIALS: list[dict[str, Any]] = [
    {"id": 1, "partner_id": 1, "kind": "spektrix", "lookup": "demo", "secret": SPEKTRIX_SECRET},
    {"id": 2, "partner_id": 1, "kind": "brink", "lookup": digest("your-access-token")},
    {"id": 3, "partner_id": 1, "kind": "iiko", "lookup": digest("demo")},
]

ENDPOINTS: list[dict[str, Any]] = [
    {
        "id": 1,
        "partner_id": 1,
        "kind": "kseries",
        "name": "MY-AWESOME-ENDPOINT-ID",
        "url": "http://127.0.0.1:9009/kseries",
    },
    {
        "id": 2,
        "partner_id": 1,
        "kind": "events",
        "name": "demo",
        "url": "http://127.0.0.1:9009/events",
        "secret": EVENTS_SECRET,
    },
]

# Online ordering, for K-Series payments that name no method.
DEFAULT_METHODS = [{"location_id": 1, "method_id": 11}]

TRANSFER = next(row["id"] for row in METHODS if row["name"] == "BankTransfer")
# Numbers that registries print as examples.
BANK_ACCOUNTS: list[dict[str, Any]] = [
    {
        "id": 1,
        "name": "Azores current account",
        "number": "PT50000201231234567890154",
        "currency": "EUR",
        "location_id": 1,
        "method_id": TRANSFER,
    },
    {
        "id": 2,
        "name": "Cotswolds current account",
        "number": "GB29NWBK60161331926819",
        "currency": "GBP",
        "location_id": 2,
        "method_id": TRANSFER,
    },
]

PASSWORD = "demo-password"  # noqa: S105, known to everybody, and only in the demonstration
STAFF: list[dict[str, Any]] = [
    {"id": 1, "email": "admin@example.com", "role": "administrator"},
    {"id": 2, "email": "manager@example.com", "role": "manager"},
    {"id": 3, "email": "operator@example.com", "role": "operator"},
]
