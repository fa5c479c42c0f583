"""A guest with a link to pay, as tests drive them: looking, paying, coming back."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kit import clock
from kit.db import reading
from payments import links
from payments.gateways.models import CardIntent
from payments.intents import Intent, latest_page
from payments.links import PayLink
from tests import make
from tests.checkout.given import PUBLIC_URL

WHAT = re.compile(r'name="what" value="([^"]+)"')
TAGS = re.compile(r"<[^>]+>")
DUE_AND_LATER = (make.Due("248.00", 1, 0, "Deposit"), make.Due("652.00", 2, 30, "Balance"))


@dataclass(frozen=True)
class Guest:
    """Somebody with the link of one booking, and nothing else."""

    http: FlaskClient
    booking: int
    method: int
    path: str

    def look(self, query: str = "") -> TestResponse:
        return self.http.get(self.path + query)

    def reads(self) -> str:
        """The text of the page, as one line."""
        return words(self.look())

    def offered(self) -> list[str]:
        """The amounts that the page offers to pay: "next:24800"."""
        return WHAT.findall(self.look().text)

    def go(self, what: str = "next:24800", **form: str | int) -> TestResponse:
        """Press the button."""
        return self.http.post(self.path, data={"what": what, "method": self.method, **form})

    def choose(self, card: str, at: TestResponse | None = None) -> TestResponse:
        """Choose a card on the sandbox's page, and come back the way it sends the browser."""
        sent = self.http.post((at or self.go()).headers["Location"], data={"card": card})
        return self.http.get(sent.headers["Location"].removeprefix(PUBLIC_URL))

    def way_back(self, code: str | None = None) -> str:
        """Where the provider of the last try, or of another, sends the guest."""
        code = self.last().code if code is None else code
        link = self.opened_by(self.path)
        assert link is not None
        return f"/pay/{links.token_to_come_back(link, code)}/back/{code}"

    def opened_by(self, path: str) -> PayLink | None:
        """What the link at this path says: its signature has a time of its own, so two links that
        say the same need not look the same."""
        with reading() as session:
            token = path.removeprefix("/pay/")
            return links.read_pay_link(session.connection(), token, clock.now())

    def last(self) -> Intent:
        """The intent of the last try."""
        with reading() as session:
            found = latest_page(session.connection(), self.booking)
        assert found is not None
        return found

    def tell(self, **form: str) -> TestResponse:
        """The provider's server tells of the last try."""
        return self.http.post("/pay/notices/sandbox", data=form)


def guest(
    http: FlaskClient,
    dues: Sequence[str | make.Due] = DUE_AND_LATER,
    *,
    method: str | None = "Credit Card",
    **values: object,
) -> Guest:
    """A guest of a new booking; `method` is offered to guests (None: nothing is)."""
    make.location()
    offered = 0
    if method is not None:
        offered = make.method(method, paying="external", for_guests=True)
    booking = make.booking(dues, **values)  # type: ignore[arg-type]
    return Guest(http, booking, offered, path_to_pay(booking))


def path_to_pay(booking: int) -> str:
    link = links.link_to_pay(booking)
    assert link is not None
    return link.removeprefix(PUBLIC_URL)


def words(page: TestResponse) -> str:
    """What is to be read on a page, without its marks and breaks."""
    body = page.text.partition("<body>")[2]
    text = " ".join(html.unescape(TAGS.sub(" ", body)).split())
    return text.replace(" .", ".").replace(" ,", ",")


def intents() -> list[CardIntent]:
    return make.rows_of(CardIntent)
