"""Floor E: a bare Flask view that parses the form of a payment and answers."""

from __future__ import annotations

from flask import Flask, Response, request


def create_app() -> Flask:
    app = Flask(__name__)

    @app.post("/apis/payments")
    def echo() -> Response:
        number = int(request.form["BookingId"])
        body = b'{"Success":true,"PaymentId":%d}' % number
        return Response(body, content_type="application/json; charset=utf-8")

    return app
