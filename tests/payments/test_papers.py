"""What receipts and statements say, and how they are drawn: from plain values."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from payments.papers import receipt, statement
from payments.papers.letters import MISSING, locale_on_paper, printable
from payments.papers.paper import Paper, Row, Table, paper_of
from payments.papers.receipt import Received, receipt_of
from payments.papers.sheet import drawn
from payments.papers.statement import Asked, Balance, Promise, statement_of
from payments.papers.wording import Booked, Stayed, by_what
from tests.payments.reading_papers import lines_of, reader, structure, text_of

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
PAID = Received(17, date(2026, 11, 20), "Credit Card (Visa), card ending 0006", 24800, 350, 500,
                covered=[("Deposit", 20000), ("Cleaning", 4300)], credit=500)  # fmt: skip
REFUND = Received(18, date(2026, 11, 21), "BankTransfer", 9800, 0, 0, refund_of=17)
BALANCE = Balance(
    lines=[
        Asked("Deposit", date(2026, 11, 20), 24800, 24800, 0),
        Asked("Balance", date(2027, 5, 13), 60000, 1000, 5000),
    ],
    payments=[PAID, REFUND],
    promises=[
        Promise(20, "BankTransfer", 4000, date(2026, 12, 1)), Promise(21, "Cheque", 1000, None)
    ],
    credit=0,
)  # fmt: skip


def booked(**changes: Any) -> Booked:
    usual = Booked(
        place="Casa do Mar",
        mail_sender="Casa do Mar <stay@casa.example>",
        time_zone="Pacific/Auckland",
        is_demonstration=False,
        guest="Jane Doe",
        guest_locale="en_GB",
        booking=1207,
        account="A1207.1",
        currency="EUR",
        is_cancelled=False,
        stays=[
            Stayed("Sea View", date(2027, 6, 12), date(2027, 6, 19)),
            Stayed("Garden Room", date(2027, 6, 12), date(2027, 6, 13)),
        ],
    )
    return replace(usual, **changes)


def pdf_of(paid: Received = PAID, **changes: Any) -> bytes:
    return drawn(receipt_of(paid, booked(**changes)), AT)


def stated(balance: Balance = BALANCE, **changes: Any) -> bytes:
    return drawn(statement_of(balance, booked(**changes), AT), AT)


def test_a_receipt_says_who_paid_what_when_how_and_for_what() -> None:
    assert lines_of(pdf_of()) == [
        "Casa do Mar",
        "stay@casa.example",
        "Receipt 17",
        "€256.50 received on 20 November 2026",
        "Guest Jane Doe",
        "Booking 1207 (account A1207.1)",
        "Stay Sea View, 12 June 2027 to 19 June 2027, 7 nights",
        "Stay Garden Room, 12 June 2027 to 13 June 2027, 1 night",
        "Paid with Credit Card (Visa), card ending 0006",
        "What was paid",
        "Amount €248.00",
        "Surcharge €3.50",
        "Tip €5.00",
        "Received €256.50",
        "What the amount paid for",
        "Deposit €200.00",
        "Cleaning €43.00",
        "Kept as credit on the booking €5.00",
        "Page 1 of 1",
    ]
    assert receipt.file_name(PAID) == "receipt-17.pdf"


@pytest.mark.long
def test_one_amount_alone_is_not_added_up() -> None:
    words = lines_of(pdf_of(replace(PAID, charges=0, tip=0)))

    assert "Received €248.00" in words
    assert not [line for line in words if line.startswith(("Amount", "Surcharge", "Tip"))]


def test_a_refund_receipt_names_the_payment_and_what_went_back() -> None:
    words = lines_of(pdf_of(REFUND, is_cancelled=True))

    assert words[2:6] == [
        "Refund receipt 18",
        "€98.00 paid back on 21 November 2026",
        "Refund of payment 17",
        "Guest Jane Doe",
    ]
    assert "Booking 1207 (account A1207.1), cancelled" in words
    assert "Paid back by BankTransfer" in words
    assert "Paid back €98.00" in words
    assert "received" not in text_of(pdf_of(REFUND))
    assert receipt.file_name(REFUND) == "refund-receipt-18.pdf"


@pytest.mark.long
def test_the_mark_of_a_demonstration_is_on_every_page() -> None:
    many = replace(BALANCE, lines=[*BALANCE.lines] * 30)

    assert "DEMONSTRATION" in lines_of(pdf_of(is_demonstration=True))
    assert "confirms none" in text_of(pdf_of(is_demonstration=True))
    assert "emonstration" not in text_of(pdf_of())
    pages = reader(stated(many, is_demonstration=True)).pages
    assert len(pages) > 2
    assert all("demonstration" in page.extract_text().casefold() for page in pages)


def test_a_statement_tells_the_whole_booking_at_a_moment_of_the_location() -> None:
    assert lines_of(stated()) == [
        "Casa do Mar",
        "stay@casa.example",
        "Statement of booking 1207",
        "As of 21 November 2026, 12:30 (New Zealand Daylight Time)",
        "Guest Jane Doe",
        "Booking 1207 (account A1207.1)",
        "Stay Sea View, 12 June 2027 to 19 June 2027, 7 nights",
        "Stay Garden Room, 12 June 2027 to 13 June 2027, 1 night",
        "Total €848.00",
        "Paid €258.00",
        "Promised €50.00",
        "Still to pay €540.00",
        "Schedule",
        "Amount Paid Promised To pay",
        "Deposit",
        "due 20 November 2026",
        "€248.00 €248.00 €0.00 €0.00",
        "Balance",
        "due 13 May 2027",
        "€600.00 €10.00 €50.00 €540.00",
        "Together €848.00 €258.00 €50.00 €540.00",
        "Payments and refunds",
        "Payment 17",
        "20 November 2026, Credit Card (Visa), card ending 0006, besides a surcharge of €3.50",
        "and a tip of €5.00",
        "€248.00",
        "Refund 18 of payment 17",
        "21 November 2026, BankTransfer",
        "-€98.00",
        "Received in all, less refunds €150.00",
        "Promised, and not there yet",
        "Payment 20",
        "for 1 December 2026, BankTransfer",
        "€40.00",
        "Payment 21",
        "under way, Cheque",
        "€10.00",
        "It tells of the moment above. Failed and reversed payments are not listed.",
        "Page 1 of 1",
    ]
    assert statement.file_name(1207) == "statement-1207.pdf"


def test_a_statement_leaves_out_what_there_is_not() -> None:
    line = Asked("Deposit", date(2026, 11, 20), 24800, 0, 0)

    words = text_of(stated(Balance([line], [], [], 700)))

    assert "Credit kept for you €7.00" in words
    assert "Amount Paid To pay" in words
    for absent in ("Promised", "Payments", "Together", "In all"):
        assert absent not in words


def test_forty_lines_take_several_pages_with_their_columns_and_numbers() -> None:
    lines = [Asked(f"Instalment {n}", date(2027, 1, 1), 10000, 0, 0) for n in range(1, 41)]

    pages = [page.extract_text().splitlines() for page in
             reader(stated(replace(BALANCE, lines=lines))).pages]  # fmt: skip

    assert len(pages) == 3
    assert [page[-1] for page in pages] == ["Page 1 of 3", "Page 2 of 3", "Page 3 of 3"]
    assert [page[0] for page in pages[1:]] == ["Statement of booking 1207, Casa do Mar"] * 2
    assert pages[1][1].startswith("Amount Paid")
    said = [line for page in pages for line in page if line.startswith("Instalment")]
    assert said == [f"Instalment {n}" for n in range(1, 41)]


@pytest.mark.parametrize("name", ["{nb}", "\ue000\ue001\ue002"])
def test_no_name_becomes_the_number_of_pages(name: str) -> None:
    lines = lines_of(pdf_of(guest=f"Ana {name}", place=f"Casa {name}"))

    shown = printable(name)
    assert f"Casa {shown}" in lines
    assert f"Guest Ana {shown}" in lines
    assert "Page 1 of 1" in lines


def test_what_is_too_much_to_be_listed_is_added_up() -> None:
    earlier, more = [5000, -1000, 700], [200, 300]

    lines = lines_of(stated(replace(BALANCE, earlier=earlier, more=more)))

    first = lines.index("Earlier payments and refunds")
    assert lines[first + 1 : first + 4] == ["3, not listed one by one", "€47.00", "Payment 17"]
    assert "Received in all, less refunds €197.00" in lines
    first = lines.index("Later promises")
    assert lines[first + 1 : first + 3] == ["2, not listed one by one", "€5.00"]


@pytest.mark.long
def test_no_row_runs_into_the_foot_of_a_page() -> None:
    rows = [Row("word " * 60, ["€1.00"], "more " * 40) for _ in range(30)]
    paper = replace(receipt_of(PAID, booked()), tables=[Table("Long", [""], rows)])
    lowest: list[float] = []

    def visit(text: str, _: Any, matrix: list[float], *__: Any) -> None:
        if text.strip() and "Page " not in text:
            lowest.append(matrix[5])

    for page in reader(drawn(paper, AT)).pages:
        page.extract_text(visitor_text=visit)

    assert len(lowest) > 30
    assert min(lowest) > 62


def test_dates_and_money_are_written_as_the_guest_writes_them() -> None:
    words = text_of(pdf_of(guest_locale="pt_PT"))

    assert "256,50 € received on 20 de novembro de 2026" in words


@pytest.mark.parametrize(
    ("currency", "shown"), [("JPY", "JP¥25,650"), ("KWD", "KWD25.650"), ("EUR", "€256.50")]
)
def test_money_has_the_decimals_of_its_currency(currency: str, shown: str) -> None:
    assert f"Received {shown}" in lines_of(pdf_of(currency=currency))


def test_greek_cyrillic_and_very_long_names_can_be_read() -> None:
    guest = "Ελευθερία Παπαδοπούλου-Αναγνωστοπούλου Љубица Щербакова " * 3
    lines = [("Καθαρισμός και уборка " * 6, 24800)]

    words = text_of(pdf_of(replace(PAID, covered=lines), guest=guest, guest_locale="el_GR"))

    assert "20 Νοεμβρίου 2026" in words
    assert " ".join(words.split()).count("Παπαδοπούλου-Αναγνωστοπούλου Љубица Щербакова") == 3
    assert " ".join(words.split()).count("Καθαρισμός και уборка") == 6


def test_a_letter_that_the_font_lacks_is_shown_as_missing_and_logged_nowhere(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG):
        words = text_of(pdf_of(guest="山田 Taro 🎉"))

    assert f"Guest {MISSING * 2} Taro {MISSING}" in words
    assert not [line for line in caplog.messages if "山" in line or "5c71" in line]


@pytest.mark.parametrize(
    "text",
    [
        "ÀÉÎÕÜßåæçøþÿ ĄąČčĐđĞğİıŁłŃńŐőŘřŞşȘșŢţŮůŹźŽž",
        "Đặng Thị Hồng Nguyễn",
        "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ άέήίόύώϊϋΐΰς ἀρχή",
        "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ ђјљњћџ іїєґ ў ѓќѕ",
        "Հայաստան საქართველო",
        "€£¥₺₽₴₹₸₪₫₩ – — ’ “ ” „ « » … • № ™ © ® ½ × − → ° §",
    ],
)
def test_names_of_many_languages_are_written_as_they_are(text: str) -> None:
    assert printable(text) == text


def test_what_has_no_shape_or_breaks_a_line_does_not_reach_the_paper() -> None:
    assert (
        printable("Ana\u200d\u202e\x00Maria\r\nSilva\u2028x\u00a0y") == "Ana Maria  Silva x\u00a0y"
    )
    assert printable("Ame\u0301lie") == "Amélie"


@pytest.mark.long
@pytest.mark.parametrize("locale", ["ja_JP", "ar_EG", "he_IL", "hi_IN", "none at all"])
def test_where_the_font_cannot_write_a_locales_dates_they_are_english(locale: str) -> None:
    words = text_of(pdf_of(guest_locale=locale))

    assert "€256.50 received on 20 November 2026" in words
    assert MISSING not in words


@pytest.mark.parametrize("locale", ["el_GR", "ru_RU", "bg_BG", "pl_PL", "vi_VN", "tr_TR", "fr_FR"])
def test_other_locales_are_the_guests_own(locale: str) -> None:
    assert locale_on_paper(locale, "EUR") == locale


def test_wide_amounts_make_the_letters_smaller_and_stay_on_the_paper() -> None:
    lines = [Asked("Deposit", date(2026, 11, 20), 10**14, 10**13, 10**12)] * 2

    words = text_of(stated(Balance(lines, [], [], 0), currency="KWD", guest_locale="de_DE"))

    assert words.count("100.000.000.000,000 KWD") == 2
    assert words.count("due 20. November 2026") == 2


@pytest.mark.long
def test_a_paper_is_made_for_screen_readers() -> None:
    root: Any = reader(stated()).trailer["/Root"]
    said = structure(stated())

    assert root["/Lang"] == "en-GB"
    assert bool(root["/MarkInfo"]["/Marked"])
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader(stated()).metadata["/Title"] == "Statement of booking 1207, Casa do Mar"
    assert [kind for kind, _ in said if kind.startswith("/H")] == ["/H1", "/H2", "/H2", "/H2"]
    rows = [words.replace("\xa0", " ") for _, words in said if words]
    assert rows[1] == (
        "Balance, due 13 May 2027: Amount €600.00, Paid €10.00, Promised €50.00, To pay €540.00"
    )


@pytest.mark.long
def test_every_page_says_where_its_elements_are() -> None:
    many = replace(BALANCE, lines=[*BALANCE.lines] * 30)
    root: Any = reader(stated(many)).trailer["/Root"]

    numbers = root["/StructTreeRoot"]["/ParentTree"]["/Nums"]
    contents: list[Any] = [page.get_contents() for page in reader(stated(many)).pages]
    marked = [each.get_data().count(b"/MCID") for each in contents]

    assert [len(each) for each in numbers[1::2]] == marked


def test_only_what_is_used_of_the_font_is_in_the_file() -> None:
    fonts = reader(pdf_of()).pages[0]["/Resources"]["/Font"]

    assert {font["/BaseFont"] for font in fonts.values()} == {
        "/MPDFAA+DejaVuSansBook", "/MPDFAA+DejaVuSansBold"
    }  # fmt: skip
    assert len(pdf_of()) < 40_000


def test_what_is_kept_of_a_paper_draws_the_same_one() -> None:
    paper = statement_of(BALANCE, booked(), AT)

    kept: Paper = paper_of(orjson.loads(orjson.dumps(paper.kept())))

    assert drawn(kept, AT) == drawn(paper, AT)


@pytest.mark.long
def test_another_process_with_another_seed_draws_the_same_bytes() -> None:
    code = (
        "import sys; from tests.payments import test_papers as t;"
        "sys.stdout.buffer.write(t.stated(guest='Ελευθερία Щербакова 山'))"
    )
    mine = stated(guest="Ελευθερία Щербакова 山")

    for seed in ("1", "4242"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo"}
        run = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, check=True
        )
        assert run.stdout == mine


def test_the_same_words_at_another_moment_are_another_file() -> None:
    paper = receipt_of(PAID, booked())

    assert drawn(paper, AT) != drawn(paper, AT + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (("Credit Card", "Visa", "0006"), "Credit Card (Visa), card ending 0006"),
        (("Visa", "VISA", "0006"), "Visa, card ending 0006"),
        (("Visa", None, None), "Visa"),
        (("Card", "Visa", None), "Card (Visa)"),
    ],
)
def test_a_method_is_named_once_with_what_is_known_of_the_card(
    given: tuple[str, str | None, str | None], shown: str
) -> None:
    assert by_what(*given) == shown
