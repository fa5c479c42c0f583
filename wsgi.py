"""The application: the only place that knows every room of the house."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import click
import structlog
from flask import Flask
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

import apidocs.routes
import bookings.mails
import bookings.queries
import bookings.routes
import checkout.routes
import partners.routes
import payments.mails
import payments.routes
import tags.routes
from apidocs.describing import HouseApi
from audit.chain import Chain
from audit.cli import audit_group
from audit.verifying import zero_head
from bookings.abandoning import cancel_abandoned
from bookings.exporting.cli import export_group
from bookings.importing.cli import import_group
from bookings.reminding import remind_of_balances
from checkout import links
from demo.cli import demo
from kit import clock, db, failures, form, health, ids, log, metrics, settings
from kit.db import in_transaction
from kit.errors import DomainError
from kit.form import Refusals
from kit.rotating import keys
from kit.vault import Vault, derived_key, vault_keys
from outbox.cli import worker_command
from outbox.counting import backlog
from outbox.delivering import Renderer, deliver
from outbox.mail import Sender, SmtpSender, SpoolSender
from outbox.worker import Job
from partners.authentication import Guard
from partners.cli import partners as partners_group
from partners.limits import Limits
from partners.registering import forget_expired_tokens
from payments.cli import ledger
from payments.errors import BookingBusy
from payments.lateness import report_late_money
from payments.replies import forget_old_answers
from serving import serve

HERE = Path(__file__).parent

RENDERERS: dict[str, Renderer] = {
    payments.mails.PAYMENT_RECEIVED: payments.mails.render_payment_received,
    payments.mails.REFUND_MADE: payments.mails.render_refund_made,
    payments.mails.LATE_MONEY: payments.mails.render_late_money,
    bookings.mails.BOOKING_CANCELLED: bookings.mails.render_booking_cancelled,
    bookings.mails.BALANCE_REMINDER: bookings.mails.render_balance_reminder,
    bookings.mails.RE_ENGAGEMENT: partial(
        bookings.mails.render_re_engagement, link_of=links.link_to_resume, days=links.DAYS
    ),
}


def create_app(given: Mapping[str, Any] | None = None, instance: Path | None = None) -> Flask:
    """The Flask application, with settings from FLASK_... variables, instance/settings.toml and
    `given` (upper-case names without the prefix). `instance` is for tests."""
    folder = (instance or HERE / "instance").resolve()
    app = Flask("wsgi", root_path=str(HERE), instance_path=str(folder), static_folder=None)
    try:
        app.config.update(settings.load(Path(app.instance_path), given))
    except settings.SettingsError as error:
        raise SystemExit(f"The settings are wrong; see docs/settings.md.\n{error}") from None
    _open_house(app)
    _open_doors(app)
    _add_commands(app)
    return app


def __getattr__(name: str) -> Any:
    """`wsgi:app`, for servers that want an object; made when it is asked for."""
    if name == "app":
        return create_app()
    raise AttributeError(name)


def _open_house(app: Flask) -> None:
    """What the rooms share: log, database, keys, counters."""
    config = app.config
    config["MAX_CONTENT_LENGTH"] = form.BODY_LIMIT
    config["MIGRATIONS"] = HERE / "migrations"
    log.configure(config["LOG_LEVEL"])
    for sentence in settings.unknown_variables():
        structlog.get_logger().warning("unknown_setting", says=sentence)
    log.init_app(app)
    db.init_app(app)
    Migrate(app, db.db, directory=str(config["MIGRATIONS"]), render_as_batch=True)
    health.init_app(app)
    metrics.init_app(app, backlog)
    app.extensions["vault"] = Vault(vault_keys(config["SECRET_KEY"], config["ENCRYPTION_KEYS"]))
    app.extensions["audit_chain"] = Chain(derived_key(config["SECRET_KEY"], "event log"))
    app.extensions["partner_guard"] = Guard()
    app.extensions["limits"] = Limits(
        config["RATELIMIT_STORAGE_URI"], config["SIGN_IN_LIMIT"], config["PARTNER_PAYMENTS_LIMIT"]
    )


def _open_doors(app: Flask) -> None:
    """The formats the service speaks, and how each of them shows errors."""
    app.url_map.strict_slashes = False
    app.config.update(apidocs.routes.spec(app.config["PUBLIC_URL"]))
    api = HouseApi(app)
    partners.routes.init_app(app)
    for room in (partners.routes, payments.routes, bookings.routes, tags.routes):
        api.register_blueprint(room.bp)
    app.register_blueprint(apidocs.routes.bp)
    checkout.routes.init_app(app)
    statuses = partners.routes.STATUS | payments.routes.STATUS | bookings.routes.STATUS
    words = {
        "/": payments.routes.WORDS,
        "/apis/booking": bookings.routes.WORDS,
        "/apis/enquiry": bookings.routes.ENQUIRY_WORDS,
    }
    doors = [
        failures.HouseDoor(Refusals(statuses, each, _headers), prefix)
        for prefix, each in words.items()
    ]
    failures.init_app(app, [*doors, checkout.routes.GuestDoor()])
    app.wsgi_app = _OneSlash(app.wsgi_app)  # type: ignore[method-assign]
    if hops := app.config["PROXY_HOPS"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, hops, hops, hops)  # type: ignore[method-assign]


def _headers(error: DomainError) -> dict[str, str]:
    return (
        {"Retry-After": "1"} if isinstance(error, BookingBusy) else partners.routes.headers(error)
    )


class _OneSlash:
    """Clients whose base address ends in a slash ask for //apis/...; they mean /apis/..."""

    def __init__(self, wsgi_app: Callable[..., Any]) -> None:
        self._wsgi_app = wsgi_app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        path = environ.get("PATH_INFO", "")
        if path.startswith("//"):
            environ["PATH_INFO"] = "/" + path.lstrip("/")
        return self._wsgi_app(environ, start_response)


def _add_commands(app: Flask) -> None:
    heads = [zero_head, bookings.queries.log_heads]
    commands: Sequence[click.Command] = (
        audit_group(heads),
        demo,
        export_group,
        import_group,
        keys,
        ledger,
        partners_group,
        serve,
        worker_command(jobs),
    )
    for command in commands:
        app.cli.add_command(command)


def mail_sender(app: Flask) -> Sender:
    """SMTP when a host is set, otherwise files in the spool folder."""
    config = app.config
    if config["SMTP_HOST"] is None:
        return SpoolSender(Path(config["MAIL_SPOOL"]))
    return SmtpSender(
        config["SMTP_HOST"],
        config["SMTP_PORT"],
        config["SMTP_SECURITY"],
        config["SMTP_USERNAME"],
        config["SMTP_PASSWORD"],
    )


def jobs(app: Flask) -> list[Job]:
    """What the worker does, and how often it looks whether there is something to do."""
    sender, name = mail_sender(app), f"worker-{ids.short()}"
    return [
        Job("cancel abandoned bookings", timedelta(seconds=15), cancel_abandoned),
        Job("remind of balances", timedelta(minutes=10), remind_of_balances),
        Job("report late money", timedelta(minutes=10), report_late_money),
        Job("forget expired tokens", timedelta(hours=1), partial(_tidy, forget_expired_tokens)),
        Job("forget old answers", timedelta(hours=1), partial(_tidy, forget_old_answers)),
        # The last, so that --once sends what the others have written.
        Job("deliver messages", timedelta(seconds=1), lambda: deliver(RENDERERS, sender, name)),
    ]


def _tidy(forget: Callable[..., int]) -> int:
    in_transaction(lambda connection: forget(connection, clock.now()))
    return 0
