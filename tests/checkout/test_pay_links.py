"""A link to pay is all the right there is: wrong ones tell nothing, good ones leave no trace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from limits import parse
from sqlalchemy import update

from bookings.models import Booking
from checkout.drawing import place_to_draw
from kit import clock
from kit.db import reading, transaction
from partners.limits import Limits
from payments.gateways.registry import GATEWAYS, gateways
from payments.gateways.sandbox import engine
from payments.links import read_pay_link
from payments.models import Payment
from tests import make
from tests.checkout.given import PUBLIC_URL, begun, path_of
from tests.checkout.guest import Guest, guest, path_to_pay

FORGED = {"code": "BPNOBODY", "signature": "0"}


@pytest.fixture
def ana(http: FlaskClient, app: Flask) -> Guest:
    return guest(http)


def withdraw() -> None:
    with transaction() as connection:
        connection.execute(update(Booking).values(link_version=Booking.link_version + 1))


@pytest.mark.long
def test_wrong_links_of_every_kind_say_the_same_and_nothing(
    app: Flask, ana: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = Limits.of({**app.config, "SIGN_IN_LIMIT": "100/minute"})
    monkeypatch.setitem(app.extensions, "limits", limits)
    with time_machine.travel(clock.now() - timedelta(days=365)):
        expired = path_to_pay(ana.booking)
    withdrawn = ana.path
    withdraw()
    good, resume = path_to_pay(ana.booking), path_of(ana.booking)
    # Not the last letter: two of its bits say nothing.
    changed = good[:-2] + ("A" if good[-2] != "A" else "B") + good[-1]
    set_back = "/pay/" + resume.rpartition("/")[2]
    with time_machine.travel(clock.now() + timedelta(days=91)):
        pages = {ana.http.get(good).text}

    pages |= {
        ana.http.open(path + rest, method=method).text
        for path in (expired, withdrawn, changed, set_back, good + "x", "/pay/nothing")
        for method, rest in (
            ("GET", ""), ("POST", ""), ("GET", "/statement.pdf"), ("GET", "/receipts/1.pdf"),
            ("GET", "/back/X"),
        )
    }  # fmt: skip

    assert len(pages) == 1
    assert "There is nothing at this address" in pages.pop()
    assert ana.http.get(good).status_code == 200


@pytest.mark.long
def test_who_tries_wrong_links_is_soon_told_to_wait(make_app: Callable[..., Flask]) -> None:
    http = make_app(SIGN_IN_LIMIT="3/minute").test_client()

    tried = [http.get("/pay/nothing").status_code for _ in range(5)]
    elsewhere = http.get("/pay/nothing", environ_base={"REMOTE_ADDR": "203.0.113.9"})

    assert tried == [404, 404, 404, 429, 429]
    assert elsewhere.status_code == 404
    assert int(http.get("/pay/nothing").headers["Retry-After"]) >= 1


@pytest.mark.long
def test_wrong_links_of_others_at_the_same_address_lock_nobody_out(
    make_app: Callable[..., Flask],
) -> None:
    app = make_app(SIGN_IN_LIMIT="3/minute", PUBLIC_URL=PUBLIC_URL)
    with app.app_context():
        ana = guest(app.test_client())
        wrong = [ana.http.get("/pay/nothing").status_code for _ in range(4)]

        assert wrong[-1] == 429
        assert ana.look().status_code == 200
        assert ana.http.get(path_of(ana.booking)).status_code == 200


@pytest.mark.long
def test_forged_notices_are_counted_by_themselves_and_true_ones_are_heard_all_the_same(
    make_app: Callable[..., Flask],
) -> None:
    app = make_app(SIGN_IN_LIMIT="3/minute", PUBLIC_URL=PUBLIC_URL)
    with app.app_context():
        ana = guest(app.test_client())
        ana.go()
        code = ana.last().code
        signature = gateways()["sandbox"].signature(code)  # type: ignore[attr-defined]

        forged = [ana.tell(**FORGED).status_code for _ in range(4)]
        true = ana.tell(code=code, signature=signature)

    assert forged == [404, 404, 404, 429]
    assert true.status_code == 200
    assert ana.http.get("/pay/nothing").status_code == 404


def test_a_notice_of_any_length_is_not_read(ana: Guest) -> None:
    answer = ana.http.post("/pay/notices/sandbox", data={"code": "x" * 20_000})

    assert answer.status_code == 413


@pytest.mark.parametrize("kind", ["good", "wrong", "refused"])
def test_pages_allow_no_script_no_frame_no_cookie_and_tell_nobody_their_address(
    ana: Guest, kind: str
) -> None:
    answers = {"good": ana.look(), "wrong": ana.look("x"), "refused": ana.go("next:1")}
    answer = answers[kind]

    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert "script-src" not in policy
    assert "unsafe" not in policy
    for rule in ("form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert rule in policy
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert "Set-Cookie" not in answer.headers
    for word in ("<script", "style=", "http:", "https:"):
        assert word not in answer.text


@pytest.mark.long
def test_every_answer_on_the_way_is_kept_by_nobody(ana: Guest) -> None:
    answers = [ana.go(), ana.choose("works"), ana.http.get(f"{ana.path}/statement.pdf")]

    for each in answers:
        assert each.headers["Cache-Control"] == "no-store"
        assert each.headers["Referrer-Policy"] == "no-referrer"
        assert "Set-Cookie" not in each.headers


def test_forms_may_lead_to_the_pages_of_providers_and_nowhere_else(
    ana: Guest, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = gateways()["sandbox"]

    class Elsewhere:
        pages = ("https://pay.provider.example",)

        def __getattr__(self, name: str) -> object:
            return getattr(sandbox, name)

    before = ana.look().headers["Content-Security-Policy"]
    monkeypatch.setitem(app.extensions, GATEWAYS, {"sandbox": Elsewhere()})

    after = ana.look().headers["Content-Security-Policy"]

    assert "form-action 'self';" in before
    assert "form-action 'self' https://pay.provider.example;" in after


@pytest.mark.long
def test_the_log_has_the_route_of_a_request_and_nothing_of_the_link(
    make_app: Callable[..., Flask], capsys: pytest.CaptureFixture[str]
) -> None:
    app = make_app(LOG_LEVEL="INFO", PUBLIC_URL=PUBLIC_URL)
    with app.app_context():
        ana = guest(app.test_client())
        ana.look()
        ana.choose("works")
        ana.http.get(ana.path + "x")

    logged = capsys.readouterr().err
    token = ana.path.removeprefix("/pay/")
    assert "/pay/<token>/back/<code>" in logged
    assert token not in logged
    assert token.partition(".")[0] not in logged
    make_app(LOG_LEVEL="ERROR")


def test_the_link_goes_to_no_provider(ana: Guest) -> None:
    """Its addresses are in its logs, for longer than anybody should pay by them."""
    token = ana.path.removeprefix("/pay/")

    sent = ana.go()

    told = engine.look(ana.last().code)
    assert told is not None
    page = ana.http.get(sent.headers["Location"])
    for text in (sent.headers["Location"], page.text, told.back_url or ""):
        assert token not in text
    way_back = (told.back_url or "").removeprefix(f"{PUBLIC_URL}/pay/").partition("/")[0]
    for rest in ("", "/statement.pdf"):
        assert ana.http.get(f"/pay/{way_back}{rest}").status_code == 404


def test_who_comes_back_sees_the_page_for_as_long_as_the_link_works(ana: Guest) -> None:
    ana.go()
    with time_machine.travel(clock.now() + timedelta(minutes=5)):
        came = ana.http.get(ana.way_back()).headers["Location"]

    until = make.row_of(Booking, ana.booking).arrives_on
    assert ana.http.get(came).status_code == 200
    with reading() as session:
        found = read_pay_link(session.connection(), came.removeprefix("/pay/"), clock.now())
    assert found is not None
    assert found.until == until


def test_the_way_back_is_of_one_payment_and_some_hours(ana: Guest) -> None:
    ana.go()
    back, other = ana.way_back(), ana.way_back("BPANOTHER")
    code = ana.last().code

    assert ana.http.get(other.replace("BPANOTHER", code)).status_code == 404
    with time_machine.travel(clock.now() + timedelta(hours=2, minutes=59)):
        assert ana.http.get(back).status_code == 303
    with time_machine.travel(clock.now() + timedelta(hours=3, minutes=1)):
        assert ana.http.get(back).status_code == 404


def test_the_way_back_is_none_around_a_withdrawn_or_an_expired_link(ana: Guest) -> None:
    ana.go()
    back = ana.way_back()
    withdraw()

    assert ana.http.get(back).status_code == 404

    short = replace(ana, path=path_to_pay(ana.booking))
    with time_machine.travel(clock.now() + timedelta(days=89, hours=23)):
        late = short.way_back()
    with time_machine.travel(clock.now() + timedelta(days=91)):
        assert ana.http.get(late).status_code == 404


def test_a_withdrawn_link_does_not_come_back_by_the_one_to_take_a_booking_up(
    http: FlaskClient, app: Flask
) -> None:
    make.method("Credit Card", paying="external", for_guests=True)
    booking = begun()
    old, pay = path_of(booking), path_to_pay(booking)
    held = http.get(old)
    withdraw()

    assert held.status_code == 200
    assert [http.get(path).status_code for path in (old, pay)] == [404, 404]
    assert http.post(old).status_code == 404
    assert http.get(path_of(booking)).status_code == 200


@pytest.mark.long
@pytest.mark.parametrize("what", ["statement.pdf", "receipts/{payment}.pdf"])
def test_papers_of_a_booking_are_drawn_so_often_and_no_more(
    ana: Guest, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    ana.choose("works")
    [payment] = [row.id for row in make.rows_of(Payment)]
    other = guest(ana.http, method=None)
    path = what.format(payment=payment)
    monkeypatch.setattr("partners.limits.PAPERS", parse("2/minute"))

    answers = [ana.http.get(f"{ana.path}/{path}") for _ in range(3)]

    assert [each.status_code for each in answers] == [200, 200, 429]
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 60
    assert ana.look().status_code == 200
    assert ana.http.get(f"{other.path}/statement.pdf").status_code == 200


@pytest.mark.long
@pytest.mark.parametrize("what", ["statement.pdf", "receipts/{payment}.pdf"])
def test_a_few_papers_are_drawn_at_once_and_the_next_are_put_off(
    ana: Guest, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    ana.choose("works")
    [payment] = [row.id for row in make.rows_of(Payment)]
    path = f"{ana.path}/{what.format(payment=payment)}"
    monkeypatch.setattr("checkout.drawing.WAITS_S", 0.01)

    with place_to_draw(1), place_to_draw(2):
        full = ana.http.get(path)
        page = ana.look()
    after = [ana.http.get(path).status_code for _ in range(4)]

    assert (full.status_code, full.headers["Retry-After"]) == (503, "1")
    assert page.status_code == 200
    assert after == [200] * 4


@pytest.mark.long
def test_receipts_and_statement_are_pdf_of_this_booking_only(ana: Guest) -> None:
    other = guest(ana.http, method=None)
    ana.choose("works")
    [payment] = [row.id for row in make.rows_of(Payment)]

    receipt = ana.http.get(f"{ana.path}/receipts/{payment}.pdf")
    statement = ana.http.get(f"{ana.path}/statement.pdf")
    wrong = ana.http.get(f"{other.path}/receipts/{payment}.pdf")
    unknown = ana.http.get(f"{ana.path}/receipts/{10**30}.pdf")

    for each in (receipt, statement):
        assert each.content_type == "application/pdf"
        assert each.data.startswith(b"%PDF-")
        assert each.headers["Content-Disposition"].startswith("inline; filename=")
    assert (wrong.status_code, unknown.status_code) == (404, 404)
    assert wrong.text == unknown.text
    assert f"{ana.path}/receipts/{payment}.pdf" in ana.look().text


def test_a_failed_attempt_has_no_receipt(ana: Guest) -> None:
    ana.choose("no_funds")
    [payment] = [row.id for row in make.rows_of(Payment)]

    assert ana.http.get(f"{ana.path}/receipts/{payment}.pdf").status_code == 404
    assert "Receipt for" not in ana.reads()


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_other_methods_are_refused_as_a_page(ana: Guest, method: str) -> None:
    answer = ana.http.open(ana.path, method=method)

    assert answer.status_code == 405
    assert answer.content_type == "text/html; charset=utf-8"


def test_somebody_elses_link_is_of_no_use(ana: Guest) -> None:
    other = replace(ana, path=guest(ana.http, method=None).path)
    ana.go()

    assert other.http.get(f"{other.path}/back/{ana.last().code}").status_code == 404
