"""Signing in at the desk with a browser: with the second step, and the pages before it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from passlib.totp import TOTP  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from staff.links import link_to_password
from tests.browser.conftest import OpenPage
from tests.browser.test_desk_pages import wrong_by_axe
from tests.desk.people import PASSWORD, person
from tests.desk.visitors import EMAIL, NEW, SIGN_IN, stored

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True),
]

Keep = Callable[[Page, str], None]


def sign_in(page: Page, password: str = PASSWORD) -> None:
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize("width", [1280, 390])
def test_somebody_sets_up_the_second_step_and_signs_in_with_it(
    app: Flask, open_page: OpenPage, keep: Keep, width: int
) -> None:
    person("manager", EMAIL, password=stored())
    page = open_page("/desk/account/", width=width)
    sign_in(page)

    page.get_by_role("link", name="Set up the second step").click()
    picture = page.get_by_role("img", name=re.compile("QR code"))
    assert picture.evaluate("image => image.naturalWidth") > 0
    app_of_the_phone = TOTP(key=page.locator(".dk-secret").inner_text())
    keep(page, f"desk-second-step-{width}")
    page.get_by_label("Code that the app shows now").fill(str(app_of_the_phone.generate().token))
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_role("button", name="Switch the second step on").click()
    expect(page.get_by_role("heading", name="The second step is on")).to_be_visible()
    [code, *_] = page.locator(".dk-codes li").all_inner_texts()
    assert wrong_by_axe(page) == []
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_role("main").get_by_role("button", name="Sign out", exact=True).click()

    sign_in(page)
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    assert wrong_by_axe(page) == []
    keep(page, f"desk-code-{width}")
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in").click()

    expect(page).to_have_url(re.compile("/desk/$"))


@pytest.mark.parametrize("width", [1280, 390])
def test_a_password_is_set_by_a_link_and_the_pages_before_the_door_can_be_read_by_everybody(
    app: Flask, open_page: OpenPage, keep: Keep, width: int
) -> None:
    link = link_to_password(person("manager", EMAIL, password=stored()))
    page = open_page(SIGN_IN, width=width)
    assert wrong_by_axe(page) == []
    keep(page, f"desk-sign-in-{width}")
    page.get_by_role("link", name="I have forgotten my password").click()
    page.wait_for_url("**/desk/account/password")
    assert wrong_by_axe(page) == []
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("status")).to_contain_text("a link is on its way")

    page.goto(page.url.partition("/desk/")[0] + str(link))
    assert wrong_by_axe(page) == []
    page.get_by_label("New password").fill(NEW)
    page.get_by_label("The same once more").fill(NEW)
    page.get_by_role("button", name="Set the password").click()
    sign_in(page, NEW)

    expect(page).to_have_url(re.compile("/desk/$"))
