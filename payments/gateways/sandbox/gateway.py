"""The sandbox as a gateway: what a real provider would be asked over the network is a call here,
with all that can go wrong on the way."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from payments.gateways.gateway import UNKNOWN, Decline, Kind, Notice, Order, Outcome, Page, Visit
from payments.gateways.sandbox import engine
from payments.gateways.sandbox.behaviour import REASONS, SLOW_S, Behaviour, behaviour
from payments.gateways.sandbox.engine import Transaction

NAME = "sandbox"
TOKEN = "PaymentToken"  # noqa: S105 (a name, no secret)
STATUSES = {"open": "pending", "pending": "pending", "paid": "succeeded", "declined": "failed",
            "closed": "cancelled"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Answers by amount. `key` signs its notices; `page_of` is the address of a page of its own;
    `sleep` is for tests that have no time."""

    key: bytes = field(repr=False)
    page_of: Callable[[str], str]
    sleep: Callable[[float], None] = time.sleep

    @property
    def name(self) -> str:
        return NAME

    @property
    def title(self) -> str:
        return "Sandbox"

    @property
    def pages(self) -> tuple[str, ...]:
        return ()

    @property
    def waits_for_us(self) -> bool:
        return False

    def can(self, kind: Kind, secrets: Mapping[str, str]) -> bool:
        return kind == "pay" or bool(secrets)

    def lacks(self, visit: Visit) -> tuple[str, ...]:
        return ()

    def perform(self, order: Order) -> Outcome:
        goes = behaviour(order.amount.minor)
        if goes.answer in ("unheard", "error"):
            return UNKNOWN
        done = engine.do(order.kind, order.code, order.amount, goes, order.related)
        return self._travelled(goes, done)

    def _travelled(self, goes: Behaviour, done: Transaction) -> Outcome:
        if goes.answer == "slow":
            self.sleep(SLOW_S)
        return UNKNOWN if goes.answer in ("lost", "nonsense") else _outcome(done)

    def start(self, order: Order, visit: Visit) -> Page | Outcome:
        if behaviour(order.amount.minor).answer == "unheard":
            return UNKNOWN
        opened = engine.open_page(
            order.code, order.amount, order.description, visit.back_url, visit.notice_url
        )
        return Page(self.page_of(str(opened.page)))

    def give_up(self, code: str) -> Outcome:
        return _outcome(engine.close(code))

    def ask(self, code: str) -> Outcome:
        return _outcome(engine.look(code))

    def notice(self, form: Mapping[str, str]) -> Notice | None:
        code = form.get("code")
        return Notice(code, dict(form)) if code else None

    def believe(self, notice: Notice, secrets: Mapping[str, str]) -> Outcome | None:
        """The notice says that there is news; what it is the sandbox is asked."""
        given = notice.form.get("signature", "")
        if not hmac.compare_digest(self.signature(notice.code).encode(), given.encode()):
            return None
        return self.ask(notice.code)

    def reply(self, understood: bool, back_url: str) -> str:
        return "OK" if understood else "LATER"

    def signature(self, code: str) -> str:
        """What a notice about this code carries."""
        return hmac.new(self.key, code.encode(), sha256).hexdigest()


def _outcome(found: Transaction | None) -> Outcome:
    if found is None:
        return Outcome("missing")
    status = STATUSES[found.state]
    decline: Decline | None = found.decline if status == "failed" else None  # type: ignore[assignment]
    return Outcome(
        status=status,  # type: ignore[arg-type]
        amount=found.money,
        decline=decline,
        reason=REASONS[decline] if decline else None,
        secrets={TOKEN: found.token} if status == "succeeded" else {},
        last_digits=found.last_digits or None,
        card_type="Sandbox" if found.last_digits else None,
    )
