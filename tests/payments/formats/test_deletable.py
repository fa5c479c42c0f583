"""A wire format can be deleted with its folder and its line in wsgi.py; nobody misses it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

import wsgi
from kit import clock
from payments.inbox import apply_accepted
from payments.models import AcceptedCommand
from tests import make
from tests.conftest import SECRET_KEY
from tests.make import Client
from tests.payments.accepting import Sender
from tests.payments.conftest import Processes

CHECKOUT = Path(__file__).parents[3]
FORMATS = wsgi.FORMATS
PLACEHOLDER = re.compile(r"<[^>]*>")
# What a copy does without: what git does not know, and what is not run.
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "docs", "benchmarks", "*.sqlite*", "*.toml~")

SQLITE = pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
Without = Callable[..., Flask]


@pytest.fixture
def without(processes: Processes, monkeypatch: pytest.MonkeyPatch) -> Without:
    """The application as it would come up without some formats."""

    def make_app(*left_out: str) -> Flask:
        kept = tuple(name for name in FORMATS if name not in left_out)
        monkeypatch.setattr(wsgi, "FORMATS", kept)
        [app] = processes(1)
        return app

    return make_app


def routes(app: Flask) -> set[tuple[str, str]]:
    """Every method and address that an application answers."""
    return {
        (method, PLACEHOLDER.sub("1", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def to_nobody(app: Flask, calls: set[tuple[str, str]]) -> dict[tuple[str, str], int]:
    http = app.test_client()
    return {(method, path): http.open(path, method=method).status_code for method, path in calls}


@SQLITE
@pytest.mark.long
@pytest.mark.parametrize("name", FORMATS)
def test_without_one_format_its_calls_are_gone_and_all_others_answer_as_before(
    app: Flask, without: Without, name: str
) -> None:
    all_there, rest = routes(app), routes(without(name))
    lesser = without(name)

    gone = all_there - rest
    assert gone
    assert rest < all_there
    assert to_nobody(lesser, rest) == to_nobody(app, rest)
    http = lesser.test_client()
    for method, path in gone:
        answer = http.open(path, method=method)
        assert answer.status_code in (404, 405), path
        assert answer.is_json, path  # no door of the format is left to answer in its own words


@SQLITE
@pytest.mark.long
@pytest.mark.parametrize("left_out", [*[(name,) for name in FORMATS], FORMATS])
def test_a_payment_is_taken_without_some_formats(
    without: Without, client: Client, left_out: tuple[str, ...]
) -> None:
    make.method("PayPal")

    answer = client.at(without(*left_out)).pay(make.booking())

    assert answer.status_code == 200


@pytest.mark.long
@SQLITE
def test_what_a_format_accepted_before_it_was_deleted_waits_for_it(without: Without) -> None:
    sender, booking = Sender.new(), make.booking()
    sent = [sender.send(booking, format=name.rpartition(".")[2]) for name in FORMATS]

    with without(*FORMATS).app_context():
        ended = apply_accepted()

    assert ended == 0
    rows = make.rows_of(AcceptedCommand)
    assert [(row.id, row.state) for row in rows] == [(id, "waiting") for id in sent]
    assert all(row.due_at > clock.now() for row in rows)


TAKE = """
from tests import make
from tests.bookings.villas import booked, villa
from wsgi import create_app

app = create_app()
with app.app_context():
    make.method("PayPal")
    client = make.Client.of_new_partner(app)
    print(client.pay(booked(client, [villa()])).text)
"""


@pytest.mark.processes
@pytest.mark.xdist_group("processes")
@pytest.mark.parametrize("name", FORMATS)
def test_a_checkout_without_the_folder_and_the_line_works(tmp_path: Path, name: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(CHECKOUT, copy, ignore=LEFT_OUT)
    shutil.rmtree(copy / name.replace(".", "/"))
    source = (copy / "wsgi.py").read_text()
    (copy / "wsgi.py").write_text(source.replace(f'    "{name}",\n', ""))
    settings = {
        "FLASK_SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path / 'copy.sqlite'}",
        "FLASK_SECRET_KEY": SECRET_KEY,
    }

    def run(*command: str) -> str:
        done = subprocess.run(
            command, cwd=copy, env=settings, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    flask = (sys.executable, "-m", "flask", "--app", "wsgi")
    listed = run(*flask, "routes")
    run(*flask, "db", "upgrade")
    taken = run(sys.executable, "-c", TAKE)
    walls = run(str(Path(sys.executable).parent / "lint-imports"))

    assert "/apis/payments" in listed
    assert f"\n{name.rpartition('.')[2]}." not in listed
    assert taken.startswith('{"Success":true,"PaymentId":')
    assert "0 broken" in walls
