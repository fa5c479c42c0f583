"""Offering Opayo, where the settings name an agency's account there."""

from __future__ import annotations

from flask import Flask

from payments.gateways.opayo.gateway import Opayo
from payments.gateways.registry import register as register_gateway


def register(app: Flask) -> None:
    """Let the application use Opayo; nothing without FLASK_OPAYO_VENDOR. Nor where the sandbox is
    on: not even the money that Opayo took before is touched from a demonstration."""
    vendor = app.config["OPAYO_VENDOR"]
    if vendor is not None and not app.config["SANDBOX_GATEWAY"]:
        register_gateway(app, Opayo(vendor, app.config["OPAYO_URL"]))
