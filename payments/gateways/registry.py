"""The gateways of the running application, by name; wsgi.py hands them in."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask, current_app

from payments.gateways.gateway import Gateway, Kind

GATEWAYS = "gateways"


def register(app: Flask, gateway: Gateway) -> None:
    """Let the application use a gateway; the first one is preferred."""
    app.extensions.setdefault(GATEWAYS, {})[gateway.name] = gateway


def gateways() -> Mapping[str, Gateway]:
    found: Mapping[str, Gateway] = current_app.extensions.get(GATEWAYS, {})
    return found


def gateway_for(
    kind: Kind, secrets: Mapping[str, str], taken_by: str | None = None
) -> Gateway | None:
    """Who can do this with the stored values of a card, or their masks: the gateway that took its
    money for us (`taken_by`) and no other, if one did; otherwise the first. None: nobody can."""
    asked = [each for name, each in gateways().items() if taken_by in (None, name)]
    return next((each for each in asked if each.can(kind, secrets)), None)
