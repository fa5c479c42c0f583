"""Partners at the desk: what they may do and sign in with; secrets shown once."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from audit.models import LogEntry
from kit.db import reading
from kit.ids import digest
from partners.models import AccessToken, Credential, Endpoint, Partner, PartnerLocation
from partners.registering import PartnerRefused
from staff.models import AnsweredForm
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.counting import counted
from tests.desk.partnering import LIST, everything_stored, logged, secrets_of
from tests.desk.people import Desk, Page


@pytest.fixture
def admin(desk_of: DeskOf) -> Desk:
    return desk_of("administrator")


def add(desk: Desk, **fields: Any) -> Page:
    make.location(1)
    form = desk.get("/desk/partners/add").form("/partners/add")
    wanted = {"name": "Till", "formats[]": "brink", "locations[]": "1"} | fields
    return desk.post("/desk/partners/add", form | wanted)


# --- the list ------------------------------------------------------------------------------------


def test_the_list_tells_what_partners_may_do_and_where(admin: Desk) -> None:
    partner = make.partner("bookings:read payments:write")
    make.credential(partner, "iiko", "a secret")

    page = admin.get(LIST)

    assert make.row_of(Partner, partner).name in page.text
    assert "iiko" in page.text
    assert "bookings:read, payments:write" in page.text
    assert "Location 1" in page.text


def test_an_empty_list_says_what_to_do(admin: Desk) -> None:
    assert "There are no partners yet. Add one" in admin.get(LIST).text


def test_the_list_takes_under_five_statements(admin: Desk) -> None:
    for number in range(12):
        make.credential(make.partner(), "iiko", f"secret {number}")

    with counted() as statements:
        admin.get(LIST)

    assert 0 < len(statements) < 5


def test_when_a_partner_was_last_active_is_told(app: Flask, admin: Desk) -> None:
    make.method("PayPal")
    client = make.Client.of_new_partner(app)
    assert "It has changed nothing here yet." in admin.get(f"{LIST}{client.partner_id}").text

    client.pay(make.booking(["100.00"]))

    assert "Last active" in admin.get(f"{LIST}{client.partner_id}").text


# --- adding, and secrets shown once --------------------------------------------------------------


def test_what_a_new_partner_signs_in_with_is_shown_once_and_stored_nowhere(admin: Desk) -> None:
    answer = add(admin, **{"formats[]": ["brink", "spektrix"]})

    assert answer.status == 200
    assert answer.leads_to is None
    shown = secrets_of(answer)
    [partner] = make.rows_of(Partner)
    assert shown["Client id"] == partner.client_id
    assert partner.secret_hash == digest(shown["Client secret"])
    assert partner.scopes == "payments:write bookings:read"
    stored = everything_stored()
    secrets = [value for word, value in shown.items() if "id" not in word and "Login" not in word]
    assert len(secrets) == 3
    assert [each for each in secrets if each in stored] == []
    later = admin.get(f"{LIST}{partner.id}").answer.text
    assert [each for each in secrets if each in later] == []


def test_the_same_form_sent_twice_adds_one_partner_and_says_that_it_was_shown(admin: Desk) -> None:
    make.location(1)
    form = admin.get("/desk/partners/add").form("/partners/add") | {
        "name": "Till",
        "locations[]": "1",
    }
    first = admin.post("/desk/partners/add", form)

    second = admin.post("/desk/partners/add", form)

    [partner] = make.rows_of(Partner)
    assert (second.status, second.leads_to) == (303, f"{LIST}{partner.id}")
    assert secrets_of(first)["Client secret"] not in second.answer.text
    assert "was shown then. It cannot be shown again" in admin.get(f"{LIST}{partner.id}").text
    [form_row] = make.rows_of(AnsweredForm)
    assert form_row.led_to == f"{LIST}{partner.id}"


def test_the_log_names_who_added_a_partner(admin: Desk) -> None:
    add(admin)

    [entry] = make.rows_of(LogEntry, action="partner.added")
    assert (entry.actor_kind, entry.actor_id, entry.severity) == (
        "person",
        admin.person_id,
        "high",
    )


def test_every_slip_of_a_new_partner_is_told_at_its_field(admin: Desk) -> None:
    make.location(1)

    answer = admin.post("/desk/partners/add", {"name": "x" * 101, "formats[]": "nonsense"})

    assert answer.status == 422
    assert "it may have 100" in answer.all("#e-name")[0]
    assert "one of spektrix" in answer.all("#e-formats")[0]
    assert answer.all("#e-locations") == ["Choose at least one."]
    assert make.rows_of(Partner) == []


def test_a_manager_does_not_see_partners(manager: Desk) -> None:
    partner = make.partner()

    assert manager.get(LIST).status == 403
    assert manager.post(f"{LIST}{partner}/revoke", {"reason": "x"}).status == 403
    assert make.row_of(Partner, partner).revoked_at is None
    assert "/desk/partners/" not in manager.get("/desk/tags/").answer.text


# --- changing ------------------------------------------------------------------------------------


def test_a_partner_is_renamed(admin: Desk) -> None:
    partner = make.partner()

    answer = admin.post(f"{LIST}{partner}/name", {"name": "Checkout page"})

    assert answer.leads_to == f"{LIST}{partner}"
    assert make.row_of(Partner, partner).name == "Checkout page"


def test_rights_are_changed_with_a_reason(admin: Desk) -> None:
    make.location(2)
    partner = make.partner("bookings:read")
    wanted = {
        "scopes[]": ["payments:write", "payments:refund"],
        "locations[]": ["1", "2"],
        "may_waive_commission": "true",
        "reason": "it refunds by itself now",
    }

    answer = admin.post(f"{LIST}{partner}/rights", wanted)

    assert answer.leads_to == f"{LIST}{partner}"
    row = make.row_of(Partner, partner)
    assert (row.scopes, row.may_waive_commission) == ("payments:write payments:refund", True)
    actions = ["scopes_changed", "locations_changed", "waiving_changed"]
    entries = [logged(f"partner.{each}")[0] for each in actions]
    assert {(each["severity"], each["reason"]) for each in entries} == {
        ("high", "it refunds by itself now")
    }


def test_rights_are_not_changed_without_a_reason(admin: Desk) -> None:
    partner = make.partner("bookings:read")

    answer = admin.post(
        f"{LIST}{partner}/rights", {"scopes[]": "payments:write", "locations[]": "1"}
    )

    assert answer.status == 422
    assert "reason is missing" in answer.all("#e-reason")[0]
    assert answer.root.cssselect("[value='payments:write'][checked]") != []
    assert make.row_of(Partner, partner).scopes == "bookings:read"


def test_the_form_of_rights_shows_each_scope_with_its_meaning(admin: Desk) -> None:
    partner = make.partner("bookings:read")

    page = admin.get(f"{LIST}{partner}/rights")

    assert "payments:refund refund the payments recorded; only where asked for" in page.text
    ticked = [e.get("value") for e in page.root.cssselect("main [type=checkbox][checked]")]
    assert ticked == ["bookings:read", "1"]


def test_a_new_secret_is_asked_for_twice_and_shown_once(app: Flask, admin: Desk) -> None:
    partner = make.partner()
    make.token(partner)
    question = admin.get(f"{LIST}{partner}/secret")
    assert "The present secret ends at once" in question.text

    answer = admin.post(f"{LIST}{partner}/secret", question.form("/secret"))

    made = secrets_of(answer)["Client secret"]
    assert make.row_of(Partner, partner).secret_hash == digest(made)
    assert make.rows_of(AccessToken) == []
    again = admin.post(f"{LIST}{partner}/secret", question.form("/secret"))
    assert again.status == 303
    assert make.row_of(Partner, partner).secret_hash == digest(made)
    assert made not in everything_stored()


def test_a_credential_is_made_shown_once_and_revoked(admin: Desk) -> None:
    partner = make.partner()

    answer = admin.post(f"{LIST}{partner}/credentials", {"kind": "iiko"})

    made = secrets_of(answer)["apiLogin"]
    [row] = make.rows_of(Credential)
    assert row.lookup == digest(made)
    assert made not in everything_stored()
    there = f"{LIST}{partner}/credentials/{row.id}/revoke"
    assert admin.post(there).status == 422
    assert admin.post(there, {"reason": "it leaked"}).leads_to == f"{LIST}{partner}"
    assert make.rows_of(Credential) == []
    assert logged("credential.revoked")[0]["reason"] == "it leaked"


def test_a_credential_for_which_scopes_lack_is_refused_with_the_reason(admin: Desk) -> None:
    partner = make.partner("bookings:read")

    answer = admin.post(f"{LIST}{partner}/credentials", {"kind": "iiko"})

    assert answer.status == 422
    assert "payments:write" in answer.text
    assert make.rows_of(Credential) == []


def test_scopes_that_a_format_lacks_are_told_on_the_page(admin: Desk) -> None:
    partner = make.partner("bookings:read")
    make.credential(partner, "iiko", "a secret")

    page = admin.get(f"{LIST}{partner}")

    assert "Calls of iiko are refused: the partner lacks payments:write." in page.text


def test_a_partner_is_revoked_with_a_reason_and_then_changed_no_more(admin: Desk) -> None:
    partner = make.partner()
    make.endpoint(partner)

    assert admin.post(f"{LIST}{partner}/revoke").status == 422
    answer = admin.post(f"{LIST}{partner}/revoke", {"reason": "the till was stolen"})

    assert answer.leads_to == f"{LIST}{partner}"
    assert make.row_of(Partner, partner).revoked_at is not None
    [entry] = logged("partner.revoked")
    assert (entry["severity"], entry["reason"]) == ("high", "the till was stolen")
    page = admin.get(f"{LIST}{partner}")
    assert "This partner was revoked" in page.text
    assert page.root.cssselect("main form") == []
    late = admin.post(f"{LIST}{partner}/name", {"name": "Another"})
    assert late.status == 422
    assert "was revoked and cannot be changed any more" in late.text


def test_a_dialog_is_a_part_of_a_page_with_the_same_form(admin: Desk) -> None:
    partner = make.partner()

    part = admin.get(f"{LIST}{partner}/revoke", HX_Request="true")

    assert "<html" not in part.answer.text
    assert part.root.get("role") == "alertdialog"
    assert part.root.get("action") == f"{LIST}{partner}/revoke"


# --- people limited to locations -----------------------------------------------------------------


def test_a_person_of_some_locations_sees_only_partners_wholly_within_them(desk_of: DeskOf) -> None:
    mine, theirs, both, none = (make.partner(locations=each) for each in ((1,), (2,), (1, 2), ()))
    desk = desk_of("administrator", locations=[1])

    page = desk.get(LIST)

    links = [each.get("href") for each in page.root.cssselect("main tbody a")]
    assert links == [f"{LIST}{mine}"]
    assert [desk.get(f"{LIST}{each}").status for each in (mine, theirs, both, none)] == [
        200,
        404,
        404,
        404,
    ]


def test_a_person_of_some_locations_changes_no_partner_beyond_them(desk_of: DeskOf) -> None:
    make.location(1)
    partner = make.partner("payments:write", locations=(1, 2))
    endpoint, credential = make.endpoint(partner), make.credential(partner, "iiko", "a secret")
    desk = desk_of("administrator", locations=[1])
    reason = {"reason": "x"}
    posts: list[tuple[str, dict[str, Any]]] = [
        ("name", {"name": "Mine"}),
        ("rights", {"scopes[]": "bookings:read", "locations[]": "1"} | reason),
        ("secret", {}),
        ("credentials", {"kind": "iiko"}),
        (f"credentials/{credential}/revoke", reason),
        ("revoke", reason),
        (f"webhooks/{endpoint}/off", reason),
        (f"webhooks/{endpoint}/secret", {}),
        (f"webhooks/{endpoint}/remove", {}),
    ]

    statuses = [desk.post(f"{LIST}{partner}/{path}", fields).status for path, fields in posts]

    assert set(statuses) == {404}
    assert [row for row in make.rows_of(LogEntry) if row.action != "staff.signed_in"] == []
    assert make.row_of(Partner, partner).scopes == "payments:write"


def test_a_person_of_some_locations_gives_no_other_location(desk_of: DeskOf) -> None:
    make.location(2)
    partner = make.partner(locations=(1,))
    desk = desk_of("administrator", locations=[1])

    answer = desk.post(
        f"{LIST}{partner}/rights",
        {"scopes[]": "bookings:read", "locations[]": ["1", "2"], "reason": "more"},
    )
    added = add(desk, **{"locations[]": "2"})

    assert (answer.status, added.status) == (422, 422)
    assert answer.all("#e-locations") != []
    assert [row.location_id for row in make.rows_of(PartnerLocation)] == [1]


def test_no_secret_is_on_any_page_of_a_partner(admin: Desk) -> None:
    partner = make.partner()
    make.credential(partner, "spektrix", "c2VjcmV0", login="a-login")
    make.credential(partner, "iiko", "a secret")
    make.endpoint(partner)

    page = admin.get(f"{LIST}{partner}").answer.text

    with reading() as session:
        sealed = [
            *session.scalars(select(Credential.sealed)),
            *session.scalars(select(Endpoint.sealed)),
        ]
    hashes = [make.row_of(Partner, partner).secret_hash, digest("a secret")]
    hidden = [make.SIGNING_SECRET, "c2VjcmV0", *hashes, *filter(None, sealed)]
    assert [each for each in hidden if each in page] == []
    assert "login a-login" in admin.get(f"{LIST}{partner}").text


def test_the_errors_of_registering_are_told_as_sentences(
    admin: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PartnerRefused("There is no location 1; there are none yet.")

    monkeypatch.setattr("desk.partners.routes.add_partner", refuse)

    answer = add(admin)

    assert answer.status == 422
    assert "There is no location 1" in answer.text
