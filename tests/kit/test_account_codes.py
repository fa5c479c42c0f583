"""The accounts of the bookkeeping in the settings: how they are written, and what is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bookings.models import LINE_KINDS
from kit import account_codes
from kit.settings import SettingsError, load

pytestmark = pytest.mark.one_database

TEXT = "method:CASH=1000, method:7=1010,method:*=1200,line:deposit=4400,credit=3270,tips=37-90"
CODES = {
    "method:CASH": "1000",
    "method:7": "1010",
    "method:*": "1200",
    "line:deposit": "4400",
    "credit": "3270",
    "tips": "37-90",
}
NAMES = "it must be method:CODE or method:ID of a payment method, method:*, line:KIND, line:*, " \
    "credit, charges or tips"  # fmt: skip
FORM = "a code is 1 to 20 letters, digits and . - _ /, the first a letter or digit"


def read(folder: Path, value: Any) -> Any:
    return load(folder, {"ACCOUNT_CODES": value})["ACCOUNT_CODES"]


def told(folder: Path, value: Any) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read(folder, value)
    return [line.removeprefix("FLASK_ACCOUNT_CODES ") for line in str(caught.value).splitlines()]


def test_kinds_of_lines_are_those_of_the_schedule() -> None:
    assert ", ".join(f"'{kind}'" for kind in account_codes.LINE_KINDS) == LINE_KINDS


def test_codes_are_written_in_one_line(tmp_path: Path) -> None:
    assert read(tmp_path, TEXT) == CODES


@pytest.mark.parametrize(
    "table",
    [
        '"method:CASH" = "1000"\n"method:7" = 1010\n"method:*" = 1200\n"line:deposit" = 4400\n'
        'credit = 3270\ntips = "37-90"\n',
        'credit = 3270\ntips = "37-90"\n[account_codes.method]\nCASH = 1000\n7 = 1010\n"*" = 1200\n'
        "[account_codes.line]\ndeposit = 4400\n",
    ],
)
def test_codes_are_written_as_a_table_of_the_settings_file(tmp_path: Path, table: str) -> None:
    (tmp_path / "settings.toml").write_text(f"[account_codes]\n{table}")

    assert load(tmp_path)["ACCOUNT_CODES"] == CODES


def test_without_the_setting_there_are_none(tmp_path: Path) -> None:
    assert load(tmp_path)["ACCOUNT_CODES"] == {}


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("metod:CASH=1", f"names 'metod:CASH'; {NAMES}"),
        ("method:cash=1", f"names 'method:cash'; {NAMES}"),
        ("tip=1", f"names 'tip'; {NAMES}"),
        (
            "line:rent=1",
            "names 'line:rent'; after line: comes * or one of tax, fee, deposit, balance, "
            "insurance, security_deposit, amendment, cancellation_fee",
        ),
        ("credit=1,credit=1", "names 'credit' twice"),
        ("credit", "gives 'credit' no code; it is written credit=1000"),
        ("credit=", f"gives 'credit' the code ''; {FORM}"),
        ("credit==1+1", f"gives 'credit' the code '=1+1'; {FORM}"),
        ("credit=-1", f"gives 'credit' the code '-1'; {FORM}"),
        (f"credit={'1' * 21}", f"gives 'credit' the code '{'1' * 21}'; {FORM}"),
        ({"credit": 1.5}, f"gives 'credit' the code '1.5'; {FORM}"),
        ({"credit": True}, f"gives 'credit' the code 'True'; {FORM}"),
        ({"credit": [1]}, f"gives 'credit' the code '[1]'; {FORM}"),
        ({"method": {"CASH": {"a": 1}}}, f"gives 'method:CASH' the code \"{{'a': 1}}\"; {FORM}"),
    ],
)
def test_what_is_wrong_is_named_with_what_would_be_right(
    tmp_path: Path, value: Any, sentence: str
) -> None:
    assert told(tmp_path, value) == [sentence]


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    found = told(tmp_path, "metod:CASH=1,line:rent=2,credit=+3,tips=4")

    assert [sentence.split("'")[1] for sentence in found] == ["credit", "line:rent", "metod:CASH"]
