"""What K-Series clients send, and how it is told when it is wrong: codes and words of that wire."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from threading import Lock
from typing import Any

import marshmallow as ma
from flask import Request

from kit import documents
from kit.documents import (
    WHOLE,
    Document,
    JsonAmount,
    JsonFlag,
    JsonNumber,
    JsonText,
)
from kit.fields import Fault, Wire
from partners.authentication import caller
from partners.endpoints import NewEndpoint
from partners.errors import TargetRefused, TooManyRequests
from partners.targets import INWARDS, LONGEST, NOT_FOUND, Target, check_target

NAME = "kseries"
LONGEST_ACCOUNT = 50
LONGEST_REFERENCE = 50
LONGEST_NAME = 100  # of endpoints, methods and users
SHORTEST_TTL_MS, TTL_MS, INT32 = 60_000, 300_000, 2**31 - 1
NEGATIVE, ZERO = re.compile(r"-[0-9]+(\.[0-9]+)?", re.ASCII), re.compile(r"0+(\.0+)?")
INVALID_ACCOUNT = "Invalid account identifier"
LOOKED_UP = re.compile(f"{INWARDS}|{NOT_FOUND}")
UNSEEN = "its host cannot be found, or is in a private or local network"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A payment to apply, as it was asked for. An account is named by its identifier, by our
    booking's id, or by both."""

    business_location_id: int
    endpoint: str
    reference: str
    amount: Decimal
    tip: Decimal
    identifier: str | None
    account_id: int | None
    method: str | None
    ttl_ms: int
    staff_id: int | None
    device_id: int | None


# --- fields -----------------------------------------------------------------------------------


class _Told(Wire):
    """Mixed into fields: a missing value is told as the vendor does."""

    def _bind_to_schema(self, field_name: str, parent: Any) -> None:
        super()._bind_to_schema(field_name, parent)
        missing = Fault("NotNull", "must not be null")
        self.error_messages = {**self.error_messages, "required": missing}

    def below(self, text: str, least: str) -> ma.ValidationError:
        """That a number is too small, in the words for any other wrong one."""
        [told] = self.wrong(text, least).messages
        return self.fault("Min", str(told))


class Text(_Told, JsonText):
    def __init__(self, *, most: int, **options: Any) -> None:
        super().__init__(least=1, most=most, **options)


class Identifier(Text):
    """An account identifier: whatever is wrong with one is told in the vendor's words."""

    def read(self, text: str) -> str:
        try:
            return super().read(text)
        except ma.ValidationError:
            raise self.fault("Size", INVALID_ACCOUNT) from None


class EndpointId(Text):
    """Endpoints are shown and removed by addresses that end in their ids."""

    def read(self, text: str) -> str:
        found = super().read(text)
        if "/" in found or found in (".", "..") or not found.isprintable():
            sentence = f"{self.label} must be printable, without a slash, and not dots only."
            raise self.fault("Pattern", sentence)
        return found


class Address(Text):
    """Where a webhook leads, looked at whether we may go there.

    Which names there are in our own network is nobody's business: a host that is not found and one
    that is private are told in the same words. A resolver may be slow, so that one look-up at a
    time is enough for a partner. Raises TooManyRequests when it has another one under way.
    """

    def read(self, text: str) -> Target:  # type: ignore[override]
        url = super().read(text)
        try:
            with _alone(caller().partner_id):
                return check_target(url)
        except TargetRefused as refused:
            raise self.fault("URL", LOOKED_UP.sub(UNSEEN, refused.message)) from None


_looking_up: set[int] = set()
_one_by_one = Lock()


@contextmanager
def _alone(partner_id: int) -> Iterator[None]:
    with _one_by_one:
        if partner_id in _looking_up:
            raise TooManyRequests(1)
        _looking_up.add(partner_id)
    try:
        yield
    finally:
        _looking_up.discard(partner_id)


class UserName(Text):
    """Basic auth parts name and password at the first colon."""

    def read(self, text: str) -> str:
        if ":" in text:
            raise self.fault("Pattern", f"{self.label} must hold no colon.")
        return super().read(text)


class Whole(_Told, JsonNumber):
    def read(self, text: str) -> int:
        if WHOLE.fullmatch(text) and int(text) < self.least:
            raise self.below(text, f"{self.least} or more")
        return super().read(text)


class Amount(_Told, JsonAmount):
    def read(self, text: str) -> Decimal:
        if NEGATIVE.fullmatch(text) or (self.positive and ZERO.fullmatch(text)):
            raise self.below(text, "more than 0" if self.positive else "0 or more")
        return super().read(text)


class Flag(_Told, JsonFlag):
    pass


# --- documents --------------------------------------------------------------------------------


class PaymentIn(Document):
    """The body of POST /o/op/1/pay."""

    account_id = Whole(data_key="iKaccountId", load_default=None)
    identifier = Identifier(data_key="iKaccountIdentifier", most=LONGEST_ACCOUNT, load_default=None)
    reference = Text(data_key="thirdPartyPaymentReference", most=LONGEST_REFERENCE, required=True)
    endpoint = Text(data_key="endpointId", most=LONGEST_NAME, required=True)
    business_location_id = Whole(data_key="businessLocationId", required=True)
    ttl_ms = Whole(data_key="taskTtlInMs", least=SHORTEST_TTL_MS, most=INT32, load_default=TTL_MS)
    staff_id = Whole(data_key="staffId", load_default=None)
    device_id = Whole(data_key="deviceId", load_default=None)
    method = Text(data_key="paymentMethod", most=LONGEST_NAME, load_default=None)
    amount = Amount(data_key="paymentAmount", positive=True, required=True)
    tip = Amount(data_key="tipAmount", load_default=Decimal(0))

    @ma.validates_schema(pass_original=True, skip_on_field_errors=False)
    def _names_an_account(self, read: Mapping[str, Any], came: Any, **_: Any) -> None:
        number = read.get("account_id", "not readable")
        if came.get("iKaccountIdentifier") is None and not number:
            fault = Fault("NotNull", INVALID_ACCOUNT)
            raise ma.ValidationError({"iKaccountIdentifier": [fault]})

    @ma.post_load
    def _make(self, read: dict[str, Any], **_: Any) -> Order:
        return Order(**read | {"account_id": read["account_id"] or None})


class WebhookIn(Document):
    """The body of PUT and POST /o/wh/1/webhook."""

    name = EndpointId(data_key="endpointId", most=LONGEST_NAME, required=True)
    target = Address(data_key="url", most=LONGEST, required=True)
    with_basic_auth = Flag(data_key="withBasicAuth", load_default=False)
    username = UserName(most=LONGEST_NAME, load_default=None)
    password = Text(most=LONGEST_NAME, secret=True, load_default=None)
    provides_account = Flag(data_key="provideAccount", load_default=False)

    @ma.validates_schema(pass_original=True, skip_on_field_errors=False)
    def _has_what_basic_auth_needs(self, read: Mapping[str, Any], came: Any, **_: Any) -> None:
        missing = [name for name in ("username", "password") if came.get(name) is None]
        if read.get("with_basic_auth") and missing:
            fault = Fault("NotNull", "must not be null with withBasicAuth")
            raise ma.ValidationError({name: [fault] for name in missing})

    @ma.post_load
    def _make(self, read: dict[str, Any], **_: Any) -> NewEndpoint:
        signs_in: bool = read["with_basic_auth"]
        return NewEndpoint(
            name=read["name"],
            target=read["target"],
            kind=NAME,
            username=read["username"] if signs_in else None,
            secret=read["password"] if signs_in else None,
            provides_account=read["provides_account"],
        )


class AccountQuery(Document):
    """Which account a GET asks for: the end of its path, and its query string."""

    identifier = Identifier(data_key="accountIdentifier", most=LONGEST_ACCOUNT, required=True)
    business_location_id = Whole(data_key="businessLocationId", required=True)


def read_payment(req: Request) -> Order:
    """The payment in the body of a request. Raises Malformed with everything that is wrong."""
    order: Order = documents.load(PaymentIn(), documents.read(req))
    return order


def read_webhook(req: Request) -> NewEndpoint:
    """The endpoint in the body of a request. Raises Malformed with everything that is wrong."""
    endpoint: NewEndpoint = documents.load(WebhookIn(), documents.read(req))
    return endpoint


def read_account_query(req: Request, identifier: str) -> tuple[str, int]:
    """Identifier and businessLocationId. Raises Malformed with everything that is wrong."""
    came: dict[str, Any] = {
        name: values[0] if len(values) == 1 else Fault("repeated", f"{name} is given twice.")
        for name, values in req.args.lists()
    }
    read = documents.load(AccountQuery(), came | {"accountIdentifier": identifier})
    return read["identifier"], read["business_location_id"]


def webhook_shown(row: Any) -> dict[str, Any]:
    """An endpoint as it is answered: its password stays here."""
    return {
        "endpointId": row.name,
        "url": row.url,
        "withBasicAuth": row.username is not None,
        "username": row.username,
        "provideAccount": row.provides_account,
    }
