"""The wire to Opayo: one form posted, lines of `key=value` back, and an end in every direction.

Nothing is ever sent twice: a call whose answer is lost may have moved money. Neither forms nor
answers are logged, for they hold the keys of transactions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from time import monotonic
from urllib.parse import urlencode

import requests
import structlog

from partners.targets import within

CONNECT_S, READ_S = 5, 20
# The whole call, since READ_S begins anew with every byte; less than gateway.LONGEST_S.
CALL_S = 25.0
MOST_READ = 64 * 1024
PIECE = 256
HEADERS = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Accept-Encoding": "identity",
    "User-Agent": "booking-payments/1",
}

LINE_END = re.compile(r"\r\n|\r|\n")
LINE = re.compile(r"\s*([A-Za-z0-9]+)\s*=(.*)", re.ASCII)
# Opayo reads and writes one byte a letter.
CHARSET = "iso-8859-1"

log = structlog.get_logger()


class NoAnswer(Exception):
    """Nothing came that could be an answer. What was asked for may have been done."""


def post(url: str, fields: Mapping[str, str]) -> dict[str, str]:
    """Post a form; the answer's values, {} for one that is not understood. Never raises."""
    try:
        return parse(within(CALL_S, lambda: _post(url, fields)))
    except Exception as error:
        # By its kind: the text of an error may hold what was sent.
        log.warning("opayo_no_answer", service=url.rpartition("/")[2], error=type(error).__name__)
        return {}


def parse(text: str) -> dict[str, str]:
    """The values of an answer, by their names. {} when any line is something else (a page of
    HTML), or two lines of one name differ: what is half understood is not understood."""
    found: dict[str, str] = {}
    for line in LINE_END.split(text):
        if not line.strip():
            continue
        match = LINE.fullmatch(line)
        if match is None:
            return {}
        name, value = match[1], match[2].strip()
        if found.setdefault(name, value) != value:
            return {}
    return found


def _post(url: str, fields: Mapping[str, str]) -> str:
    deadline = monotonic() + CALL_S
    body = urlencode(fields, encoding=CHARSET, errors="replace")
    with requests.Session() as session:
        session.trust_env = False  # no proxies, passwords or certificates of the machine's
        with session.post(
            url,
            body,
            headers=HEADERS,
            timeout=(CONNECT_S, READ_S),
            allow_redirects=False,
            stream=True,
        ) as answer:
            if answer.status_code != 200:
                raise NoAnswer
            return _text(answer, deadline)


def _text(answer: requests.Response, deadline: float) -> str:
    raw = b""
    for piece in answer.iter_content(PIECE):
        raw += piece
        if len(raw) > MOST_READ or monotonic() > deadline:
            raise NoAnswer
    return raw.decode(CHARSET)
