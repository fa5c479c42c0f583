"""Lightspeed K-Series: apply a payment (docs/formats/kseries.md)."""

from payments.formats.kseries.routes import register

__all__ = ["register"]
