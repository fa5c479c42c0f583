"""What tests need of pyiikocloudapi, which misspells an argument of Pydantic's where it is read."""

from __future__ import annotations

import warnings

from pydantic.warnings import PydanticDeprecatedSince20

with warnings.catch_warnings():
    warnings.filterwarnings(
        "ignore", "Using extra keyword arguments on `Field`", PydanticDeprecatedSince20
    )
    from pyiikocloudapi import IikoTransport
    from pyiikocloudapi.exception import TokenException
    from pyiikocloudapi.models import BaseResponseModel, CustomErrorModel

__all__ = ["BaseResponseModel", "CustomErrorModel", "IikoTransport", "TokenException"]
