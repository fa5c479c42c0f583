"""Two public clients of iiko, as their users run them, against a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from flask import Flask
from iikocloudapi import (
    ApiLoginAuth,
    BadRequest,
    Forbidden,
    IikoCloud,
    NotFound,
    TooManyRequests,
    Unauthorized,
)
from iikocloudapi._errors import CommandFailed

from bookings.models import Booking
from payments.formats.iiko import ids
from payments.inbox import apply_accepted
from payments.models import Payment
from tests import make
from tests.payments.formats.iiko.pyiiko import (
    BaseResponseModel,
    CustomErrorModel,
    IikoTransport,
    TokenException,
)
from tests.payments.formats.iiko.till import CARD, LOGIN, Till
from tests.served import served

pytestmark = [
    pytest.mark.one_database,
    pytest.mark.filterwarnings(
        "ignore:The `parse_obj` method is deprecated:pydantic.warnings.PydanticDeprecatedSince20"
    ),
    pytest.mark.filterwarnings("ignore:ApiLoginAuth uses the deprecated:DeprecationWarning"),
]

T = TypeVar("T")
NOBODY = "9fee8a2c-4da4-4b10-b2f4-0f2fb8d4f3b5"


@pytest.fixture
def address(app: Flask, till: Till) -> Iterator[str]:
    """Where the service of a partner with an apiLogin is."""
    make.credential(till.partner_id, "iiko", LOGIN)
    with served(app) as found:
        yield found


# --- pyiikocloudapi: no call for add_payments, so its general one ------------------------------


def add(client: IikoTransport, organization: str, order: object, *payments: Any) -> Any:
    body = {"organizationId": organization, "orderId": order, "payments": list(payments)}
    return client._post_request(
        url="/api/1/order/add_payments", data=body, model_response_data=BaseResponseModel
    )


def test_pyiikocloudapi_signs_in_looks_pays_and_asks_what_became_of_it(address: str) -> None:
    booking = make.booking(["100.00"])
    client = IikoTransport(LOGIN, base_url=address)

    [organization] = client.organizations().organizations
    types = client.payment_types([organization.id]).payment_types
    card = next(each for each in types if each.code == CARD)
    payment = {"paymentTypeKind": "Card", "paymentTypeId": card.id, "sum": 20.06,
               "isProcessedExternally": True}  # fmt: skip
    added = add(client, organization.id, ids.order(booking), payment)
    before = client.status(organization.id, added.correlation_id)
    apply_accepted()
    after = client.status(organization.id, added.correlation_id)

    assert (organization.name, card.name, card.payment_type_kind) == ("Location 1", "Card", "Card")
    assert card.payment_processing_type == "Both"
    assert [group.name for group in card.terminal_groups] == ["Location 1"]
    assert (before.state.value, after.state.value) == ("InProgress", "Success")
    assert make.row_of(Booking, booking).paid == 2006


def test_pyiikocloudapi_shows_why_a_payment_was_refused(address: str) -> None:
    booking = make.booking(["10.00"])
    client = IikoTransport(LOGIN, base_url=address)
    organization = ids.organization(1)
    payment = {"paymentTypeId": CARD, "sum": 0.1 + 0.2, "isProcessedExternally": True}

    at_once = add(client, organization, "X", payment)
    added = add(client, organization, booking, payment)
    apply_accepted()
    later = client.status(organization, added.correlation_id)

    assert isinstance(at_once, CustomErrorModel)
    assert (at_once.error, at_once.status_code) == ("invalid", 400)
    assert at_once.error_description == "orderId is 'X'; it must be a UUID, or our own number."
    assert later.state.value == "Error"
    expected = "0.30000000000000004 has more decimals than EUR has; it has 2."
    assert later.exception.message == expected
    assert make.rows_of(Payment) == []


def test_pyiikocloudapi_shows_a_wrong_login_and_an_unknown_command(address: str) -> None:
    with pytest.raises(TokenException, match="apiLogin is missing, unknown or revoked"):
        IikoTransport("nobody", base_url=address)

    unknown = IikoTransport(LOGIN, base_url=address).status(ids.organization(1), NOBODY)

    assert unknown.error == "CommandNotFound"


def test_pyiikocloudapi_signs_in_again_when_its_token_has_ended(address: str) -> None:
    client = IikoTransport(LOGIN, base_url=address, working_token="ended")

    assert [each.name for each in client.organizations().organizations] == ["Location 1"]


# --- iikocloudapi -----------------------------------------------------------------------------


def run(address: str, work: Callable[[IikoCloud], Awaitable[T]], login: str = LOGIN) -> T:
    async def session() -> T:
        async with IikoCloud(auth=ApiLoginAuth(login), base_url=address) as client:
            return await work(client)

    # In a thread of its own: a browser test before this one leaves its event loop in pytest's.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, session()).result()


@pytest.mark.long
@pytest.mark.parametrize("path", ["order", "deliveries"])
def test_iikocloudapi_signs_in_looks_pays_and_waits(app: Flask, address: str, path: str) -> None:
    booking = make.booking(["100.00"])

    async def pay(client: IikoCloud) -> tuple[str, str]:
        [organization] = (await client.organizations()).organizations
        types = await client.payment_types(organization_ids=[organization.id])
        card = next(each for each in types.payment_types if each.code == CARD)
        assert card.payment_type_kind is not None
        assert card.payment_processing_type is not None
        added = await getattr(client, path).add_payments(
            organization_id=organization.id,
            order_id=ids.order(booking),
            payments=[
                {
                    "paymentTypeKind": card.payment_type_kind.value,
                    "paymentTypeId": card.id,
                    "sum": "20.06",
                    "isProcessedExternally": True,
                    "paymentAdditionalData": {"type": "Card", "number": "****1111",
                                              "cardType": "VISA"},
                }
            ],
        )  # fmt: skip
        status = await client.commands.status(
            organization_id=organization.id, correlation_id=added.correlation_id
        )
        await asyncio.to_thread(work_here, app)
        done = await client.wait(added, organization_id=organization.id)
        return status.state, done.state

    assert run(address, pay) == ("InProgress", "Success")
    [row] = make.rows_of(Payment)
    assert (row.amount, row.attributes) == (2006, [["number", "****1111"], ["cardType", "VISA"]])


def work_here(app: Flask) -> None:
    """The worker's turn, beside the client's own loop."""
    with app.app_context():
        apply_accepted()


def test_iikocloudapi_shows_why_a_payment_was_refused(app: Flask, address: str) -> None:
    booking = make.booking(["10.00"])
    organization = ids.organization(1)

    async def pay(client: IikoCloud) -> None:
        added = await client.order.add_payments(
            organization_id=organization,
            order_id=str(booking),
            payments=[{"paymentTypeKind": "Card", "paymentTypeId": CARD, "sum": 20.06,
                       "isProcessedExternally": True}],
        )  # fmt: skip
        await asyncio.to_thread(work_here, app)
        await client.wait(added, organization_id=organization)

    with pytest.raises(CommandFailed, match=r"exceeds what is open by 10\.06 EUR") as caught:
        run(address, pay)
    assert caught.value.error_reason == "Common"


Ask = Callable[[IikoCloud], Awaitable[Any]]


def status_of_nothing(client: IikoCloud) -> Awaitable[Any]:
    return client.commands.status(organization_id=ids.organization(1), correlation_id=NOBODY)


def another_call(client: IikoCloud) -> Awaitable[Any]:
    return client.request("/api/1/nomenclature", {})


@pytest.mark.parametrize(
    ("ask", "error", "words"),
    [
        (status_of_nothing, BadRequest, "CommandNotFound"),
        (another_call, NotFound, "There is nothing at this address"),
    ],
)
def test_iikocloudapi_shows_errors_as_its_own(
    address: str, ask: Ask, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        run(address, ask)


@pytest.mark.long
def test_iikocloudapi_shows_who_may_not_sign_in_or_call_or_guess(app: Flask, address: str) -> None:
    reader = Till(app, scopes="payments:read")
    make.credential(reader.partner_id, "iiko", "the login of a reader")

    with pytest.raises(Forbidden, match="needs the scope payments:write"):
        run(address, lambda client: client.organizations(), "the login of a reader")
    with pytest.raises(Unauthorized, match="apiLogin is missing, unknown or revoked"):
        run(address, lambda client: client.organizations(), "nobody")


@pytest.mark.long
def test_iikocloudapi_learns_how_long_to_wait(till: Till, make_app: Callable[..., Flask]) -> None:
    with served(make_app(SIGN_IN_LIMIT="1/minute")) as address:
        with pytest.raises(Unauthorized):
            run(address, lambda client: client.organizations(), "nobody")
        with pytest.raises(TooManyRequests) as caught:
            run(address, lambda client: client.organizations(), "nobody")

    assert isinstance(caught.value, TooManyRequests)
    assert caught.value.retry_after is not None
    assert caught.value.retry_after > 0
