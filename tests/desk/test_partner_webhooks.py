"""The webhooks of partners at the desk, and the log of their calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from audit.models import LogEntry
from kit.db import transaction
from kit.vault import vault
from outbox.models import Message
from partners.errors import TargetRefused
from partners.models import Endpoint, WebhookCall
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.partnering import LIST, everything_stored, logged, secrets_of
from tests.desk.people import Desk
from tests.outbox.make import NOON
from tests.partners.telling import tell

INWARDS = "http://10.0.0.1/hooks"


@pytest.fixture
def admin(desk_of: DeskOf) -> Desk:
    return desk_of("administrator")


@pytest.fixture
def loopback(app: Flask) -> Iterator[None]:
    """Addresses on this machine may be called, as in the demonstration."""
    was = app.config["ALLOW_LOOPBACK_TARGETS"]
    app.config["ALLOW_LOOPBACK_TARGETS"] = True
    yield
    app.config["ALLOW_LOOPBACK_TARGETS"] = was


@pytest.mark.usefixtures("loopback")
def test_a_webhook_is_added_and_its_secret_shown_once(admin: Desk) -> None:
    partner = make.partner()
    there = f"{LIST}{partner}/webhooks/add"
    form = admin.get(there).form("/webhooks/add") | {
        "url": "http://127.0.0.1:9/hooks",
        "endpoint": "till",
        "events[]": ["payment.deleted", "payment.failed"],
    }

    answer = admin.post(there, form)

    made = secrets_of(answer)["Signing secret"]
    [row] = make.rows_of(Endpoint)
    assert (row.name, row.url) == ("till", "http://127.0.0.1:9/hooks")
    assert row.events == "payment.deleted payment.failed"
    assert vault().open(row.sealed) == made
    assert made not in everything_stored()
    assert admin.post(there, form).leads_to == f"{LIST}{partner}"
    assert len(make.rows_of(Endpoint)) == 1
    assert logged("endpoint.added")[0]["severity"] == "high"


@pytest.mark.parametrize("url", [INWARDS, "https://10.0.0.1/hooks", "ftp://example.com", "hooks"])
def test_an_address_that_leads_inwards_is_refused_at_its_field(admin: Desk, url: str) -> None:
    partner = make.partner()

    answer = admin.post(f"{LIST}{partner}/webhooks/add", {"url": url, "events[]": "nonsense"})

    assert answer.status == 422
    assert answer.all("#e-url")[0].startswith("This address cannot be called:")
    assert answer.all("#e-events") != []
    assert make.rows_of(Endpoint) == []


def test_an_address_is_looked_at_before_the_transaction(
    admin: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look-up may take seconds, in which nobody else could write."""
    partner = make.partner()
    open_then: list[bool] = []

    def look(url: str) -> Any:
        with transaction():  # would wait for itself
            open_then.append(False)
        raise TargetRefused("it is only looked at here")

    monkeypatch.setattr("desk.partners.forms.check_target", look)

    admin.post(f"{LIST}{partner}/webhooks/add", {"url": "https://example.com/hooks"})

    assert open_then == [False]


@pytest.mark.usefixtures("loopback")
def test_a_second_webhook_of_the_same_name_is_refused_at_its_name(admin: Desk) -> None:
    partner = make.partner()
    make.endpoint(partner, name="till")

    answer = admin.post(
        f"{LIST}{partner}/webhooks/add", {"url": "http://127.0.0.1:9/", "endpoint": "till"}
    )

    assert answer.status == 422
    assert "already exists" in answer.all("#e-endpoint")[0]


def test_a_webhook_is_switched_off_with_a_reason_and_on_again(admin: Desk) -> None:
    partner = make.partner()
    endpoint = make.endpoint(partner)
    there = f"{LIST}{partner}/webhooks/{endpoint}"

    assert admin.post(f"{there}/off").status == 422
    admin.post(f"{there}/off", {"reason": "their server moves"})

    assert not make.row_of(Endpoint, endpoint).live
    assert "Off because: their server moves" in admin.get(f"{LIST}{partner}").text
    admin.post(f"{there}/on")
    assert make.row_of(Endpoint, endpoint).live
    assert [each["after"] for each in logged("endpoint.switched_on")] == [{"live": True}]


def test_a_webhook_gets_a_new_secret_shown_once(admin: Desk) -> None:
    partner = make.partner()
    endpoint = make.endpoint(partner)

    answer = admin.post(f"{LIST}{partner}/webhooks/{endpoint}/secret")

    made = secrets_of(answer)["Signing secret"]
    assert vault().open(make.row_of(Endpoint, endpoint).sealed) == made
    assert made not in everything_stored()


def test_a_removed_webhook_is_gone_from_the_page(admin: Desk) -> None:
    partner = make.partner()
    endpoint = make.endpoint(partner, name="till")

    admin.post(f"{LIST}{partner}/webhooks/{endpoint}/remove")

    assert make.row_of(Endpoint, endpoint).removed_at is not None
    assert "It is told of nothing." in admin.get(f"{LIST}{partner}").text
    assert admin.post(f"{LIST}{partner}/webhooks/{endpoint}/on").status == 404


def test_the_webhook_of_another_partner_is_not_reached_through_ones_own(admin: Desk) -> None:
    mine, theirs = make.partner(), make.partner()
    endpoint = make.endpoint(theirs)

    answers = [
        admin.post(f"{LIST}{mine}/webhooks/{endpoint}/{what}", {"reason": "x"}).status
        for what in ("off", "on", "secret", "remove", "again/1")
    ]

    assert answers == [404] * 5
    assert make.row_of(Endpoint, endpoint).live


# --- the calls -----------------------------------------------------------------------------------


def called(endpoint: int, **values: Any) -> int:
    """A call that was made; the id of its message, which has left."""
    [webhook_id] = tell(endpoint)
    [message] = make.rows_of(Message, message_id=webhook_id)
    row = {"endpoint_id": endpoint, "message_id": message.id, "at": NOON, "url": "https://e.x/",
           "request": "{}", "status": 204, "took_ms": 12, "answer": ""}  # fmt: skip
    make._insert(WebhookCall, **row | values)
    return int(message.id)


def test_the_last_calls_are_shown_with_what_came_back(admin: Desk) -> None:
    partner = make.partner()
    endpoint = make.endpoint(partner, name="till")
    called(endpoint, status=500, took_ms=321, answer="<script>alert(1)</script> broken")
    called(endpoint, status=None, problem="no answer within 10 s")

    page = admin.get(f"{LIST}{partner}")

    assert page.all("#calls .dk-st") == ["No answer", "500"]
    assert page.all("#calls pre") == ["<script>alert(1)</script> broken"]
    assert page.root.cssselect("#calls script") == []
    assert "no answer within 10 s" in page.text
    assert "321" in page.text


def test_a_message_is_sent_again_from_the_calls(admin: Desk) -> None:
    partner = make.partner()
    endpoint = make.endpoint(partner)
    message = called(endpoint)
    with_state(message, "given_up")
    page = admin.get(f"{LIST}{partner}")

    answer = admin.post(
        f"{LIST}{partner}/webhooks/{endpoint}/again/{message}",
        page.form(f"/again/{message}"),
    )

    assert answer.leads_to == f"{LIST}{partner}#calls"
    assert make.row_of(Message, message).state == "waiting"
    [entry] = make.rows_of(LogEntry, action="events.resent")
    assert entry.actor_id == admin.person_id


def test_sending_again_needs_the_permission_for_messages(desk_of: DeskOf) -> None:
    partner = make.partner()
    endpoint = make.endpoint(partner)
    message = called(endpoint)
    with_state(message, "given_up")
    desk = desk_of("administrator", withdrawn=["messages"])

    page = desk.get(f"{LIST}{partner}")
    answer = desk.post(f"{LIST}{partner}/webhooks/{endpoint}/again/{message}")

    assert "Send again" not in page.text
    assert answer.status == 403
    assert make.row_of(Message, message).state == "given_up"


def with_state(message: int, state: str) -> None:
    with transaction() as connection:
        connection.execute(
            text("UPDATE outbox SET state = :state WHERE id = :id"), {"state": state, "id": message}
        )
