"""The second factor: six digits of an authenticator app (TOTP, RFC 6238), or a recovery code.

The secret of the app is stored encrypted. Each code is taken once: whoever has seen one typed in
can do nothing with it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_security.proxies import _security
from flask_security.totp import Totp
from sqlalchemy import Connection, select, update

from audit.chain import Entry, Origin
from audit.recording import record
from kit.vault import vault
from staff.errors import WrongCode
from staff.models import Person

CODES = 8
WINDOW_S = 30  # clocks may differ by so much


@dataclass(slots=True)
class _Taken:
    """What Flask-Security's check asks for and tells: the counter of the last code taken."""

    tf_counter: int | None


class Authenticator(Totp):
    """Flask-Security's TOTP; secrets are sealed by the vault of the house, codes taken once."""

    def generate_totp_secret(self) -> str:
        return vault().seal(self._totp.new().to_json(encrypt=False))

    def get_last_counter(self, user: Any) -> int | None:
        counter: int | None = user.tf_counter
        return counter

    def set_last_counter(self, user: Any, tmatch: Any) -> None:
        user.tf_counter = tmatch.counter


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an app needs: a picture to scan (a data: address of an SVG), or a key to type in."""

    picture: str
    key: str


def new_secret() -> str:
    """A new secret, sealed. It counts for nothing until a code of it is shown."""
    return str(_security.totp_factory.generate_totp_secret())


def proposal(sealed: str, email: str) -> Proposal:
    """How an app learns this secret."""
    factory, opened = _security.totp_factory, vault().open(sealed)
    return Proposal(factory.generate_qrcode(email, opened), factory.get_totp_pretty_key(opened))


def switch_on(
    connection: Connection, person_id: int, sealed: str, code: str, origin: Origin, now: datetime
) -> list[str]:
    """Ask for this second factor from now on; the recovery codes, to be shown once. Raises
    WrongCode when the code is not of this secret."""
    taken = _Taken(None)
    if not _is_right(sealed, code, taken):
        raise WrongCode
    codes = _security.totp_factory.generate_recovery_codes(CODES)
    values = {
        "tf_totp_secret": sealed,
        "tf_counter": taken.tf_counter,
        "recovery_codes": vault().seal(" ".join(codes)),
    }
    connection.execute(update(Person).where(Person.id == person_id).values(values))
    about = {"person": person_id}
    record(connection, Entry("staff.second_factor_on", about, {}, {}, "medium"), origin, now)
    return list(codes)


def switch_off(connection: Connection, person_id: int, origin: Origin, now: datetime) -> None:
    """Ask for no second factor any more."""
    forget(connection, person_id)
    about = {"person": person_id}
    record(connection, Entry("staff.second_factor_off", about, {}, {}, "medium"), origin, now)


def forget(connection: Connection, person_id: int) -> None:
    """Take the secret and the recovery codes away."""
    nothing = {"tf_totp_secret": None, "tf_counter": None, "recovery_codes": None}
    connection.execute(update(Person).where(Person.id == person_id).values(nothing))


def take_code(
    connection: Connection, person_id: int, code: str, origin: Origin, now: datetime
) -> bool:
    """Whether this is a code of the person's app or one of their recovery codes; then it is used
    up. False, too, for somebody who has no second factor."""
    columns = select(Person.tf_totp_secret, Person.tf_counter, Person.recovery_codes)
    held = columns.where(Person.id == person_id).with_for_update()
    row = connection.execute(held).first()
    if row is None or row.tf_totp_secret is None:
        return False
    me, taken = Person.id == person_id, _Taken(row.tf_counter)
    if _is_right(row.tf_totp_secret, code, taken):
        connection.execute(update(Person).where(me).values(tf_counter=taken.tf_counter))
        return True
    left = vault().open(row.recovery_codes).split() if row.recovery_codes else []
    rest = [each for each in left if not secrets.compare_digest(each, _plain(code))]
    if len(rest) == len(left):
        return False
    connection.execute(update(Person).where(me).values(recovery_codes=vault().seal(" ".join(rest))))
    after = {"recovery_codes_left": len(rest)}
    entry = Entry("staff.recovery_code_used", {"person": person_id}, {}, after, "medium")
    record(connection, entry, origin, now)
    return True


def _is_right(sealed: str, code: str, taken: Any) -> bool:
    digits = "".join(code.split())
    return bool(
        digits.isascii()
        and digits.isdigit()
        and _security.totp_factory.verify_totp(digits, vault().open(sealed), taken, WINDOW_S)
    )


def _plain(code: str) -> str:
    """A recovery code as it is stored: hexadecimal in groups of four; ASCII, to be compared."""
    letters = [each for each in code.lower() if each in "0123456789abcdef"]
    return "-".join("".join(letters[at : at + 4]) for at in range(0, len(letters), 4))
