"""The sandbox tells from server to server what has become of a payment on its page, until it is
heard or has told it often enough: whoever ordered the payment asks in the end."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import requests
import structlog

from kit import clock
from kit.errors import DomainError
from kit.settings import setting
from kit.vault import VaultLocked
from payments import settling
from payments.gateways.registry import gateways
from payments.gateways.sandbox import engine
from payments.gateways.sandbox.engine import Transaction
from payments.gateways.sandbox.gateway import NAME, Sandbox

AT_ONCE, MOST = 20, 8
AGAIN = timedelta(seconds=5)
TIMEOUT_S = 5

log = structlog.get_logger()


def send_notices() -> int:
    """Tell what is to be told; how many notices were heard."""
    sandbox = cast(Sandbox, gateways()[NAME])
    heard = 0
    for each in engine.notices_due(clock.now(), AT_ONCE):
        is_heard = each.notice_url is None or _tell(sandbox, each, each.notice_url)
        heard += is_heard
        is_last = each.notices + 1 >= MOST
        if is_last and not is_heard:
            log.warning("sandbox_never_heard", code=each.code)
        engine.noticed(each.code, None if is_heard or is_last else clock.now() + AGAIN)
    return heard


def _tell(sandbox: Sandbox, each: Transaction, url: str) -> bool:
    """Whether it was heard. Nobody is told but ourselves: over the network at the address that the
    settings say, and where they say none, which leaves a path, without one."""
    body = {"code": each.code, "signature": sandbox.signature(each.code)}
    if url.startswith("/"):
        return _believed(body)
    public = setting("PUBLIC_URL")
    if public is None or not url.startswith(f"{public.rstrip('/')}/"):
        log.warning("sandbox_tells_nobody_else", code=each.code)
        return False
    return _post(each.code, url, body)


def _believed(body: dict[str, str]) -> bool:
    try:
        return settling.believe(NAME, body) is not None
    except (DomainError, VaultLocked) as error:
        log.info("sandbox_not_heard", code=body["code"], error=type(error).__name__)
        return False


def _post(code: str, url: str, body: dict[str, str]) -> bool:
    try:
        answer = requests.post(url, data=body, timeout=TIMEOUT_S, allow_redirects=False)
    except requests.RequestException as error:
        log.info("sandbox_not_heard", code=code, error=type(error).__name__)
        return False
    return answer.status_code == 200
