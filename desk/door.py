"""Errors as pages of the desk: what happened and the way out, nothing of the inside."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, g, render_template, request

from desk.frame import frame, protect
from desk.words import _
from kit.errors import DomainError, Refused
from kit.failures import reach_of
from kit.form import Malformed
from partners.errors import TooManyRequests
from payments.errors import BookingBusy, BookingUnknown, PaymentUnknown
from staff.errors import ChangedMeanwhile, NotAllowed

PREFIX = "/desk/"
UNKNOWN = (BookingUnknown, PaymentUnknown)


class DeskDoor:
    """Every path below /desk/, and what is refused there outside of a form."""

    def reach(self, path: str) -> int:
        return reach_of(PREFIX, path)

    def refused(self, error: DomainError | Refused) -> Response:
        if isinstance(error, TooManyRequests):
            return self._page(429, str(error), {"Retry-After": str(error.wait_s)})
        if isinstance(error, BookingBusy):
            return self._page(503, str(error), {"Retry-After": "1"})
        if isinstance(error, NotAllowed):
            return self._page(403, str(error))
        if isinstance(error, UNKNOWN):
            return self._page(404, _("There is nothing here, or it is not yours to see."))
        return self._page(409 if isinstance(error, ChangedMeanwhile) else 422, str(error))

    def malformed(self, error: Malformed) -> Response:
        return self._page(error.status, str(error))

    def failed(self, status: int, code: str, message: str, headers: Mapping[str, str]) -> Response:
        told = {
            400: _("The form could not be read, or is too old; open the page anew."),
            403: _("This page is not for you."),
            404: _("There is nothing here, or it is not yours to see."),
            413: _(
                "This is larger than %(most)s, the most that is taken here. Of a bank "
                "statement, ask for shorter periods: where they overlap, no line counts twice.",
                most=_size(request.max_content_length or 0),
            ),
        }
        return self._page(status, told.get(status, message), headers)

    def _page(self, status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
        # A path that is no page never comes to the blueprint, so its frame is given here.
        page = render_template(
            "desk/sorry.html",
            **(frame() | {"status": status, "text": text, "request_id": g.get("request_id", "")}),
        )
        answer = Response(page, status, dict(headers or {}), mimetype="text/html")
        return protect(answer)


def _size(limit: int) -> str:
    """A limit in words; that of files has room for the form around them."""
    return f"{limit // 2**20} MiB" if limit >= 2**20 else f"{limit // 2**10} KiB"
