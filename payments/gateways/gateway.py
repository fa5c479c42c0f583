"""What a card provider is to us: the one interface that every gateway has.

A gateway never raises: what went wrong on the way is an outcome, too ("unknown"), because money may
have moved all the same. Whoever calls it has stored the intent before, and stores the outcome
after; no transaction is open meanwhile. Every call carries the intent's own code, unique for ever:
a provider that is told the same code twice moves money once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from kit.money import Money

# pay: the guest pays on a page of the provider's; charge: a stored card, or transaction, is charged
# again. The others are about money, or a promise, that the provider has of an earlier transaction.
Kind = Literal["pay", "charge", "refund", "release", "abort", "void"]
TAKES_MONEY: tuple[Kind, ...] = ("pay", "charge")

# succeeded, failed: it is so for good. pending: the provider will know later. unknown: no answer,
# or none that can be understood. missing: the provider has never heard of the code. cancelled: it
# was given up before anything was tried.
Status = Literal["succeeded", "failed", "pending", "unknown", "missing", "cancelled"]

# Why a card was not charged: the provider's many codes come down to these. The guest's page has a
# sentence for each of them.
Decline = Literal[
    "declined", "no_funds", "expired", "wrong_details", "not_authenticated", "limit", "fraud",
    "refused_by_us", "provider_fault",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Order:
    """What the gateway is to do. `code` is the intent's, unique; `amount` more than 0; `secrets`
    are the stored values of the card or transaction that it is about, by the names of the house
    format (PaymentToken, SagepayVPSTxId ...); `related` is the code of the earlier intent that it
    is about, if it was one of ours. `description` names no guest."""

    kind: Kind
    code: str
    amount: Money
    description: str
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    related: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What has become of an order, as far as the gateway knows.

    `amount` is what the provider says it was about (None: it does not say). `decline` is the kind
    of a failure and `reason` the provider's own words for staff. `secrets` are values of the new
    transaction, to be kept sealed: they are what it is refunded or charged again by.
    """

    status: Status
    amount: Money | None = None
    decline: Decline | None = None
    reason: str | None = None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    last_digits: str | None = None
    card_type: str | None = None


UNKNOWN = Outcome("unknown")


@dataclass(frozen=True, slots=True)
class Page:
    """Where the guest pays. `url` is the provider's page for this order, for its guest alone;
    `secrets` what is needed to understand what the provider tells of it, kept sealed with the
    intent."""

    url: str = field(repr=False)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Visit:
    """What a provider's page has to know: where the guest comes back to, where the provider tells
    the outcome from server to server, and the guest's language, names and address."""

    back_url: str = field(repr=False)
    notice_url: str
    locale: str
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    email: str | None = field(repr=False)
    address1: str = field(default="", repr=False)
    city: str = field(default="", repr=False)
    postcode: str = field(default="", repr=False)
    state: str = field(default="", repr=False)
    country: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Notice:
    """What a provider told us by itself: the intent it is about, and the form as it came."""

    code: str
    form: Mapping[str, str] = field(repr=False)


class Gateway(Protocol):
    """A card provider. `name` is what rows keep, `title` what staff read; `pages` are the origins
    of its pages, for the browser's leave to be sent there (() for our own)."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def pages(self) -> tuple[str, ...]: ...

    @property
    def waits_for_us(self) -> bool:
        """Whether it takes the money of a page only after we have answered its notice with yes:
        what we have given up meanwhile can still be refused, and when it tells after our yes that
        there was none, it did not hear us and has taken nothing."""
        ...

    def can(self, kind: Kind, secrets: Mapping[str, str]) -> bool:
        """Whether it can do this with the stored values; "pay" needs none."""
        ...

    def lacks(self, visit: Visit) -> tuple[str, ...]:
        """What its page has to know of the guest, and the visit does not say, in its own words: as
        long as there is anything, no page of its is offered. Calls nobody."""
        ...

    def perform(self, order: Order) -> Outcome:
        """Charge, refund, release, abort or void. Takes at most LONGEST_S, and is called once for a
        code: what has no answer is asked for, never tried again."""
        ...

    def start(self, order: Order, visit: Visit) -> Page | Outcome:
        """Open a page for the guest to pay on; an outcome when there is none. Takes at most
        LONGEST_S, and is called once for a code."""
        ...

    def give_up(self, code: str) -> Outcome:
        """Close the page of an order, unless it was paid or is being paid on: then nothing
        changes, and the outcome says so."""
        ...

    def ask(self, code: str) -> Outcome:
        """What has become of an order. A provider that cannot be asked answers "unknown"."""
        ...

    def notice(self, form: Mapping[str, str]) -> Notice | None:
        """What the provider's server tells, read but not yet believed; None for a stranger's."""
        ...

    def believe(self, notice: Notice, secrets: Mapping[str, str]) -> Outcome | None:
        """The outcome that a notice tells; None when its signature is wrong. `secrets` are those
        of the order's Page."""
        ...

    def reply(self, understood: bool, back_url: str) -> str:
        """The body that the provider expects as an answer to its notice."""
        ...


# A call that has not ended by then never will: the worker may ask for its outcome.
LONGEST_S = 30
