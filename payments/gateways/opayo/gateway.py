"""Opayo as a gateway.

It cannot be asked by this protocol: when an answer is lost, staff are shown the case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog

from payments.gateways.gateway import UNKNOWN, Kind, Notice, Order, Outcome, Page, Visit
from payments.gateways.opayo import answers, messages, notices
from payments.gateways.opayo.wire import post
from payments.schemas import SAGEPAY

NAME = "opayo"
OPENED = ("OK", "OK REPEATED")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Opayo:
    """`vendor` is the name that Opayo knows the agency by; `url` its service, without a path."""

    vendor: str
    url: str

    @property
    def name(self) -> str:
        return NAME

    @property
    def title(self) -> str:
        return "Opayo"

    @property
    def pages(self) -> tuple[str, ...]:
        return (_origin(self.url),)

    @property
    def waits_for_us(self) -> bool:
        return True

    def can(self, kind: Kind, secrets: Mapping[str, str]) -> bool:
        return kind == "pay" or all(secrets.get(name) for name in SAGEPAY)

    def lacks(self, visit: Visit) -> tuple[str, ...]:
        return messages.missing(visit)

    def perform(self, order: Order) -> Outcome:
        values = post(self._service(order.kind), messages.act(order, self.vendor))
        return answers.outcome_of(order, values)

    def start(self, order: Order, visit: Visit) -> Page | Outcome:
        if lacking := self.lacks(visit):
            # Nobody is sent here without; when the contact was changed meanwhile nothing was tried.
            log.warning("opayo_guest_not_known_enough", code=order.code, missing=lacking)
            return Outcome("cancelled")
        fields = messages.registration(order, visit, self.vendor)
        values = post(self._service(order.kind), fields)
        if values.get("Status") not in OPENED:
            return answers.outcome_of(order, values)
        return self._page(order, values)

    def give_up(self, code: str) -> Outcome:
        """Opayo has no such call; its page closes by itself."""
        return Outcome("pending")

    def ask(self, code: str) -> Outcome:
        return UNKNOWN

    def notice(self, form: Mapping[str, str]) -> Notice | None:
        code = form.get("VendorTxCode", "")
        return Notice(code, dict(form)) if code and form.get("VPSSignature") else None

    def believe(self, notice: Notice, secrets: Mapping[str, str]) -> Outcome | None:
        if not notices.is_signed(notice.form, self.vendor, secrets.get(notices.KEY, "")):
            return None
        return notices.outcome_of(notice.form, secrets)

    def reply(self, understood: bool, back_url: str) -> str:
        return notices.reply(understood, back_url)

    def _service(self, kind: Kind) -> str:
        return f"{self.url.rstrip('/')}/gateway/service/{messages.SERVICES[kind]}"

    def _page(self, order: Order, values: Mapping[str, str]) -> Page | Outcome:
        """The page that was opened; the same again when it is opened twice. Browsers are let go to
        the service's own pages only (`pages`)."""
        url, key = values.get("NextURL", ""), values.get(notices.KEY, "")
        if not key or _origin(url) not in self.pages:
            log.error("opayo_page_not_understood", code=order.code)
            return UNKNOWN
        return Page(
            url,
            {
                notices.KEY: key,
                notices.AMOUNT: order.amount.plain,
                notices.CURRENCY: order.amount.currency,
            },
        )


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower()
