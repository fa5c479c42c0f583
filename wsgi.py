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
from werkzeug.utils import import_string

import apidocs.routes
import bookings.mails
import bookings.queries
import bookings.routes
import checkout.routes
import desk.exports.fetching
import desk.frame
import desk.messages.routes
import office.routes
import partners.routes
import payments.gateways.sandbox.routes
import payments.mails
import payments.routes
import staff.mails
import tags.routes
from apidocs.describing import HouseApi
from audit.chain import Chain
from audit.cli import audit_group
from audit.verifying import zero_head
from bookings.abandoning import cancel_abandoned
from bookings.exporting.cli import export_group
from bookings.importing.cli import import_group
from bookings.reminding import remind_of_balances
from demo.cli import demo
from demo.statement import demo_statement
from desk import signing_in
from desk.door import DeskDoor
from desk.exports.working import write_exports
from kit import clock, db, failures, form, health, ids, log, metrics, settings
from kit.db import in_transaction
from kit.errors import DomainError
from kit.form import Refusals
from kit.rotating import keys
from kit.vault import Vault, derived_key, vault_keys
from office.journal.cli import journal
from outbox.cli import worker_command
from outbox.counting import backlog
from outbox.delivering import deliver
from outbox.mail import Sender, SmtpSender, SpoolSender
from outbox.posting import Mails, Renderer
from outbox.worker import Job
from partners.authentication import Guard
from partners.cli import partners as partners_group
from partners.events_cli import events as events_group
from partners.hooks import Hooks, forget_old_calls
from partners.limits import Limits
from partners.registering import forget_expired_tokens
from payments import links
from payments.cli import ledger
from payments.counting import card_backlog, inbox_backlog
from payments.errors import BookingBusy
from payments.inbox import apply_accepted
from payments.lateness import report_late_money
from payments.receipts import receipt_named, receipt_pdf
from payments.replies import forget_old_answers
from payments.settling import settle_pending
from payments.statements.uploads import forget_old_uploads
from serving import serve
from staff.cli import staff as staff_group
from staff.sessions import forget_old

HERE = Path(__file__).parent

# The wire formats of partners: each a folder that can be deleted with its line here.
FORMATS = (
    "payments.formats.spektrix",
    "payments.formats.kseries",
    "payments.formats.brink",
    "payments.formats.iiko",
)

# The card providers: each a folder that can be deleted with its line here. The first that can do
# a thing does it: where the sandbox is on, no other provider hears of anything.
GATEWAYS = ("payments.gateways.sandbox.routes", "payments.gateways.opayo.registering")

RENDERERS: dict[str, Renderer] = {
    payments.mails.PAYMENT_RECEIVED: partial(
        payments.mails.render_payment_received,
        receipt_of=receipt_pdf,
        link_of=links.guest_link,
    ),
    payments.mails.REFUND_MADE: partial(
        payments.mails.render_refund_made, receipt_of=receipt_pdf, link_of=links.guest_link
    ),
    payments.mails.PAYMENT_LINK: partial(
        payments.mails.render_payment_link, link_of=links.guest_link
    ),
    payments.mails.LATE_MONEY: payments.mails.render_late_money,
    bookings.mails.BOOKING_CANCELLED: bookings.mails.render_booking_cancelled,
    bookings.mails.BALANCE_REMINDER: partial(
        bookings.mails.render_balance_reminder, link_of=links.guest_link
    ),
    bookings.mails.RE_ENGAGEMENT: partial(
        bookings.mails.render_re_engagement, link_of=links.link_to_resume, days=links.DAYS
    ),
    staff.mails.INVITED: staff.mails.render_invited,
    staff.mails.PASSWORD_LINK: staff.mails.render_password_link,
    staff.mails.PASSWORD_CHANGED: staff.mails.render_password_changed,
    staff.mails.LOCKED: staff.mails.render_locked,
}

# The same mails for who looks at one at the desk: without a way in, and without issuing anything.
PREVIEWS: dict[str, Renderer] = RENDERERS | {
    payments.mails.PAYMENT_RECEIVED: partial(
        payments.mails.render_payment_received,
        receipt_of=receipt_named,
        link_of=links.guest_link_not_shown,
    ),
    payments.mails.REFUND_MADE: partial(
        payments.mails.render_refund_made,
        receipt_of=receipt_named,
        link_of=links.guest_link_not_shown,
    ),
    payments.mails.PAYMENT_LINK: partial(
        payments.mails.render_payment_link, link_of=links.guest_link_not_shown
    ),
    bookings.mails.BALANCE_REMINDER: partial(
        bookings.mails.render_balance_reminder, link_of=links.guest_link_not_shown
    ),
    bookings.mails.RE_ENGAGEMENT: partial(
        bookings.mails.render_re_engagement, link_of=links.resume_link_not_shown, days=links.DAYS
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
    health.init_app(app, [payments.gateways.sandbox.routes.meets_real_bookings])
    metrics.init_app(app, lambda: backlog() | inbox_backlog() | card_backlog())
    app.extensions["vault"] = Vault(vault_keys(config["SECRET_KEY"], config["ENCRYPTION_KEYS"]))
    app.extensions["audit_chain"] = Chain(derived_key(config["SECRET_KEY"], "event log"))
    app.extensions["partner_guard"] = Guard()
    app.extensions["limits"] = Limits.of(config)


def _open_doors(app: Flask) -> None:
    """The formats the service speaks, and how each of them shows errors."""
    app.url_map.strict_slashes = False
    app.config.update(apidocs.routes.spec(app.config["PUBLIC_URL"]))
    api = HouseApi(app)
    partners.routes.init_app(app)
    for room in (partners.routes, payments.routes, bookings.routes, tags.routes, office.routes):
        api.register_blueprint(room.bp)
    app.register_blueprint(apidocs.routes.bp)
    checkout.routes.init_app(app)
    desk.frame.init_app(app)
    desk.exports.fetching.init_app(app)
    app.extensions[desk.messages.routes.PREVIEWS] = PREVIEWS
    signing_in.init_app(app)
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
    failures.init_app(app, [*doors, checkout.routes.GuestDoor(), DeskDoor()])
    for name in (*FORMATS, *GATEWAYS):
        import_string(f"{name}:register")(app)
    app.wsgi_app = _OneSlash(app.wsgi_app)  # type: ignore[method-assign]
    if hops := app.config["PROXY_HOPS"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, hops, hops, hops)  # type: ignore[method-assign]


def _headers(error: DomainError) -> dict[str, str]:
    return (
        {"Retry-After": "1"} if isinstance(error, BookingBusy) else partners.routes.headers(error)
    )


class _OneSlash:
    """Clients whose base address ends in a slash ask for //apis/...; they mean /apis/... What they
    asked for stays in the environment, for those who sign it."""

    def __init__(self, wsgi_app: Callable[..., Any]) -> None:
        self._wsgi_app = wsgi_app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        path = environ.get("PATH_INFO", "")
        if path.startswith("//"):
            environ[form.ASKED_PATH], environ["PATH_INFO"] = path, "/" + path.lstrip("/")
        return self._wsgi_app(environ, start_response)


def _add_commands(app: Flask) -> None:
    heads = [zero_head, bookings.queries.log_heads]
    export_group.add_command(journal)
    commands: Sequence[click.Command] = (
        audit_group(heads),
        demo,
        demo_statement,
        events_group,
        export_group,
        import_group,
        keys,
        ledger,
        partners_group,
        serve,
        staff_group,
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
    name = f"worker-{ids.short()}"
    mails, hooks = Mails(RENDERERS, mail_sender(app)), Hooks.of(app)
    return [
        Job("apply accepted payments", timedelta(seconds=1), apply_accepted, "payments"),
        Job("settle card payments", timedelta(seconds=2), settle_pending, "cards"),
        *payments.gateways.sandbox.routes.jobs(app),
        Job("cancel abandoned bookings", timedelta(seconds=15), cancel_abandoned),
        Job("remind of balances", timedelta(minutes=10), remind_of_balances),
        Job("report late money", timedelta(minutes=10), report_late_money),
        # In a lane of its own: a long list takes minutes.
        Job("write exports", timedelta(seconds=1), lambda: write_exports(name), "exports"),
        Job("forget expired tokens", timedelta(hours=1), partial(_tidy, forget_expired_tokens)),
        Job("forget old sessions", timedelta(hours=1), partial(_tidy, forget_old)),
        Job("forget old answers", timedelta(hours=1), partial(_tidy, forget_old_answers)),
        Job("forget old calls", timedelta(hours=1), partial(_tidy, forget_old_calls)),
        Job("forget old uploads", timedelta(hours=1), partial(_tidy, forget_old_uploads)),
        # The last, so that --once sends what the others have written.
        Job("deliver mails", timedelta(seconds=1), lambda: deliver(mails, name), "mails"),
        Job("deliver to programs", timedelta(seconds=1), lambda: deliver(hooks, name), "programs"),
    ]


def _tidy(forget: Callable[..., int]) -> int:
    in_transaction(lambda connection: forget(connection, clock.now()))
    return 0
