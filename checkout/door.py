"""What all pages for guests have in common: who has a good link comes in, and leaves no trace.

A link is all the right there is, so it goes nowhere: not into logs (a request is logged by its
route), not to the next page (no referrer), not into caches or search engines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from flask import Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from kit.form import NOT_KEPT
from partners.limits import limits

T = TypeVar("T")

PRIVATE = {**NOT_KEPT, "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


def headers(forms_lead_to: Sequence[str] = ()) -> dict[str, str]:
    """The headers of a page. `forms_lead_to` are origins of other pages that its forms may end at:
    browsers ask leave for where a form redirects, too."""
    targets = " ".join(["'self'", *forms_lead_to])
    policy = (
        f"default-src 'none'; style-src 'self'; img-src data:; form-action {targets}; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    return {**PRIVATE, "Content-Security-Policy": policy}


def page(template: str, status: int = 200, **shown: Any) -> Response:
    text = render_template(template, status=status, **shown)
    answer = Response(text, status, content_type="text/html; charset=utf-8")
    answer.headers.update(headers())
    return answer


def go(url: str) -> AnyResponse:
    """On to another page, after a form or from a provider."""
    answer = redirect(url, 303)
    answer.headers.update(headers())
    return answer


def opened(find: Callable[[str], T | None], token: str) -> T:
    """What a good link is about; whoever tries wrong ones is told nothing, and soon to wait. Who
    has a good one comes in, whatever others at the same address have tried."""
    found = find(token)
    if found is None:
        limits().count_wrong_link(request.remote_addr or "")
        abort(404)
    return found
