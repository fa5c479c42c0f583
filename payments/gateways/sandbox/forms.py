"""What programs send to the sandbox: forms in the house dialect."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import marshmallow as ma
from marshmallow import post_load, validates_schema

from kit.currencies import codes
from kit.fields import Amount, Fault, PlainText, Typed
from kit.form import Form
from kit.money import Money, TooManyDecimals

CODE = r"[A-Za-z0-9._-]{1,50}"
LONGEST_ADDRESS = 1900
# Nothing that could end the header it becomes part of, or be read as another host.
HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page to pay on, as a program orders it. `code` is the program's own; `back_url` is where
    the guest's browser goes from there."""

    code: str
    amount: Money
    description: str
    back_url: str


class Currency(Typed):
    """The code of a currency. A sign such as $ would leave open which one."""

    hint = "the ISO code of a currency, such as EUR"

    def read(self, text: str) -> str:
        code = text.upper()
        if not text.isascii() or code not in codes():
            raise self.wrong(text)
        return code


class Address(PlainText):
    """An address that a browser is sent to."""

    def __init__(self, **options: Any) -> None:
        hint = "an address that begins with http:// or https://, without user and fragment"
        super().__init__(most=LONGEST_ADDRESS, hint=hint, **options)

    def read(self, text: str) -> str:
        url = super().read(text)
        if not url.isascii() or not url.isprintable() or " " in url:
            raise self.wrong(url)
        try:
            parts = urlsplit(url)
            host, port = parts.netloc, parts.port
        except ValueError:
            raise self.wrong(url) from None
        if port is not None:
            host = host.rpartition(":")[0]
        if parts.scheme not in ("http", "https") or not HOST.fullmatch(host) or parts.fragment:
            raise self.wrong(url)
        return url


class OpenForm(Form):
    """The body of POST /sandbox/transactions."""

    amount = Amount(data_key="Amount", required=True, positive=True)
    currency = Currency(data_key="Currency", required=True)
    code = PlainText(
        data_key="Code", required=True, most=50, pattern=CODE, hint="1 to 50 of A-Z a-z 0-9 . _ -"
    )
    description = PlainText(data_key="Description", most=200, load_default="")
    back_url = Address(data_key="BackUrl", required=True)

    @validates_schema(skip_on_field_errors=False)
    def check_decimals(self, values: Mapping[str, Any], **_: Any) -> None:
        if "amount" not in values or "currency" not in values:
            return
        try:
            Money.of(values["amount"], values["currency"])
        except TooManyDecimals as error:
            raise ma.ValidationError({"Amount": [Fault("invalid", f"{error}.")]}) from None

    @post_load
    def command(self, values: dict[str, Any], **_: Any) -> Wanted:
        return Wanted(
            values["code"],
            Money.of(values["amount"], values["currency"]),
            values["description"],
            values["back_url"],
        )
