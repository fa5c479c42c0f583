"""Endpoints that outcomes are told to: created, changed, listed, removed; their passwords stay."""

from __future__ import annotations

from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any

import pytest

from audit.models import LogEntry
from partners.models import Endpoint
from payments.formats.kseries import schemas
from tests import make
from tests.meeting import Gate, at_once, before, statuses
from tests.partners.receiver import Receiver
from tests.payments.formats.kseries.given import ENDPOINT, Till, Worker, document, errors, refusal
from tests.payments.proofs import nothing_written

HOOKS = "/o/wh/1/webhook"
PASSWORD = "a sécret: 100%"


def endpoint(receiver: Receiver, **fields: Any) -> str:
    """An endpoint with Basic auth; None leaves a field out."""
    given = {
        "endpointId": "Kasse 1",
        "url": receiver.url("/kasse"),
        "withBasicAuth": True,
        "username": "käse",
        "password": PASSWORD,
        "provideAccount": True,
    }
    return document({k: v for k, v in (given | fields).items() if v is not None})


def shown(receiver: Receiver, **fields: Any) -> dict[str, Any]:
    return {
        "endpointId": "Kasse 1",
        "url": receiver.url("/kasse"),
        "withBasicAuth": True,
        "username": "käse",
        "provideAccount": True,
    } | fields


def test_an_endpoint_is_created_and_read_back_without_its_password(
    till: Till, receiver: Receiver
) -> None:
    made = till.call("PUT", HOOKS, endpoint(receiver))
    read = till.call("GET", f"{HOOKS}/Kasse 1")
    listed = till.call("GET", HOOKS)

    assert (made.status_code, made.json) == (200, shown(receiver))
    assert read.json == shown(receiver)
    assert listed.json is not None
    assert [each["endpointId"] for each in listed.json] == [ENDPOINT, "Kasse 1"]
    assert listed.json[1] == shown(receiver)
    assert "100%" not in made.text + read.text + listed.text
    row = make.rows_of(Endpoint)[-1]
    assert PASSWORD not in (row.sealed or PASSWORD)
    assert PASSWORD not in repr(make.rows_of(LogEntry))


def test_the_same_endpoint_again_is_no_other_one(till: Till, receiver: Receiver) -> None:
    first = till.call("PUT", HOOKS, endpoint(receiver))
    with nothing_written():
        again = till.call("PUT", HOOKS, endpoint(receiver))

    assert (again.status_code, again.data) == (200, first.data)


def test_a_different_endpoint_under_the_same_id_is_refused(till: Till, receiver: Receiver) -> None:
    till.call("PUT", HOOKS, endpoint(receiver))
    others: list[dict[str, Any]] = [
        {"provideAccount": None},
        {"password": "another"},
        {"withBasicAuth": None},
        {"url": receiver.url("/else")},
    ]

    for other in others:
        with nothing_written():
            answer = till.call("PUT", HOOKS, endpoint(receiver, **other))

        assert answer.status_code == 400
        assert refusal(answer)["message"] == "endpoint ID already exists: Kasse 1"
    assert till.call("GET", f"{HOOKS}/Kasse 1").json == shown(receiver)


def test_ids_are_case_sensitive_and_a_partners_own(till: Till, receiver: Receiver) -> None:
    other = Till(till.app, make.partner())

    assert till.call("PUT", HOOKS, endpoint(receiver, endpointId="TILL")).status_code == 200
    assert other.call("PUT", HOOKS, endpoint(receiver, endpointId=ENDPOINT)).status_code == 200
    assert till.call("GET", f"{HOOKS}/Till").status_code == 404
    assert other.call("DELETE", f"{HOOKS}/TILL").status_code == 404


def test_an_update_sets_what_it_leaves_out_to_its_default(till: Till, receiver: Receiver) -> None:
    till.call("PUT", HOOKS, endpoint(receiver))
    plain = document({"endpointId": "Kasse 1", "url": receiver.url("/new")})

    answer = till.call("POST", HOOKS, plain)

    changed = shown(receiver, url=receiver.url("/new"), withBasicAuth=False, username=None,
                    provideAccount=False)  # fmt: skip
    assert (answer.status_code, answer.json) == (200, changed)
    assert make.rows_of(Endpoint)[-1].sealed is None


def test_an_endpoint_that_was_removed_is_gone(till: Till, receiver: Receiver) -> None:
    till.call("PUT", HOOKS, endpoint(receiver))

    gone = till.call("DELETE", f"{HOOKS}/Kasse%201")

    assert (gone.status_code, gone.json) == (200, {"status": "ok"})
    assert till.call("GET", f"{HOOKS}/Kasse 1").status_code == 404
    assert till.call("PUT", HOOKS, endpoint(receiver, url=receiver.url("/2"))).status_code == 200


def test_an_endpoint_that_is_not_there_is_told_by_its_id(till: Till, receiver: Receiver) -> None:
    calls = [
        ("POST", HOOKS, endpoint(receiver), "Kasse 1"),
        ("GET", f"{HOOKS}/Kasse 1", None, "Kasse 1"),
        ("DELETE", f"{HOOKS}/Kasse 1", None, "Kasse 1"),
        ("GET", f"{HOOKS}/a%00b", None, "?"),
        ("DELETE", f"{HOOKS}/4111111111111111", None, "?"),
    ]
    for method, path, sent, name in calls:
        answer = till.call(method, path, sent)

        assert answer.status_code == 404
        assert refusal(answer)["message"] == f"endpoint ID not found for {name}"
        assert "4111" not in answer.text


WRONG: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"endpointId": None}, [("endpointId", "NotNull")]),
    ({"endpointId": ""}, [("endpointId", "Size")]),
    ({"endpointId": "a/b"}, [("endpointId", "Pattern")]),
    ({"endpointId": ".."}, [("endpointId", "Pattern")]),
    ({"endpointId": "a\u00a0b"}, [("endpointId", "Pattern")]),
    ({"endpointId": "x" * 101}, [("endpointId", "Size")]),
    ({"url": None}, [("url", "NotNull")]),
    ({"url": "ftp://example.com/"}, [("url", "URL")]),
    ({"url": "http://example.com/hooks"}, [("url", "URL")]),
    ({"url": "https://10.0.0.1/hooks"}, [("url", "URL")]),
    ({"url": "https://169.254.169.254/latest"}, [("url", "URL")]),
    ({"url": "https://user:word@example.com/"}, [("url", "URL")]),
    ({"withBasicAuth": "true"}, [("withBasicAuth", "typeMismatch")]),
    ({"username": None}, [("username", "NotNull")]),
    ({"username": "a:b"}, [("username", "Pattern")]),
    ({"password": 1234}, [("password", "typeMismatch")]),
    ({"provideAccount": 1}, [("provideAccount", "typeMismatch")]),
    (
        {"url": "https://10.0.0.1/", "username": None, "password": None},
        [("url", "URL"), ("username", "NotNull"), ("password", "NotNull")],
    ),
]


@pytest.mark.long
@pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_what_is_wrong_with_an_endpoint_is_told_at_once(
    till: Till, receiver: Receiver, method: str
) -> None:
    with nothing_written():
        answers = [till.call(method, HOOKS, endpoint(receiver, **sent)) for sent, _ in WRONG]

    for (sent, faults), answer in zip(WRONG, answers, strict=True):
        assert sorted(errors(answer)) == sorted(faults), sent
        objects = {each["objectName"] for each in refusal(answer)["errors"]}
        assert objects == {"apeWebhookEndpoint"}
        assert PASSWORD not in answer.text


def test_a_refused_address_is_told_with_the_reason(till: Till, receiver: Receiver) -> None:
    answer = till.call("PUT", HOOKS, endpoint(receiver, url="https://192.168.0.1/hooks"))

    [error] = refusal(answer)["errors"]
    assert "private or local network" in error["defaultMessage"]


def test_basic_auth_goes_with_every_call_in_utf8(
    till: Till, booking: int, receiver: Receiver, worker: Worker
) -> None:
    assert booking
    till.call("PUT", HOOKS, endpoint(receiver))
    till.accepted(endpointId="Kasse 1")
    worker.run()

    [call] = receiver.got
    word = b64encode(f"käse:{PASSWORD}".encode()).decode()
    assert (call.path, call.headers["authorization"]) == ("/kasse", f"Basic {word}")


def test_credentials_without_basic_auth_are_not_kept(till: Till, receiver: Receiver) -> None:
    answer = till.call("PUT", HOOKS, endpoint(receiver, withBasicAuth=False))

    assert answer.json == shown(receiver, withBasicAuth=False, username=None)
    assert make.rows_of(Endpoint)[-1].sealed is None


def test_a_private_host_and_one_that_is_not_there_are_told_in_the_same_words(
    till: Till, receiver: Receiver
) -> None:
    hosts = ["10.0.0.1", "no-such-host.invalid"]

    told = [
        refusal(till.call("PUT", HOOKS, endpoint(receiver, url=f"https://{host}/")))["message"]
        for host in hosts
    ]

    assert told == [
        "url: This address cannot be called: its host cannot be found, or is in a private or "
        "local network."
    ] * len(hosts)


def test_a_partner_looks_up_one_host_at_a_time_and_keeps_nobody_else(
    till: Till, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`Gate` stands for a resolver that does not answer."""
    gate, other = Gate(), Till(till.app, make.partner())
    before(monkeypatch, schemas, "check_target", gate.pass_through)

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(till.call, "PUT", HOOKS, endpoint(receiver))
        assert gate.reached.wait(timeout=10)
        meanwhile = till.call("PUT", HOOKS, endpoint(receiver, endpointId="Kasse 2"))
        others = other.call("PUT", HOOKS, endpoint(receiver))
        gate.open()

    assert (meanwhile.status_code, meanwhile.headers["Retry-After"]) == (429, "1")
    assert refusal(meanwhile)["message"].startswith("Too many requests")
    assert (others.status_code, slow.result().status_code) == (200, 200)
    assert till.call("PUT", HOOKS, endpoint(receiver, endpointId="Kasse 2")).status_code == 200


@pytest.mark.long
def test_of_equal_endpoints_at_once_one_is_made(
    till: Till, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At several processes: one lets a partner in one by one."""
    monkeypatch.setattr(schemas, "_alone", lambda _: nullcontext())

    def put() -> Any:
        return till.call("PUT", HOOKS, endpoint(receiver))

    answers = at_once([put] * 4)

    assert statuses(answers) == [200] * 4
    assert len(make.rows_of(Endpoint, name="Kasse 1")) == 1
