"""How JSON bodies are read: strictly, and their numbers digit by digit."""

from __future__ import annotations

import ast
import inspect
import json
from decimal import Decimal
from io import BytesIO
from typing import Any

import orjson
import pytest
from flask import Request
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.test import EnvironBuilder

from kit import documents
from kit.documents import Number, parse, read
from kit.form import BODY_LIMIT, Malformed

VISA = "4111 1111 1111 1111"
CARD_NUMBER = "This field holds what looks like a card number; never send one."


def faults(raw: bytes | str) -> list[tuple[str | None, str, str]]:
    """Place, code and sentence of everything that is wrong with a body."""
    with pytest.raises(Malformed) as caught:
        parse(raw if isinstance(raw, bytes) else raw.encode())
    assert caught.value.status == 400
    return [(place, fault.code, str(fault)) for place, fault in caught.value.faults]


def codes(raw: bytes | str) -> list[tuple[str | None, str]]:
    return [(place, code) for place, code, _ in faults(raw)]


# --- numbers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "digits",
    [
        "20.06",
        "0.1",
        "0.2",
        "10.40",
        "0",
        "-0",
        "-1.50",
        "1.000000000000000000001",
        "123456789.12345678901234567",
        "9007199254740993",
        "1e2",
        "1E+2",
        "1e400",
        "9" * 5000,
    ],
)
def test_a_number_is_the_digits_that_were_sent(digits: str) -> None:
    [found] = parse(f"[{digits}]".encode())

    assert type(found) is Number
    assert found == digits


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_refused(number: str) -> None:
    assert faults(f'{{"amount":{number}}}') == [
        (None, "malformed_json", f"{number} is no JSON; a number is written with digits.")
    ]


@pytest.mark.parametrize("number", ["1_000", "+1", ".5", "1.", "01", "0x1", "1,5", "٣", "- 1"])
def test_what_json_does_not_call_a_number_is_refused(number: str) -> None:
    assert codes(f'{{"amount":{number}}}') == [(None, "malformed_json")]


class NoFloat:
    """Stands for `float` in the library that reads JSON."""

    def __init__(self, *_: object) -> None:
        raise AssertionError("a number became a float")


def test_no_number_ever_becomes_a_float(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("json.decoder.float", NoFloat, raising=False)
    monkeypatch.setattr("builtins.float", NoFloat)

    assert parse(b'{"a":[20.06,1e5,-0.1e-7,17],"b":{"c":0.30000000000000004}}') == {
        "a": ["20.06", "1e5", "-0.1e-7", "17"],
        "b": {"c": "0.30000000000000004"},
    }
    called = {node.id for node in ast.walk(tree()) if isinstance(node, ast.Name)}
    assert "float" not in called


def tree() -> ast.Module:
    return ast.parse(inspect.getsource(documents))


# --- what is JSON ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b"{}", {}),
        (b" \r\n\t[] \n", []),
        (b"null", None),
        (b"true", True),
        (b'"text"', "text"),
        (b'"\\u00e9\\ud83c\\udfe0 \xc3\xa9"', "é🏠 é"),
        (b'\xef\xbb\xbf{"a":"b"}', {"a": "b"}),
        (b'{"a":null,"b":[false,{"a":1}]}', {"a": None, "b": [False, {"a": "1"}]}),
    ],
)
def test_json_is_read(raw: bytes, found: Any) -> None:
    assert parse(raw) == found


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "The body is empty; send a JSON document."),
        (b" \n", "The body is empty; send a JSON document."),
        (b"\xef\xbb\xbf", "The body is empty; send a JSON document."),
        (b'{"a":1}x', "The body is no JSON: line 1, column 8."),
        (b'{"a":1}{"a":1}', "The body is no JSON: line 1, column 8."),
        (b'{"a":1,}', "The body is no JSON: line 1, column 8."),
        (b"{'a':1}", "The body is no JSON: line 1, column 2."),
        (b'{"a":1', "The body is no JSON: line 1, column 7."),
        (b'{\n"a":tru}', "The body is no JSON: line 2, column 5."),
        (b'{"a":"line\nend"}', "The body is no JSON: line 1, column 11."),
        (b'{"a":"\\x41"}', "The body is no JSON: line 1, column 7."),
        (b'{"a":1 /* one */}', "The body is no JSON: line 1, column 8."),
        (b"Amount=20.06&BookingId=7", "The body is no JSON: line 1, column 1."),
        ('{"a":1}'.encode("utf-16-le"), "The body is no JSON: line 1, column 2."),
        (b"\xef\xbb\xbf\xef\xbb\xbf{}", "The body is no JSON: line 1, column 1."),
    ],
)
def test_what_is_no_json_is_refused_with_where_it_ends_to_be(raw: bytes, sentence: str) -> None:
    assert faults(raw) == [(None, "malformed_json", sentence)]


@pytest.mark.parametrize(
    "raw", ['{"a":1}'.encode("utf-16"), '{"a":1}'.encode("utf-32"), b'"\xe9"', b'"\xed\xa0\x80"']
)
def test_another_encoding_is_refused(raw: bytes) -> None:
    assert faults(raw) == [(None, "not_utf8", "The body is not valid UTF-8.")]


@pytest.mark.parametrize("opened", ["[", '{"a":', '[{"a":'])
@pytest.mark.parametrize("times", [21, 1000, 100_000])
def test_what_is_nested_too_deep_is_refused(opened: str, times: int) -> None:
    closed = opened.replace('{"a":', "}").replace("[", "]")[::-1]
    sentence = "The body is nested more than 20 deep."

    whole = opened * times + "1" + closed * times
    assert faults(whole) == [(None, "malformed_json", sentence)]
    assert codes(opened * times) == [(None, "malformed_json")]


def test_twenty_deep_is_deep_enough() -> None:
    assert parse(b"[" * 20 + b"]" * 20)
    assert codes(b"[" * 22 + b"]" * 22) == [(None, "malformed_json")]


# --- names -------------------------------------------------------------------------------------


def test_a_name_given_twice_is_refused_however_deep() -> None:
    raw = '{"a":[{"sum":1,"tip":0,"sum":2,"tip":0,"sum":3}]}'

    assert faults(raw) == [
        (None, "repeated", "sum is given more than once; give it once."),
        (None, "repeated", "tip is given more than once; give it once."),
    ]


def test_a_name_is_the_same_however_it_is_written() -> None:
    assert codes('{"sum":1,"\\u0073um":2}') == [(None, "repeated")]


def test_two_objects_may_have_the_same_names() -> None:
    assert parse(b'[{"sum":1},{"sum":2}]') == [{"sum": "1"}, {"sum": "2"}]


@pytest.mark.parametrize("name", ["x" * 51, VISA, "", "a\\nb", "\\u202e", "\\ud800"])
def test_a_name_that_is_none_is_not_repeated_in_the_answer(name: str) -> None:
    assert faults(f'{{"{name}":1,"{name}":2}}') == [
        (None, "repeated", "? is given more than once; give it once.")
    ]


@pytest.mark.long
def test_thousands_of_names_of_which_the_last_is_given_twice_are_soon_read() -> None:
    names = ",".join(f'"n{number}":1' for number in range(100_000))

    assert codes(f'{{{names},"n99999":1}}') == [(None, "repeated")]


# --- texts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (f'{{"comment":"paid by {VISA}"}}', "comment"),
        (f'{{"payments":[{{}},{{"note":["","{VISA}"]}}]}}', "payments[1].note[1]"),
        (f'["{VISA}"]', "[0]"),
        (f'"{VISA}"', None),
        (f'{{"{VISA}":1}}', None),
        (f'{{"a":{{"{VISA}":true}}}}', None),
        (f'{{"{"x" * 51}":"{VISA}"}}', "?"),
        ('{"a":"\\u0034111111111111111"}', "a"),
    ],
)
def test_a_card_number_is_refused_wherever_it_stands_and_never_repeated(
    raw: str, place: str | None
) -> None:
    assert faults(raw) == [(place, "card_number", CARD_NUMBER)]


def test_a_card_number_under_a_card_number_is_not_repeated_either() -> None:
    found = faults(f'{{"{VISA}":"{VISA}"}}')

    assert found == [(None, "card_number", CARD_NUMBER), ("?", "card_number", CARD_NUMBER)]


@pytest.mark.parametrize(
    "raw", ["4111111111111111", '{"id":4111111111111111}', "[378282246310005]"]
)
def test_a_number_may_look_like_one(raw: str) -> None:
    assert parse(raw.encode())


@pytest.mark.parametrize("escape", ["\\ud800", "\\udfff", "\\ude00\\ud83d", "a\\ud83d"])
def test_half_of_a_character_is_refused(escape: str) -> None:
    told = "This text holds half of a character (a lone surrogate)."

    assert faults(f'{{"a":["{escape}"]}}') == [("a[0]", "not_unicode", told)]
    assert faults(f'{{"{escape}":1}}') == [(None, "not_unicode", told)]


def test_a_nul_is_refused_since_not_every_database_keeps_it() -> None:
    told = "This text holds a NUL character."

    assert faults('{"a":"x\\u0000"}') == [("a", "control_character", told)]
    assert faults('{"a\\u0000":1}') == [(None, "control_character", told)]


def test_of_very_many_faults_the_first_are_told() -> None:
    assert len(faults("[" + '"\\u0000",' * 5000 + "0]")) == 100


def test_all_that_is_wrong_with_texts_is_told_at_once() -> None:
    raw = f'{{"a":"\\ud800","b":["fine","{VISA}"],"c":{{"d":"\\u0000","e":"{VISA}"}}}}'

    assert codes(raw) == [
        ("a", "not_unicode"),
        ("b[1]", "card_number"),
        ("c.d", "control_character"),
        ("c.e", "card_number"),
    ]


# --- requests ----------------------------------------------------------------------------------


def request(body: bytes, **environment: Any) -> Request:
    environ = EnvironBuilder("/", method="POST", data=body).get_environ()
    return Request(environ | environment)


def test_the_body_of_a_request_is_read_whatever_it_calls_itself() -> None:
    assert read(request(b'{"a":1}', CONTENT_TYPE="text/plain")) == {"a": "1"}


def test_a_body_that_was_cut_off_is_no_shorter_body() -> None:
    with pytest.raises(Malformed, match="cut off"):
        read(request(b'{"a":1}', CONTENT_LENGTH="9", **{"wsgi.input_terminated": True}))


def test_a_body_without_its_length_is_refused() -> None:
    environ = EnvironBuilder("/", method="POST", data=b"{}").get_environ()
    del environ["CONTENT_LENGTH"]

    with pytest.raises(Malformed) as caught:
        read(Request(environ))

    assert caught.value.status == 411


# --- anything ----------------------------------------------------------------------------------

TEXTS = st.text(alphabet=st.characters(), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def sound(found: Any) -> bool:
    """Only what the fields know, and only texts that any database and any log can keep."""
    if isinstance(found, dict):
        return all(sound(key) and sound(value) for key, value in found.items())
    if isinstance(found, list):
        return all(map(sound, found))
    if isinstance(found, str):
        return "\0" not in found and found == found.encode().decode()
    return found is None or isinstance(found, bool)


def parsed(raw: bytes) -> Any:
    """What is read, or None: then something was wrong, and was told in one line each."""
    try:
        return parse(raw)
    except Malformed as refused:
        told = [str(fault) for _, fault in refused.faults]
    assert told
    assert all(sentence and sentence.isprintable() for sentence in told)
    return None


@pytest.mark.long
@given(VALUES)
def test_any_value_is_read_as_it_was_meant_or_refused(value: Any) -> None:
    found = parsed(json.dumps(value).encode())

    assert sound(found)
    assert found is None or orjson.loads(orjson.dumps(found)) == plain(value)


def plain(value: Any) -> Any:
    """A value with texts for numbers."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


@given(
    st.binary(max_size=40) | st.text(alphabet='[]{}",:0123456789.eE+-\\utrfnalsd ').map(str.encode)
)
def test_any_bytes_are_a_sound_value_or_refused(raw: bytes) -> None:
    assert sound(parsed(raw))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=9))
def test_any_amount_keeps_its_digits(amount: Decimal) -> None:
    text = f"{amount:f}"

    assert parse(f'{{"a":{text}}}'.encode()) == {"a": text}


# --- in chunks ---------------------------------------------------------------------------------


def in_chunks(raw: bytes, **environ: Any) -> Any:
    """What is read of a body without its length, as a server hands it on that ends it itself."""
    as_servers_do = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True} | environ
    builder = EnvironBuilder(method="POST", input_stream=BytesIO(raw))
    request = Request(builder.get_environ() | as_servers_do)
    request.max_content_length = BODY_LIMIT
    return read(request)


@pytest.mark.parametrize("size", [9, BODY_LIMIT])
def test_a_document_may_come_in_chunks(size: int) -> None:
    assert in_chunks(b'{"a":1.50}'.ljust(size)) == {"a": "1.50"}


@pytest.mark.parametrize("size", [BODY_LIMIT + 1, 200_000])
def test_a_document_in_chunks_may_not_be_larger_than_others(size: int) -> None:
    with pytest.raises(RequestEntityTooLarge):
        in_chunks(b'{"a":1.50}'.ljust(size))


def test_chunks_are_not_read_where_the_server_leaves_their_end_to_us() -> None:
    with pytest.raises(Malformed) as caught:
        in_chunks(b"{}", **{"wsgi.input_terminated": False})

    assert caught.value.status == 411


@pytest.mark.long
@given(st.lists(VALUES) | st.dictionaries(TEXTS, VALUES) | TEXTS, st.data())
def test_of_no_document_a_part_is_one(value: Any, data: st.DataObject) -> None:
    """Why they may come in chunks: one that was cut off is refused, wherever that was."""
    whole = json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass")
    came = whole[: data.draw(st.integers(0, len(whole) - 1))]

    with pytest.raises(Malformed):
        in_chunks(came)
