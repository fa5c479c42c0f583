"""What Opayo's answers mean. Pure; docs/opayo.md has the same as tables, with their sources."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kit.cards import has_card_number
from payments.gateways.gateway import UNKNOWN, Decline, Kind, Order, Outcome
from payments.schemas import SAGEPAY

SECURITY_KEY, VENDOR_TX_CODE, VPS_TX_ID, TX_AUTH_NO = SAGEPAY

# Words of a status after which no money has moved, and the kind that it comes down to unless the
# code says more. Every other word but OK is one that nobody can act upon.
FAILED: Mapping[str, Decline] = {
    "NOTAUTHED": "declined",
    "REJECTED": "refused_by_us",
    "INVALID": "provider_fault",
    "MALFORMED": "provider_fault",
}

_KINDS: Mapping[Decline, tuple[int, ...]] = {
    "declined": (2000, 5025),
    "expired": (5013,),
    "wrong_details": (
        4021, 4022, 4023, 4024, 4025, 4048, 5010, 5011, 5014, 5015, 5016, 5017, 5018, 5019, 5026,
        5027, 5028, 5995,
    ),
    "not_authenticated": (4026, 4027, 4046, 5029),
    "refused_by_us": (2001, 4043),
    "provider_fault": (2002, 2008, 2009, 5996),
}  # fmt: skip
# The code that a StatusDetail begins with ("2000 : The Authorisation was Declined by the bank.").
DECLINES: Mapping[int, Decline] = {
    code: decline for decline, codes in _KINDS.items() for code in codes
}
# A transaction with this VendorTxCode is there already: it may be the very one that was asked for.
USED_BEFORE = frozenset({4001, 4002, 4003, 4004, 4005, 4042})
# What was asked for was done before, by somebody at Opayo's own desk or by a call whose answer was
# lost: it is so. A release may have been for less, and the answer does not say how much.
DONE_BEFORE: Mapping[Kind, tuple[int, Outcome]] = {
    "abort": (4040, Outcome("succeeded")),
    "void": (4036, Outcome("succeeded")),
    "release": (4038, UNKNOWN),
}

CODE = re.compile(r"([0-9]{4}) *:", re.ASCII)
LONGEST_REASON = 400


def outcome_of(order: Order, values: Mapping[str, str]) -> Outcome:
    """What has become of an order, from the values of the answer ({}: there was none)."""
    status = values.get("Status", "")
    if status == "OK":
        return Outcome("succeeded", secrets=_secrets(order, values))
    if status not in FAILED:
        return UNKNOWN
    code = code_of(values)
    if status in ("INVALID", "MALFORMED"):
        if code in USED_BEFORE:
            return UNKNOWN
        done = DONE_BEFORE.get(order.kind)
        if done is not None and done[0] == code:
            return done[1]
    return failed(status, values)


def failed(status: str, values: Mapping[str, str]) -> Outcome:
    """A failure, with its kind and the provider's own words."""
    default = FAILED.get(status, "provider_fault")
    decline = DECLINES.get(code_of(values) or 0, default)
    return Outcome("failed", decline=decline, reason=_reason(status, values))


def code_of(values: Mapping[str, str]) -> int | None:
    """The number that the detail begins with."""
    match = CODE.match(values.get("StatusDetail", "").strip())
    return int(match[1]) if match else None


def kept(code: str, vps_tx_id: str, security_key: str, tx_auth_no: str) -> dict[str, str]:
    """The four values that a transaction is refunded or repeated by; {} unless all are there."""
    found = {
        SECURITY_KEY: security_key,
        VENDOR_TX_CODE: code,
        VPS_TX_ID: vps_tx_id,
        TX_AUTH_NO: tx_auth_no,
    }
    return found if all(found.values()) else {}


def _secrets(order: Order, values: Mapping[str, str]) -> dict[str, str]:
    """Of the transaction that a REPEAT has made; the others are about one that is stored."""
    if order.kind != "charge":
        return {}
    names = ("VPSTxId", "SecurityKey", "TxAuthNo")
    return kept(order.code, *(values.get(name, "") for name in names))


def _reason(status: str, values: Mapping[str, str]) -> str:
    """For staff: as Opayo wrote it, on one line, and the bank's own code if it is told."""
    detail = "".join(each if each.isprintable() else " " for each in values.get("StatusDetail", ""))
    bank = values.get("DeclineCode", "")
    told = f"{status} {' '.join(detail.split())}".strip()
    if re.fullmatch("[0-9A-Z]{1,4}", bank, re.ASCII):
        told += f" (the bank's code: {bank})"
    if has_card_number(told):
        return f"{status} (withheld: it holds what looks like a card number)"
    return told[:LONGEST_REASON]
