"""What Opayo's server tells of a page, and what it is answered. Pure.

Opayo takes the money only after it was answered OK; answered anything else, or nothing, it takes
none. The signature is an MD5 sum over values and a key that only Opayo and we know: no choice of
ours, the protocol has no other.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from hashlib import md5

from kit.money import Money
from payments.gateways.gateway import UNKNOWN, Outcome
from payments.gateways.opayo.answers import failed, kept

# The values that are signed, in the order of the protocol (4.00 added the last three). Of the
# vendor and the key each side puts its own.
SIGNED = (
    "VPSTxId", "VendorTxCode", "Status", "TxAuthNo", "VendorName", "AVSCV2", "SecurityKey",
    "AddressResult", "PostCodeResult", "CV2Result", "GiftAid", "3DSecureStatus", "CAVV",
    "AddressStatus", "PayerStatus", "CardType", "Last4Digits", "DeclineCode", "ExpiryDate",
    "FraudResponse", "BankAuthCode", "ACSTransID", "DSTransID", "SchemeTraceID",
)  # fmt: skip
FAILED = ("NOTAUTHED", "REJECTED", "INVALID", "MALFORMED", "ERROR")
KEY, AMOUNT, CURRENCY = "SecurityKey", "Amount", "Currency"
LINE_END = "\r\n"


def signature(form: Mapping[str, str], vendor: str, key: str) -> str:
    """What a notice of ours is signed with."""
    ours = {"VendorName": vendor.lower(), "SecurityKey": key}
    text = "".join(ours[name] if name in ours else form.get(name, "") for name in SIGNED)
    return md5(text.encode(errors="replace"), usedforsecurity=False).hexdigest().upper()


def is_signed(form: Mapping[str, str], vendor: str, key: str) -> bool:
    """Whether it is from Opayo; never without a key."""
    given = form.get("VPSSignature", "").strip().upper().encode(errors="replace")
    same = hmac.compare_digest(signature(form, vendor, key).encode(), given)
    return bool(key) and same


def outcome_of(form: Mapping[str, str], page: Mapping[str, str]) -> Outcome:
    """What a believed notice tells. `page` is what was kept of the registration."""
    status = form.get("Status", "")
    if status == "ABORT":
        # The guest left, or did nothing for a quarter of an hour.
        return Outcome("cancelled")
    if status in FAILED:
        return failed(status, form)
    return _paid(form, page) if status == "OK" else UNKNOWN


def reply(understood: bool, back_url: str) -> str:
    """The body of the answer; "Status=" must be its very beginning."""
    status, detail = ("OK", "Recorded") if understood else ("INVALID", "Not recorded: take nothing")
    return LINE_END.join(
        (f"Status={status}", f"RedirectURL={back_url}", f"StatusDetail={detail}", "")
    )


def _paid(form: Mapping[str, str], page: Mapping[str, str]) -> Outcome:
    try:
        amount = _amount(form, page)
    except (KeyError, ValueError):
        return UNKNOWN
    digits, card = form.get("Last4Digits", ""), form.get("CardType", "")
    return Outcome(
        "succeeded",
        amount=amount,
        secrets=kept(
            form.get("VendorTxCode", ""),
            form.get("VPSTxId", ""),
            page[KEY],
            form.get("TxAuthNo", ""),
        ),
        last_digits=digits if len(digits) == 4 and digits.isascii() and digits.isdigit() else None,
        card_type=card if 0 < len(card) <= 20 and card.isascii() and card.isalnum() else None,
    )


def _amount(form: Mapping[str, str], page: Mapping[str, str]) -> Money:
    """What was ordered, and what Opayo has put on top for the kind of card."""
    ordered = Money.parse(page[AMOUNT], page[CURRENCY])
    surcharge = form.get("Surcharge", "").strip()
    return ordered + Money.parse(surcharge, page[CURRENCY]) if surcharge else ordered
