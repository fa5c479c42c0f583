"""The guest's page, /pay/<link>: what is paid, what is due, and paying it on a provider's page.

Looking changes nothing. What has become of a payment the provider is asked; neither the browser
that comes back from it nor a notice without its signature is believed.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from flask import Blueprint, Response, abort, g, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from checkout import door
from checkout.drawing import place_to_draw
from checkout.errors import TooManyTries
from checkout.reading import Found, read, tries_since
from checkout.showing import ALL, shown
from checkout.visits import visit
from kit import clock
from kit.db import reading
from kit.errors import DomainError, Refused
from kit.form import NOT_KEPT
from partners.limits import limits
from payments import card_errors, intents, links, receipts, settling
from payments.errors import BookingBusy
from payments.gateways.gateway import Visit
from payments.gateways.registry import gateways
from payments.intents import Intent
from payments.links import PayLink
from payments.ordering import PayOnline

PREFIX = "/pay/"
NOTICE_LIMIT = 16 * 1024
TRIES_WITHIN, MOST_TRIES, MOST_PAGES = timedelta(hours=1), 20, 100
LOOKED_AGAIN_S, STUCK_LOOKED_AGAIN_S = 5, 60

bp = Blueprint("pay", __name__, url_prefix="/pay")  # its templates are those of /guest/

# The page is shown once more, with a note that says what was refused, and this status.
REFUSALS: dict[type[DomainError], int] = {
    card_errors.AmountChanged: 409,
    card_errors.NothingToPay: 409,
    card_errors.NotOffered: 422,
    card_errors.CardPaymentUnderWay: 409,
    card_errors.BookingOver: 409,
    TooManyTries: 429,
    BookingBusy: 503,
}
RETRY_AFTER_S = {429: "3600", 503: "1"}


@bp.get("/<token>")
def page(token: str) -> Response:
    """What is booked, paid and due; changes nothing."""
    return _page(_opened(token), token)


@bp.post("/<token>")
def pay(token: str) -> AnyResponse:
    """On to the provider's page; or here again, where it says why not."""
    link = _opened(token)
    _check_tries(link)
    opened = settling.open_page(_order(link, request.form), partial(_visit, link))
    return door.go(opened.url or url_for("pay.page", token=token))


@bp.get("/<token>/back/<code>")
def back(token: str, code: str) -> AnyResponse:
    """The guest comes back from the provider, who is asked what has become of the payment. The
    address is of this one payment, and leads to the link by which the guest came."""

    def find(token: str) -> PayLink | None:
        with reading() as session:
            return links.read_way_back(session.connection(), token, code, clock.now())

    link = door.opened(find, token)
    with reading() as session:
        intent = intents.by_code(session.connection(), code)
    if intent is None or intent.booking_id != link.booking_id:
        abort(404)
    if request.method != "HEAD":
        settling.settle(code)
    return door.go(url_for("pay.page", token=links.token_of(link)))


@bp.post("/notices/<gateway>")
def notice(gateway: str) -> Response:
    """A provider's server tells of a payment. True ones are heard whatever else came from there."""
    request.max_content_length = NOTICE_LIMIT
    reply = settling.believe(gateway, request.form.to_dict())
    if reply is None:
        limits().count_wrong_notice(request.remote_addr or "")
        abort(404)
    return Response(reply, headers=NOT_KEPT, content_type="text/plain; charset=utf-8")


@bp.get("/<token>/receipts/<int:payment_id>.pdf")
def receipt(token: str, payment_id: int) -> Response:
    """The receipt for money that came or was paid back, of this booking only."""
    link = _opened(token)
    with place_to_draw(link.booking_id):
        if payment_id not in [each.id for each in _found(link).receipts]:
            abort(404)
        return _paper(receipts.receipt_pdf(payment_id))


@bp.get("/<token>/statement.pdf")
def statement(token: str) -> Response:
    """The whole booking's money on paper."""
    link = _opened(token)
    with place_to_draw(link.booking_id):
        return _paper(receipts.statement_pdf(link.booking_id))


def refused(error: DomainError | Refused) -> Response | None:
    """The page once more, when it was its own form that was refused; else None."""
    status = REFUSALS.get(type(error))  # type: ignore[arg-type]
    if status is None or "pay_link" not in g or request.method != "POST":
        return None
    answer = _page(g.pay_link, g.pay_token, type(error))  # type: ignore[arg-type]
    answer.status_code = status
    if status in RETRY_AFTER_S:
        answer.headers["Retry-After"] = RETRY_AFTER_S[status]
    return answer


def _opened(token: str) -> PayLink:
    def find(token: str) -> PayLink | None:
        with reading() as session:
            return links.read_pay_link(session.connection(), token, clock.now())

    g.pay_link, g.pay_token = door.opened(find, token), token
    found: PayLink = g.pay_link
    return found


def _found(link: PayLink) -> Found:
    with reading() as session:
        return read(session.connection(), link, clock.now())


def _page(link: PayLink, token: str, refusal: type[DomainError] | None = None) -> Response:
    found = _found(link)
    is_still = "still" in request.args
    texts = shown(found, token, refusal=refusal, wished=request.form.get("what"))
    answer = door.page("guest/pay.html", **texts, is_still=is_still)
    answer.headers.update(
        door.headers([page for each in gateways().values() for page in each.pages])
    )
    if texts["state"] == "waiting" and refusal is None and not is_still:
        wait_s = LOOKED_AGAIN_S if found.last.state == "waiting" else STUCK_LOOKED_AGAIN_S
        answer.headers["Refresh"] = str(wait_s)
    return answer


def _check_tries(link: PayLink) -> None:
    """Raises TooManyTries. It is a brake and no lock: who is quick may have one more. Only cards
    that were declined count as tries; another amount is another page, of which there may be many.
    A page that is open already stays open."""
    now = clock.now()
    with reading() as session:
        connection = session.connection()
        made = tries_since(connection, link.booking_id, now - TRIES_WITHIN)
        pending = intents.pending_money(connection, link.booking_id)
    is_open = pending is not None and pending.has_page
    if made.pages >= MOST_PAGES or (made.declined >= MOST_TRIES and not is_open):
        raise TooManyTries


def _visit(link: PayLink, intent: Intent) -> Visit:
    """The provider is not given the guest's link, but a way back to it for this one payment."""
    return visit(links.token_to_come_back(link, intent.code), intent)


def _order(link: PayLink, form: MultiDict[str, str]) -> PayOnline:
    """What the form asks for. An amount or method that is no number is none that was offered."""
    what, _, amount = form.get("what", "").partition(":")
    return PayOnline(
        booking_id=link.booking_id,
        whole=what == ALL,
        shown=_number(amount),
        method_id=_number(form.get("method", "")),
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else -1


def _paper(pdf: receipts.Pdf | None) -> Response:
    if pdf is None:
        abort(404)
    answer = Response(pdf.content, content_type="application/pdf")
    answer.headers.update(door.headers())
    answer.headers.set("Content-Disposition", "inline", filename=pdf.name)
    return answer
