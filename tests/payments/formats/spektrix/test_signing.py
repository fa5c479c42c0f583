"""Who signs rightly gets in, by whatever address it called; nobody else does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import pytest
import time_machine
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from kit import clock
from kit.db import db, transaction
from partners.models import Partner
from payments.formats.spektrix.signing import moment_of, signature, text_to_sign
from tests import make
from tests.payments.formats.spektrix.given import Till, date_in, new_till, payment, signed, told
from tests.payments.proofs import unchanged

pytestmark = pytest.mark.one_database

# Worked out by the rule of the vendor's documents, by other code than ours.
SECRET = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
DATE = "Wed, 21 Oct 2026 07:28:00 GMT"
MOMENT = datetime(2026, 10, 21, 7, 28, tzinfo=UTC)
BASE = "https://system.spektrix.com/demo/api/v3"
TYPES = "custom-payment-types"

Apps = Callable[..., Flask]


@pytest.fixture
def at(app: Flask, make_app: Callable[..., Flask]) -> Iterator[Apps]:
    """Makes applications with settings of their own on the test's database."""
    made: list[Flask] = []

    def start(**settings: object) -> Flask:
        made.append(make_app(**settings))
        return made[-1]

    yield start
    for each in made:
        with each.app_context():
            for engine in db.engines.values():
                engine.dispose()


# --- what is signed -----------------------------------------------------------------------------


def test_a_get_is_signed_by_method_address_and_date() -> None:
    text = text_to_sign("GET", f"{BASE}/custom-payment-types", DATE, None)

    assert signature(SECRET, text) == "Q2SVDdmmM3pNPyHAlJ4/C8Of5eE="


def test_a_post_is_signed_with_the_md5_of_its_body_too() -> None:
    body = b'{"PaymentTypeId":"T1","Amount":10.40}'

    text = text_to_sign("POST", f"{BASE}/baskets/B1/custom-payments", DATE, body)

    assert signature(SECRET, text) == "BJ7Fqqj8bGs4knUEH2wdzrHhKjE="


@pytest.mark.long
def test_the_known_answer_signs_in_at_the_public_address(app: Flask, at: Apps) -> None:
    """Behind a proxy the service is called by another address than the one that was signed."""
    make.location(1, client_name="demo")
    make.credential(make.partner(), "spektrix", SECRET, login="l")
    proxied = at(PUBLIC_URL="https://system.spektrix.com")
    headers = {"Date": DATE, "Authorization": "SpektrixAPI3 l:Q2SVDdmmM3pNPyHAlJ4/C8Of5eE="}
    path = "/demo/api/v3/custom-payment-types"

    with time_machine.travel(MOMENT, tick=False):
        right = proxied.test_client().get(path, headers=headers)
        elsewhere = app.test_client().get(path, headers=headers)

    assert (right.status_code, right.json) == (200, [])
    assert elsewhere.status_code == 401


@pytest.mark.long
@pytest.mark.parametrize("base", ["https://pay.example.com", "https://pay.example.com/tills/"])
def test_a_public_address_may_have_a_path_of_its_own(at: Apps, till: Till, base: str) -> None:
    public = Till(at(PUBLIC_URL=base), till.partner_id, base=base.rstrip("/"))

    elsewhere = till.at(public.app).get(TYPES)

    assert public.get(TYPES).status_code == 200
    assert elsewhere.status_code == 401
    assert elsewhere.json["message"].endswith(f"; the address that is signed begins with {base}.")


# As a server that tells the path only decoded, which granian is.
DECODED = {"RAW_URI": "", "REQUEST_URI": ""}


@pytest.mark.parametrize("server", [{}, DECODED])
def test_the_query_is_signed_as_it_was_sent(till: Till, server: dict[str, str]) -> None:
    path = till.path(TYPES)

    for query in ("?a=1", "?b=%41+x%20y&a=~", "?name=%C3%A9&x", "?url=http://x/?y"):
        headers = till.headers("GET", path + query)
        good = till.send("GET", path + query, None, headers, environ_overrides=server)
        other = till.send("GET", path + "?c=1", None, headers, environ_overrides=server)

        assert (good.status_code, other.status_code) == (200, 401), query


def test_the_path_is_signed_as_it_was_sent_where_the_server_tells(till: Till) -> None:
    path = f"/{till.client_name}/api/v3/custom%2Dpayment%2dtypes"
    raw = {"RAW_URI": f"http://another.host{path}", "REQUEST_URI": "/not/this"}

    good = till.send("GET", path, None, till.headers("GET", path))
    absolute = till.send("GET", path, None, till.headers("GET", path), environ_overrides=raw)
    decoded = till.send("GET", path, None, till.headers("GET", till.path(TYPES)))

    assert (good.status_code, absolute.status_code, decoded.status_code) == (200, 200, 401)


@pytest.mark.parametrize("raw", [True, False])
def test_a_client_whose_base_address_ends_in_a_slash_signs_in(till: Till, raw: bool) -> None:
    path = till.path(TYPES)
    server = {"PATH_INFO": f"/{path}", "RAW_URI": f"/{path}" if raw else "", "REQUEST_URI": ""}

    asked = till.send("GET", path, None, till.headers("GET", f"/{path}"), environ_overrides=server)
    other = till.send("GET", path, None, till.headers("GET", path), environ_overrides=server)

    assert (asked.status_code, other.status_code) == (200, 401)


def test_a_client_name_that_has_to_be_escaped_is_taken_as_escaped(app: Flask) -> None:
    make.location(1, client_name="são paulo")
    till = Till(app, new_till(app).partner_id, client_name="s%C3%A3o%20paulo")
    headers = till.headers("GET", till.path(TYPES))

    raw = till.send("GET", till.path(TYPES), None, headers)
    decoded = till.send("GET", till.path(TYPES), None, headers, environ_overrides=DECODED)

    assert (raw.status_code, decoded.status_code) == (200, 200)


def test_a_post_without_a_body_may_leave_its_line_out(till: Till) -> None:
    path = till.path(f"baskets/{make.booking([])}/confirm")

    for body, body_line in ((None, True), (None, False), (b"", True), (b"", False)):
        answer = till.send("POST", path, body, till.headers("POST", path, body_line=body_line))

        assert answer.status_code == 200, (body, body_line)


def test_a_body_may_not_leave_its_line_out(till: Till) -> None:
    path = till.path(f"baskets/{make.booking()}/custom-payments")
    body = payment("10.00").encode()

    with unchanged():
        answer = till.send("POST", path, body, till.headers("POST", path, body, body_line=False))

    assert answer.status_code == 401


# --- the date -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "date",
    [DATE, "Mon, 21 Oct 2026 07:28:00 GMT", "xyz, 21 Oct 2026 07:28:00 UTC",
     "Wed, 21 Oct 2026 07:28:00 +0000", "Wed, 21 Oct 2026 07:28:00 -0000"],
)  # fmt: skip
def test_a_date_is_read_whatever_its_day_of_the_week(date: str) -> None:
    assert moment_of(date) == MOMENT


@pytest.mark.parametrize(
    "date",
    ["", "now", "2026-10-21T07:28:00Z", "21 Oct 2026 07:28:00 GMT", "Wed, 31 Feb 2026 07:28:00 GMT",
     "Wed, 21 Oct 2026 25:28:00 GMT", "Wed, 21 Oct 2026 07:28:00 CET", f"{DATE}\n", f" {DATE}",
     "Wed, 21 Oct 2026 07:28:00 +0200", "Wed, ٢١ Oct 2026 07:28:00 GMT", "Wed, 21 OCT 26 07:28 GMT",
     "Wed, 21 Oct 0000 07:28:00 GMT"],
)  # fmt: skip
def test_nothing_else_is_a_date(date: str) -> None:
    assert moment_of(date) is None


def test_a_date_may_be_a_quarter_of_an_hour_off_either_way(till: Till) -> None:
    with time_machine.travel(MOMENT, tick=False):
        answers = [
            till.send("GET", till.path(TYPES), None,
                      till.headers("GET", till.path(TYPES), date=date_in(offset_s)))
            for offset_s in (-901, -900, 900, 901)
        ]  # fmt: skip

    assert [answer.status_code for answer in answers] == [401, 200, 200, 401]
    for answer in (answers[0], answers[3]):
        assert answer.json["message"].endswith("from now, which is 2026-10-21 07:28:00 UTC.")


@pytest.mark.parametrize("date", [None, "yesterday"])
def test_without_a_date_nobody_gets_in(till: Till, date: str | None) -> None:
    headers = till.headers("GET", till.path(TYPES), date=date or "")
    del headers["Date"]

    answer = till.send("GET", till.path(TYPES), None, headers | ({"Date": date} if date else {}))

    assert told(answer) == (401, [(None, "signature_wrong")])
    assert "send Date: Wed, 21 Oct 2026 07:28:00 GMT" in answer.json["message"]


# --- who does not get in ------------------------------------------------------------------------


UNSIGNED = (
    "", "SpektrixAPI3", "SpektrixAPI3 till", "SpektrixAPI3 till:", "SpektrixAPI3 :mac",
    "Basic dGlsbDpzZWNyZXQ=", "Bearer token", "SpektrixAPI2 till:mac",
)  # fmt: skip


def test_whoever_does_not_sign_is_told_how(till: Till) -> None:
    for authorization in UNSIGNED:
        headers = {"Date": date_in(), "Authorization": authorization}

        answer = till.send("GET", till.path(TYPES), None, headers)

        assert told(answer) == (401, [(None, "signature_wrong")]), authorization
        assert "SpektrixAPI3 <login>:<signature>" in answer.json["message"]
        assert answer.headers["WWW-Authenticate"] == "SpektrixAPI3"


def wrong(till: Till) -> dict[str, dict[str, str]]:
    """Headers of a GET of the types that are signed wrongly, by what is wrong with them."""
    path, date = till.path(TYPES), date_in()

    def by(mac: str, login: str = till.login) -> dict[str, str]:
        return {"Date": date, "Authorization": f"SpektrixAPI3 {login}:{mac}"}

    good = signed(till.secret, "GET", till.base + path, date, b"")
    return {
        "an unknown login": by(good, "nobody"),
        "a login in another case": by(good, "TILL"),
        "a login of other letters": by(good, "tíll"),
        "another secret": by(signed(SECRET, "GET", till.base + path, date, b"")),
        "another method": by(signed(till.secret, "POST", till.base + path, date, b"")),
        "another address": by(signed(till.secret, "GET", "https://x" + path, date, b"")),
        "another date": by(signed(till.secret, "GET", till.base + path, date_in(1), b"")),
        "no padding": by(good.rstrip("=")),
        "other spare bits": by(good[:-2] + chr(ord(good[-2]) + 1) + "="),
        "no base64": by("é"),
    }


def test_a_wrong_signature_is_refused_whatever_is_wrong_with_it(till: Till) -> None:
    for name, headers in wrong(till).items():
        answer = till.send("GET", till.path(TYPES), None, headers)

        assert told(answer) == (401, [(None, "signature_wrong")]), name
        assert answer.json["message"].endswith("the login or the signature is wrong."), name


def test_another_body_than_the_one_signed_is_refused(till: Till) -> None:
    path = till.path(f"baskets/{make.booking()}/custom-payments")
    headers = till.headers("POST", path, payment("10.00").encode())

    with unchanged():
        answer = till.send("POST", path, payment("100.00"), headers)

    assert answer.status_code == 401


def test_a_client_that_was_revoked_does_not_get_in(till: Till) -> None:
    assert till.get(TYPES).status_code == 200
    with transaction() as connection:
        connection.execute(update(Partner).values(revoked_at=clock.now()))

    assert till.get(TYPES).status_code == 401


def test_a_secret_of_another_format_is_none_of_this_one(till: Till) -> None:
    make.credential(till.partner_id, "brink", "access token")
    brink = Till(till.app, till.partner_id, login="access token")

    assert brink.get(TYPES).status_code == 401


# --- whose body is read ---------------------------------------------------------------------------


class Silent(BytesIO):
    """The body of a client that announces one and never sends it: to read it is to wait."""

    def read(self, *_: object) -> bytes:
        raise AssertionError("the body was read")

    readline = readinto = read  # type: ignore[assignment]


def announced(till: Till, date: str) -> TestResponse:
    """The answer to a payment of ten bytes that do not come."""
    path = till.path("baskets/1/custom-payments")
    headers, length = till.headers("POST", path, date=date), {"CONTENT_LENGTH": "10"}
    return till.send("POST", path, None, headers, input_stream=Silent(), environ_overrides=length)


@pytest.mark.long
def test_the_body_of_an_unknown_login_is_not_read(strict: Till) -> None:
    nobody = replace(strict, login="nobody")

    answers = [announced(nobody, date_in()) for _ in range(4)]

    assert [each.status_code for each in answers] == [401, 401, 401, 429]


def test_the_body_of_a_request_of_another_time_is_not_read(till: Till) -> None:
    assert announced(till, date_in(-3600)).status_code == 401


def test_the_body_of_a_login_that_exists_is_read(till: Till) -> None:
    """So the two rules above are not true of everybody."""
    assert announced(till, date_in()).status_code == 500


# --- too many wrong ones ------------------------------------------------------------------------


@pytest.fixture
def strict(at: Apps, till: Till) -> Till:
    """The till at an application that tells to wait after three wrong sign-ins of a login."""
    return till.at(at(SIGN_IN_LIMIT="3/minute"))


@pytest.mark.long
def test_sign_ins_that_keep_failing_are_told_to_wait(strict: Till) -> None:
    guess = replace(strict, secret=SECRET)

    failed = [guess.get(TYPES) for _ in range(4)]

    assert [each.status_code for each in failed] == [401, 401, 401, 429]
    assert told(failed[3]) == (429, [(None, "too_many_requests")])
    assert 1 <= int(failed[3].headers["Retry-After"]) <= 60


@pytest.mark.long
def test_who_signs_rightly_is_let_in_however_many_others_did_not(strict: Till) -> None:
    """Others may use its login, or fail from its address under many logins."""
    basket = make.booking(["100.00"])
    for login in ["till"] * 4 + [f"login {n}" for n in range(40)]:
        last = replace(strict, login=login, secret=SECRET).get(TYPES)

    answers = [strict.get(TYPES), strict.pay(basket, "10.00")]

    assert last.status_code == 429
    assert [each.status_code for each in answers] == [200, 200]


@pytest.mark.long
def test_a_clock_that_is_wrong_shuts_nobody_out(strict: Till) -> None:
    def late() -> TestResponse:
        headers = strict.headers("GET", strict.path(TYPES), date=date_in(-3600))
        return strict.send("GET", strict.path(TYPES), None, headers)

    assert [late().status_code for _ in range(4)] == [401] * 4
    assert strict.get(TYPES).status_code == 200
