"""The bookings of the demonstration agency: the named ones, and forty more to fill the lists."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from mimesis import Locale, Person

from demo.agency import CASA_AZUL, FAILED, IN_PROGRESS, QUINTA_DO_MAR, ROSE_COTTAGE, VIP
from kit.money import Money

LOCATION_OF = {CASA_AZUL: 1, QUINTA_DO_MAR: 1, ROSE_COTTAGE: 2}
CURRENCY_OF = {1: "EUR", 2: "GBP"}
BALANCE_DAYS = 56
SEED = 4354
CHEQUE = "Cheque"  # what only people at the desk take


@dataclass(frozen=True, slots=True)
class Line:
    """A schedule line: amount in minor units, due so many days from today."""

    name: str
    kind: str
    stage: int
    minor: int
    due: int


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment to take, so many days ago."""

    minor: int
    method: str
    days_ago: int
    state: str = "cleared"
    comments: str = ""
    add_tags: tuple[int, ...] = ()
    due_in: int = 0
    charges: int = 0
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Guest:
    first_name: str
    last_name: str
    email: str
    country: str
    locale: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A booking to make: arrival and creation in days from today (creation: ago)."""

    id: int
    property_id: int
    arrives: int
    nights: int
    guest: Guest
    lines: tuple[Line, ...]
    status: str = "booking"
    created_ago: float = 5
    account: str | None = None
    source: int = 1
    tags: tuple[int, ...] = ()
    payments: tuple[Paid, ...] = field(default=())

    @property
    def location(self) -> int:
        return LOCATION_OF[self.property_id]


def vendor_lines(arrives: int, stage_1_due: int = 0) -> tuple[Line, ...]:
    """The four lines of the vendor's own example, as stored there: 1015.00 in all."""
    return (
        Line("10% tax", "tax", 1, 90_00, stage_1_due),
        Line("Booking Fee", "fee", 1, 25_00, stage_1_due),
        Line("Rental Deposit", "deposit", 1, 248_00, stage_1_due),
        Line("Rental Balance", "balance", 2, 652_00, arrives - BALANCE_DAYS),
    )


def named() -> list[Plan]:
    """The bookings that documents and samples speak of by their ids."""
    person = _person()
    ana = Guest("Ana", "Sousa", "ana@example.com", "Portugal", "pt_PT")
    in_full = Paid(1015_00, "BankTransfer", 30)
    stage_1 = Paid(363_00, "PayPal", 60)
    tried = Paid(263_00, "Credit Card", 2, "uncleared", "Card declined", (FAILED,))
    till = (Line("Balance", "balance", 2, 100_00, 24),)
    return [
        Plan(602, ROSE_COTTAGE, 30, 7, _guest(person), vendor_lines(30, -40), created_ago=40,
             payments=(in_full,)),
        Plan(3707, QUINTA_DO_MAR, 46, 7, _guest(person), vendor_lines(46, -61), created_ago=61,
             payments=(stage_1,)),
        Plan(4354, CASA_AZUL, 120, 9, ana, vendor_lines(120), account="A1234.56"),
        Plan(5001, QUINTA_DO_MAR, 150, 7, _guest(person), vendor_lines(150), "provisional", 0,
             tags=(IN_PROGRESS,)),
        Plan(5002, QUINTA_DO_MAR, 100, 7, _guest(person), vendor_lines(100), "provisional", 4,
             payments=(Paid(100_00, "Credit Card", 3), tried)),
        Plan(5003, QUINTA_DO_MAR, 70, 7, _guest(person), vendor_lines(70), "cancelled", 20),
        Plan(12345, QUINTA_DO_MAR, 80, 5, _guest(person), till, created_ago=10),
    ]  # fmt: skip


def many(today: date) -> Iterator[Plan]:
    """Forty more bookings, the same every time but for their dates."""
    chance = random.Random(SEED)  # noqa: S311 - a demonstration, not a secret
    person = _person()
    number = 6001
    cheque = False
    for property_id, arrives in _free_weeks(today):
        if number > 6040:
            return
        number += 1
        plan = _one_of_many(number - 1, property_id, arrives, chance, _guest(person))
        if not cheque and plan.location == 1 and len(plan.payments) == 1 and _owes(plan):
            plan, cheque = _with_cheque(plan), True
        yield plan


def _owes(plan: Plan) -> bool:
    """Whether only the deposit is paid, and nothing else is promised."""
    return plan.status == "booking" and plan.payments[0].state == "cleared"


def _with_cheque(plan: Plan) -> Plan:
    """The booking whose balance the desk has taken a cheque for."""
    rest = sum(line.minor for line in plan.lines if line.stage == 2)
    cheque = Paid(rest, CHEQUE, 4, "uncleared", reference="100234")
    return replace(plan, payments=(*plan.payments, cheque))


def _free_weeks(today: date) -> Iterator[tuple[int, int]]:
    """Weeks that no named booking holds; Casa Azul is always free from 20 to 27 December."""
    taken = {(plan.property_id, plan.arrives, plan.arrives + plan.nights) for plan in named()}
    for week in range(-11, 40):
        for property_id in (CASA_AZUL, QUINTA_DO_MAR, ROSE_COTTAGE):
            first, last = week * 8, week * 8 + 7
            clash = any(
                property_id == other and first < end and start < last for other, start, end in taken
            )
            if property_id == CASA_AZUL and _touches_christmas(today + timedelta(days=first)):
                clash = True
            if not clash:
                yield property_id, first


def _touches_christmas(arrival: date) -> bool:
    nights = [arrival + timedelta(days=night) for night in range(7)]
    return any(night.month == 12 and 20 <= night.day <= 27 for night in nights)


def _one_of_many(
    number: int, property_id: int, arrives: int, chance: random.Random, guest: Guest
) -> Plan:
    currency = CURRENCY_OF[LOCATION_OF[property_id]]
    created_ago = chance.randint(max(2, -arrives + 3), max(85, -arrives + 20))
    stay = Money(700_00, currency)
    deposit = stay.percent(Decimal(25))
    first = -created_ago
    lines: tuple[Line, ...] = (
        Line("10% tax", "tax", 1, stay.percent(Decimal(10)).minor, first),
        Line("Booking Fee", "fee", 1, 25_00, first),
        Line("Rental Deposit", "deposit", 1, deposit.minor, first),
        Line("Rental Balance", "balance", 2, (stay - deposit).minor,
             max(first, arrives - BALANCE_DAYS)),
    )  # fmt: skip
    kind = number % 8
    status = {1: "cancelled", 2: "provisional", 3: "blockout"}.get(kind, "booking")
    lines = () if status == "blockout" else lines
    payments = _payments(kind, lines, created_ago, chance)
    tags = (VIP,) if number % 11 == 0 else ()
    source = 3 if status == "blockout" else chance.randint(1, 2)
    return Plan(number, property_id, arrives, 7, guest, lines, status, created_ago,
                source=source, tags=tags, payments=payments)  # fmt: skip


def _payments(
    kind: int, lines: tuple[Line, ...], created_ago: int, chance: random.Random
) -> tuple[Paid, ...]:
    first = sum(line.minor for line in lines if line.stage == 1)
    rest = sum(line.minor for line in lines if line.stage == 2)
    later = max(1, created_ago - chance.randint(1, 20))
    soon = max(1, created_ago - 1)
    deposit = Paid(
        first, chance.choice(["PayPal", "Credit Card", "Debit Card"]), soon, charges=3_00
    )
    ways: dict[int, tuple[Paid, ...]] = {
        2: (Paid(first, "Credit Card", soon, "uncleared", "Insufficient funds", (FAILED,)),),
        4: (deposit, Paid(rest, "BankTransfer", later)),
        5: (deposit, Paid(rest, "BankTransfer", later, "uncleared")),
        6: (deposit, Paid(rest // 2, "Debit Card", later)),
        7: (deposit, Paid(rest, "BankTransfer", later, "deferred", due_in=14)),
        0: (deposit,),
    }
    return ways.get(kind, ())


def _person() -> Person:
    return Person(locale=Locale.EN, seed=SEED)


def _guest(person: Person) -> Guest:
    first, last = person.first_name(), person.last_name()
    email = f"{first}.{last}@example.com".lower().replace("'", "").replace(" ", "")
    return Guest(first, last, email, "United Kingdom", "en_GB")


def day(now: datetime, days: int) -> date:
    return now.date() + timedelta(days=days)
