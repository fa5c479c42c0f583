"""The description of the API, as it is served."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.conftest import SECRET_KEY
from wsgi import create_app

Json = dict[str, Any]


@pytest.fixture(scope="session")
def described_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An application that is only asked what it is: its database is never opened."""
    folder = tmp_path_factory.mktemp("apidocs")
    given = {"SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder / 'none.sqlite'}"}
    return create_app({**given, "SECRET_KEY": SECRET_KEY, "LOG_LEVEL": "ERROR"}, folder)


@pytest.fixture(scope="session")
def spec(described_app: Flask) -> Json:
    """/openapi.json."""
    found: Json = described_app.test_client().get("/openapi.json").get_json()
    return found


@pytest.fixture(scope="session")
def ipro_page() -> str:
    """docs/formats/ipro.md, what integrators read."""
    page = Path(__file__).parents[2] / "docs" / "formats" / "ipro.md"
    return page.read_text()


def operations(spec: Json) -> Iterator[tuple[str, str, Json]]:
    """Every call of the description: path, method in capitals, what is said of it."""
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":  # those of the path, the same for all of its calls
                yield path, method.upper(), operation


def all_parameters(spec: Json, path: str, operation: Json) -> list[Json]:
    """The parameters of a call, those of its path among them."""
    return [*spec["paths"][path].get("parameters", []), *operation.get("parameters", [])]


def resolved(spec: Json, thing: Json) -> Json:
    """What a reference refers to, or the thing itself."""
    while "$ref" in thing:
        found = spec
        for part in thing["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        thing = found
    return thing


def table_rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    below = page.split(f"\n{heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| *(.+?) *\|$", below, re.MULTILINE)
    return [re.split(r" *\| *", row) for row in rows if not set(row) <= set("-| ")][1:]
