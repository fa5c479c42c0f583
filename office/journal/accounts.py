"""The chart of accounts: which code each kind of money is booked on. Pure.

What the agency has set (FLASK_ACCOUNT_CODES) goes before; what it has not has a code that says
what it is, and which name to set it by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kit.texts import N_

# The places where money lies, besides the kinds of schedule lines.
METHOD, CREDIT, CHARGES, TIP = "method", "credit", "charges", "tip"

NAMES: Mapping[str, str] = {
    "tax": N_("Taxes"),
    "fee": N_("Booking fees"),
    "deposit": N_("Rental deposits"),
    "balance": N_("Rental balances"),
    "insurance": N_("Insurance"),
    "security_deposit": N_("Security deposits held"),
    "amendment": N_("Amendments"),
    "cancellation_fee": N_("Cancellation fees"),
    CREDIT: N_("Guests' credit"),
    CHARGES: N_("Charges"),
    TIP: N_("Tips"),
}
SETTING: Mapping[str, str] = {CREDIT: "credit", CHARGES: "charges", TIP: "tips"}


@dataclass(frozen=True, slots=True)
class Chart:
    """Codes by the names of the setting: "method:CASH", "line:deposit", "credit"."""

    codes: Mapping[str, str]

    def of_method(self, method_id: int, code: str | None) -> str:
        """The account of a payment method: by its code, its id, then that of all methods."""
        names = [f"method:{code}"] if code else []
        return self._first(*names, f"method:{method_id}", "method:*") or (
            f"method:{code or method_id}"
        )

    def of_place(self, place: str) -> str:
        """The account of a kind of schedule line, of credit, charges or tips."""
        name = SETTING.get(place)
        if name is not None:
            return self._first(name) or name
        return self._first(f"line:{place}", "line:*") or f"line:{place}"

    def idle(self, methods: Iterable[tuple[int, str | None]]) -> list[str]:
        """The names of methods in the setting that no method (id, code) has: slips of the pen."""
        known = {f"method:{each}" for method in methods for each in method if each is not None}
        asked = (name for name in self.codes if name.startswith("method:"))
        return sorted(name for name in asked if name not in known | {"method:*"})

    def _first(self, *names: str) -> str | None:
        return next((self.codes[name] for name in names if name in self.codes), None)
