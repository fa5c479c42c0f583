"""One's own account at the desk."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import pytest
from flask import Flask
from flask_security.proxies import _security
from sqlalchemy import update

from audit.models import LogEntry
from desk.account import entering
from desk.account.queries import browser_text
from desk.forms import NOT_CONTENT
from kit import clock
from kit.db import transaction
from kit.vault import vault
from outbox.models import Message
from staff.models import AnsweredForm, DeskSession, Person
from staff.passwords import fits, hashed
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.people import PASSWORD, Desk, Page

pytestmark = pytest.mark.one_database

ACCOUNT = "/desk/account/"
NEW = "quite another long password"


@pytest.fixture
def mine(app: Flask, desk_of: DeskOf) -> Desk:
    make.location(7)
    return desk_of("manager", password=hashed(PASSWORD), locations=[7], withdrawn=["refund"])


def change(desk: Desk, **fields: str) -> Page:
    path = "/desk/account/change-password"
    form = {"password": PASSWORD, "new": NEW, "again": NEW}
    return desk.post(path, desk.get(ACCOUNT).form(path) | form | fields)


def test_it_says_who_one_is_and_what_one_may_do(mine: Desk) -> None:
    page = mine.get(ACCOUNT)

    assert page.status == 200
    allowed = page.all(".dk-ticks li")
    assert "Delete external payments" in allowed
    assert "Refund payments" not in allowed
    assert "Manager, for " in page.text


def test_every_page_leads_to_it(mine: Desk) -> None:
    assert mine.get("/desk/tags/").root.cssselect(f"a.dk-me[href='{ACCOUNT}']")


def test_a_changed_password_ends_all_other_sessions_and_is_told_and_logged(
    app: Flask, mine: Desk
) -> None:
    stolen = Desk(app, mine.person_id)

    answer = change(mine)

    assert answer.leads_to == ACCOUNT
    assert fits(make.row_of(Person, mine.person_id).password, NEW)
    assert stolen.get(ACCOUNT).status == 303
    assert mine.get(ACCOUNT).status == 200
    assert [row.kind for row in make.rows_of(Message)] == ["email.staff_password_changed"]
    [entry] = make.rows_of(LogEntry, action="staff.password_changed")
    assert (entry.severity, entry.actor_id) == ("medium", mine.person_id)


@pytest.mark.parametrize(
    ("fields", "field", "told"),
    [
        ({"password": "wrong"}, "password", "not your present password"),
        ({"new": "short", "again": "short"}, "new", "at least 12 characters"),
        ({"again": NEW + "x"}, "again", "are not the same"),
    ],
)
def test_a_password_is_not_changed_for_what_is_wrong(
    mine: Desk, fields: dict[str, str], field: str, told: str
) -> None:
    answer = change(mine, **fields)

    assert answer.status == 422
    assert told in " ".join(answer.all(f"#e-{field}"))
    assert fits(make.row_of(Person, mine.person_id).password, PASSWORD)


@pytest.mark.long
def test_who_finds_an_open_browser_does_not_guess_the_password(
    mine: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entering, "fits", lambda stored, typed: typed == PASSWORD)
    for _ in range(10):
        change(mine, password="a guess")

    answer = change(mine)

    assert answer.status == 422
    assert "nobody is let in" in answer.text


def copy_of(desk: Desk) -> Desk:
    """Somebody who has stolen the cookie."""
    thief = Desk(desk.app, desk.person_id)
    cookie = desk.http.get_cookie("desk", path="/desk")
    assert cookie is not None
    thief.http.set_cookie("desk", cookie.value, path="/desk")
    return thief


def switch_off(desk: Desk) -> Page:
    path = "/desk/account/second-factor/off"
    return desk.post(path, desk.get(ACCOUNT).form(path) | {"password": PASSWORD})


def sign_out_others(desk: Desk) -> Page:
    path = "/desk/account/sessions/end-others"
    return desk.post(path, desk.get(ACCOUNT).form(path))


@pytest.mark.parametrize("way_in", ["change", "sign_out_others", "set_up", "switch_off"])
def test_whoever_has_a_copy_of_the_cookie_is_out_after_a_change_of_the_way_in(
    mine: Desk, way_in: str
) -> None:
    if way_in == "switch_off":
        set_up(mine)
    thief, elsewhere = copy_of(mine), Desk(mine.app, mine.person_id)
    assert thief.get(ACCOUNT).status == 200
    thief = copy_of(mine)

    globals()[way_in](mine)

    assert mine.get(ACCOUNT).status == 200
    assert (thief.get(ACCOUNT).status, elsewhere.get(ACCOUNT).status) == (303, 303)


@pytest.mark.long
def test_no_password_can_be_guessed_by_what_is_kept_of_forms(mine: Desk) -> None:
    """The change of a password, switching the second step off, and any form with such a field."""
    change(mine)
    change(mine, password=NEW, new=PASSWORD, again=PASSWORD)
    set_up(mine)
    switch_off(mine)
    keys = "/desk/account/keys"
    form = mine.get(ACCOUNT).form(keys)
    mine.post(keys, form | {"password": PASSWORD, "new": NEW, "again": NEW})

    pairs = [(name, [form[name]]) for name in sorted(form) if name not in NOT_CONTENT]
    without = sha256(repr((keys, pairs)).encode()).hexdigest()
    assert [row.fingerprint for row in make.rows_of(AnsweredForm)] == [without]


def test_single_keys_are_switched_off_and_on(mine: Desk) -> None:
    for value, on in (("false", False), ("true", True)):
        form = mine.get(ACCOUNT).form("/keys") | {"single_keys": value}
        mine.post("/desk/account/keys", form)

        assert make.row_of(Person, mine.person_id).single_keys is on


def test_other_sessions_are_listed_and_ended_one_by_one(app: Flask, mine: Desk) -> None:
    others = [Desk(app, mine.person_id) for _ in range(2)]
    [last] = make.rows_of(DeskSession)[-1:]

    assert len(mine.get(ACCOUNT).all(".dk-line")) == 3
    mine.post(f"/desk/account/sessions/{last.id}/end")

    assert [desk.get(ACCOUNT).status for desk in others] == [200, 303]
    assert make.rows_of(LogEntry, action="staff.session_ended")


def test_all_other_sessions_are_ended_at_once(app: Flask, mine: Desk) -> None:
    others = [Desk(app, mine.person_id) for _ in range(2)]

    mine.post("/desk/account/sessions/end-others")

    assert [desk.get(ACCOUNT).status for desk in others] == [303, 303]
    assert mine.get(ACCOUNT).status == 200


def test_somebody_elses_session_is_not_ended(app: Flask, mine: Desk, operator: Desk) -> None:
    [theirs] = make.rows_of(DeskSession, person_id=operator.person_id)

    mine.post(f"/desk/account/sessions/{theirs.id}/end")

    assert operator.get(ACCOUNT).status == 200


def code_of(sealed: str) -> str:
    code: str = _security.totp_factory.generate_totp_password(vault().open(sealed))
    return code


def set_up(desk: Desk, **fields: str) -> Page:
    """Opens the page, and sends the code that an app would show."""
    path = "/desk/account/second-factor"
    form = desk.get(path).form(path)
    with desk.http.session_transaction(path="/desk/") as session:
        sealed = session["second_new"]
    return desk.post(path, form | {"code": code_of(sealed), "password": PASSWORD} | fields)


def test_the_second_step_is_switched_on_with_a_code_of_the_app(mine: Desk) -> None:
    page = mine.get("/desk/account/second-factor")
    [picture] = page.root.cssselect("img.dk-qr")

    answer = set_up(mine)

    assert str(picture.get("src")).startswith("data:image/svg+xml;base64,")
    assert len(answer.all(".dk-codes li")) == 8
    assert make.row_of(Person, mine.person_id).tf_totp_secret is not None
    assert "Switch the second step off" in mine.get(ACCOUNT).text
    assert mine.get("/desk/account/second-factor").leads_to == ACCOUNT
    [entry] = make.rows_of(LogEntry, action="staff.second_factor_on")
    assert answer.all(".dk-codes li")[0] not in str(entry)


@pytest.mark.parametrize("fields", [{"code": "000000"}, {"password": "wrong"}])
def test_without_code_and_password_it_is_not(mine: Desk, fields: dict[str, str]) -> None:
    assert set_up(mine, **fields).status == 422
    assert make.row_of(Person, mine.person_id).tf_totp_secret is None


def test_the_same_picture_is_shown_after_a_wrong_code(mine: Desk) -> None:
    before = mine.get("/desk/account/second-factor").all(".dk-secret")

    after = set_up(mine, code="000000").all(".dk-secret")

    assert before == after


def test_the_second_step_is_switched_off_with_the_password_only(mine: Desk) -> None:
    set_up(mine)
    path = "/desk/account/second-factor/off"
    form = mine.get(ACCOUNT).form(path)

    refused = mine.post(path, form | {"password": "wrong"})
    done = mine.post(path, form | {"password": PASSWORD})

    assert (refused.status, done.leads_to) == (422, ACCOUNT)
    row = make.row_of(Person, mine.person_id)
    assert (row.tf_totp_secret, row.recovery_codes, row.tf_counter) == (None, None, None)


def test_only_sessions_that_time_has_not_ended_are_listed(app: Flask, mine: Desk) -> None:
    Desk(app, mine.person_id)
    [last] = make.rows_of(DeskSession)[-1:]
    with transaction() as connection:
        old = update(DeskSession).where(DeskSession.id == last.id)
        connection.execute(old.values(seen_at=clock.now() - timedelta(hours=3)))

    assert len(mine.get(ACCOUNT).all(".dk-line")) == 1


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (iPhone; like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140", "Edge on Windows"),
        ("curl/8", "A browser"),
    ],
)  # fmt: skip
def test_browsers_are_named_in_words(said: str, shown: str) -> None:
    assert browser_text(said) == shown
