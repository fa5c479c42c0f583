"""docs/events.md says what is: its receiver runs, its sample is an event, its limits are ours."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

import pytest
import requests
from flask import Flask

from demo.agency import ENDPOINTS, EVENTS_SECRET
from kit import clock
from outbox.delivering import KEPT_TRYING
from partners import calling, hooks
from partners.endpoints import MOST_ENDPOINTS
from partners.events import TYPES
from partners.hooks import CALLS_KEPT, LONGEST_REST, SHORTEST_REST
from tests import make
from tests.make import Client
from tests.outbox.make import Clock
from tests.partners.telling import calls, tell, work
from tests.payments.listening import listen, told
from tests.payments.moving import paid
from tests.processes.running import free_port, wait_until

PAGE = (Path(__file__).parents[2] / "docs" / "events.md").read_text()
SQLITE = pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)


def block(language: str) -> str:
    [found] = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[tuple[int, Queue[str]]]:
    """The receiver of the document at a port of its own, and the lines that it prints."""
    port, lines = free_port(), Queue[str]()
    file = tmp_path / "receiver.py"
    file.write_text(block("python").replace("9009", str(port)))
    running = subprocess.Popen(
        [sys.executable, str(file)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert running.stdout is not None

    def read() -> None:
        for line in running.stdout or ():
            lines.put(line)

    reading = Thread(target=read)
    reading.start()
    wait_until(lambda: answers(port), "the receiver listens")
    yield port, lines
    running.terminate()
    running.wait(30)
    reading.join()
    running.stdout.close()


def answers(port: int) -> bool:
    try:
        return requests.post(f"http://127.0.0.1:{port}/", data=b"x", timeout=5).status_code == 400
    except requests.ConnectionError:
        return False


@pytest.mark.long
@SQLITE
@pytest.mark.parametrize(("secret", "status"), [(EVENTS_SECRET, 204), (make.SIGNING_SECRET, 400)])
def test_the_receiver_of_the_document_takes_what_is_signed_for_it(
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
    program: tuple[int, Queue[str]],
    secret: str,
    status: int,
) -> None:
    monkeypatch.setitem(app.config, "ALLOW_LOOPBACK_TARGETS", True)
    port, lines = program
    url = f"http://127.0.0.1:{port}/events"
    [webhook_id] = tell(make.endpoint(make.partner(), url, secret=secret), at=clock.now())

    work(Clock(clock.now()))

    assert [call.status for call in calls()] == [status]
    if status == 204:
        assert lines.get(timeout=30) == f"{webhook_id} test 1\n"
    else:
        with pytest.raises(Empty):
            lines.get(timeout=0.2)


def test_the_receiver_listens_where_the_demonstration_tells() -> None:
    [endpoint] = [each for each in ENDPOINTS if each["kind"] == "events"]

    assert endpoint["url"].startswith("http://127.0.0.1:9009/")
    assert endpoint["secret"] in block("python")
    lines = [line for line in block("python").splitlines() if line.strip()]
    assert len(lines) <= 15


def shape(value: Any) -> Any:
    """The names of an event, all the way down."""
    return {name: shape(part) for name, part in value.items()} if isinstance(value, dict) else None


@SQLITE
def test_the_sample_has_the_fields_of_a_real_event(client: Client) -> None:
    make.method("PayPal")
    listener = listen()
    paid(client, make.booking(), "60")

    [event] = told(listener)

    sample = json.loads(block("json"))
    assert shape(sample) == shape(event)
    assert len(sample["timestamp"]) == len(event["timestamp"])


def test_every_type_is_in_the_table_in_order() -> None:
    assert tuple(re.findall(r"^\| `(\w+\.\w+)` \|", PAGE, re.MULTILINE)) == TYPES


def test_the_limits_are_those_of_the_code() -> None:
    assert f"{calling.CONNECT_S} seconds to connect, **{calling.CALL_S} seconds** in all" in PAGE
    head, body = calling.MOST_HEAD // 1024, calling.MOST_READ // 1024
    assert f"{head} kB of the head and {body} kB of the body of an answer are read" in PAGE
    assert f"first {hooks.KEPT_ANSWER} characters" in PAGE
    assert f"for {SHORTEST_REST.seconds} seconds, longer" in PAGE
    assert LONGEST_REST.seconds == 5 * 60
    assert "five minutes at most" in PAGE
    assert KEPT_TRYING.days == 3
    assert "After **three days** it is given up." in PAGE
    assert f"It has {MOST_ENDPOINTS} endpoints at" in PAGE
    assert f"Every try is kept for {CALLS_KEPT.days} days" in PAGE
    busy = ", ".join(map(str, hooks.BUSY))
    assert (
        f"| {busy}, no answer in time, no connection | everything for this endpoint rests" in PAGE
    )
