"""Spektrix v3: custom payments (docs/formats/spektrix.md)."""

from payments.formats.spektrix.routes import register

__all__ = ["register"]
