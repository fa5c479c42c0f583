"""`flask audit verify`, as whoever runs the service uses it."""

from __future__ import annotations

import pytest
from flask import Flask

from audit.chain import Chain
from tests.audit.conftest import Log, by_hand


def test_a_whole_log_is_told_with_its_length_and_exit_code_0(app: Flask, log: Log) -> None:
    told = app.test_cli_runner().invoke(args=["audit", "verify"])

    assert (told.exit_code, told.stderr) == (0, "")
    assert told.stdout == "The event log is whole: 9 entries.\n"


def test_a_broken_log_is_told_place_by_place_with_exit_code_1(app: Flask, log: Log) -> None:
    by_hand(f"DELETE FROM event_log WHERE chain = {log.other} AND no = 3")
    by_hand("UPDATE event_log SET severity = 'high' WHERE chain = 0 AND no = 2")

    told = app.test_cli_runner().invoke(args=["audit", "verify"])

    assert (told.exit_code, told.stdout) == (1, "")
    assert told.stderr.splitlines() == [
        "BROKEN  chain of everything else, entry 2: its columns do not say what its text says",
        f"BROKEN  chain of booking {log.other}, entry 3: "
        "the chain ends here, but its head counts 3",
    ]


def test_a_log_is_not_whole_to_another_key(
    app: Flask, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "audit_chain", Chain(b"the key of another installation."))

    told = app.test_cli_runner().invoke(args=["audit", "verify"])

    assert told.exit_code == 1
    assert [line.partition(", entry ")[0] for line in told.stderr.splitlines()] == [
        "BROKEN  chain of everything else",
        f"BROKEN  chain of booking {log.one}",
        f"BROKEN  chain of booking {log.other}",
    ]
