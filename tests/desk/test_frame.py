"""What is around every page: headers, files, and that programs never notice the desk."""

from __future__ import annotations

import gzip
import re

import pytest
from flask import Flask

from desk.assets import FOLDER
from desk.menu import menu
from desk.waiting import Waiting
from kit import clock
from staff.people import Me
from staff.permissions import Permission
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk
from tests.make import Client

pytestmark = pytest.mark.one_database


def test_a_page_allows_nothing_from_elsewhere_and_is_not_kept(manager: Desk) -> None:
    headers = manager.get("/desk/tags/").answer.headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Frame-Options"] == "DENY"


def test_the_cookie_is_for_the_desk_alone_and_not_for_scripts(manager: Desk) -> None:
    manager.get("/desk/tags/")  # makes the token against forged forms

    cookie = manager.http.get_cookie("desk", path="/desk")

    assert cookie is not None
    assert (cookie.path, cookie.http_only, cookie.same_site) == ("/desk", True, "Lax")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_browser_that_came_by_https_comes_by_nothing_else(app: Flask, scheme: str) -> None:
    """Also where nobody has set FLASK_PUBLIC_URL."""
    answer = app.test_client().get("/desk/account/sign-in", base_url=f"{scheme}://pay.example.com")

    by_https = scheme == "https"
    assert ("Secure" in answer.headers["Set-Cookie"]) is by_https
    assert ("Strict-Transport-Security" in answer.headers) is by_https


def test_a_style_sheet_comes_compressed_and_may_be_kept(manager: Desk) -> None:
    address = re.findall(
        r'href="(/desk/static/desk\.css[^"]*)"', manager.get("/desk/tags/").answer.text
    )

    plain = manager.http.get(address[0], headers={"Accept-Encoding": "identity"})
    packed = manager.http.get(address[0], headers={"Accept-Encoding": "gzip"})

    assert gzip.decompress(packed.data) == plain.data == (FOLDER / "desk.css").read_bytes()
    plain.close()  # it is sent as a file
    assert "immutable" in packed.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["../frame.py", "..%2fframe.py", "vendor", "nothing.css"])
def test_nothing_but_the_files_is_sent(manager: Desk, path: str) -> None:
    assert manager.http.get(f"/desk/static/{path}").status_code == 404


def test_a_page_that_is_not_there_says_so_as_a_page(manager: Desk) -> None:
    page = manager.get("/desk/nowhere")

    assert page.status == 404
    assert page.all("h1") == ["That did not work"]


def test_programs_are_asked_for_no_cookie_and_answered_without_one(
    app: Flask, client: Client
) -> None:
    answer = client.get("/apis/bookings")

    assert answer.status_code == 200
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert "Set-Cookie" not in answer.headers
    modules = {each.__module__ for each in app.before_request_funcs[None]}
    modules |= {each.__module__ for each in app.after_request_funcs[None]}
    assert not {each for each in modules if each.startswith(("flask_principal", "flask_login"))}


@pytest.mark.parametrize(
    ("said", "next"), [("http://[", ""), ("http://a/desk/tags/?q=1", "?next=/desk/tags/")]
)
def test_a_part_asked_for_without_a_sign_in_leads_to_it_whatever_the_header_says(
    app: Flask, said: str, next: str
) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": said}

    answer = app.test_client().get("/desk/tags/", headers=headers)

    assert answer.status_code == 200
    assert answer.headers["HX-Redirect"] == f"/desk/account/sign-in{next}"


@pytest.mark.long
def test_the_side_bar_highlights_where_a_page_of_a_booking_is_found(
    client: Client, desk_of: DeskOf
) -> None:
    make.method("PayPal")
    booking, desk = make.booking(), desk_of("administrator")
    ends = ("amend", "cancel", "deposit", "guest", "record")
    paths = ["", "/new", f"/{booking}", *(f"/{booking}/{end}" for end in ends)]

    shown = {path: desk.get(f"/desk/bookings{path}") for path in paths}
    shown["record"] = desk.get("/desk/record")

    lit = {path: set(page.all(".dk-side [aria-current='page']")) for path, page in shown.items()}
    assert {path: texts for path, texts in lit.items() if texts != {"Bookings"}} == {}


def test_every_page_but_ones_own_account_is_found_under_one_entry_of_the_side_bar(
    app: Flask,
) -> None:
    now = clock.now()
    me = Me(1, "", "administrator", frozenset(Permission), None, False, 1, now, now)
    entries = [entry for _, listed in menu(me, Waiting()) for entry in listed]
    pages = {each.endpoint for each in app.url_map.iter_rules() if each.endpoint.count(".") > 1}
    pages = {each for each in pages if each.startswith("desk.")}

    found = {page: [each.text for each in entries if each.is_here(page)] for page in pages}

    lost = {page for page, texts in found.items() if len(texts) != 1}
    assert {page for page in lost if not page.startswith("desk.account.")} == set()
