"""Every text that people at the desk read is in the catalogue, and said in one way."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from desk.words import LOCALE, gettext, load, ngettext
from partners.scopes import SCOPES
from staff.permissions import MEANINGS

HOUSE = Path(__file__).parents[2]
ROOMS = ("desk", "staff", "partners", "office")  # as in the target `texts` of the Makefile
LOCALES = HOUSE / "desk" / "locale"
# E-mails are rendered by those who send them; their words are beside their templates.
TEMPLATES = sorted((HOUSE / "desk" / "templates" / "desk").rglob("*.html"))
SOURCES = sorted((HOUSE / "desk").rglob("*.py"))
ADVICE = "run `make texts` and commit desk/locale"

# Words that are the same in every language: names of formats and of their fields.
NAMES = {
    "BrandId", "Brink", "K-Series", "LocationToken", "PAR", "Spektrix", "TenderId",
    "businessLocationId", "iiko",
}  # fmt: skip
KEYS = {"Ctrl Enter"}
# Attributes that people read or hear.
READ = re.compile(r"\b(?:title|alt|placeholder|aria-label|aria-description|label)=\"([^\"]*)\"")
GETTEXT = {"_", "gettext", "ngettext"}
SENTENCE = re.compile(r"[A-Z][a-z]+(?: [\w“”%(),'’-]+)+[.?:]?$|[a-z]+ [a-z]+ [a-z]+.*")

Message = str | tuple[str, ...]


@pytest.fixture(scope="module")
def spoken() -> set[Message]:
    """The ids of all texts in the sources, as `make texts` finds them."""
    with (HOUSE / "babel.cfg").open() as config:
        methods, options = parse_mapping_cfg(config, "babel.cfg")  # type: ignore[no-untyped-call]
    return {
        message if isinstance(message, str) else tuple(message)
        for room in ROOMS
        for _file, _line, message, _comments, _context in extract_from_dir(
            HOUSE / room, methods, options
        )
    }


def kept(path: Path) -> set[Message]:
    """The ids in a catalogue."""
    with path.open("rb") as file:
        found = read_po(file, LOCALE, abort_invalid=True)
    return {each.id if isinstance(each.id, str) else tuple(each.id) for each in found if each.id}


@pytest.mark.long
@pytest.mark.parametrize("name", ["messages.pot", f"{LOCALE}/LC_MESSAGES/messages.po"])
def test_the_catalogue_has_all_texts_of_the_desk_and_no_others(
    spoken: set[Message], name: str
) -> None:
    there = kept(LOCALES / name)

    assert len(there) > 100
    assert spoken - there == set(), ADVICE
    assert there - spoken == set(), ADVICE


@pytest.mark.long
def test_what_permissions_and_scopes_mean_is_in_the_catalogue(spoken: set[Message]) -> None:
    assert {*MEANINGS.values(), *SCOPES.values()} <= spoken, "mark them with N_ (kit/texts.py)"


@pytest.mark.long
def test_one_text_has_one_plural(spoken: set[Message]) -> None:
    """The catalogue knows a text by its singular: another plural of it would never be shown."""
    singulars = [each if isinstance(each, str) else each[0] for each in spoken]

    assert {each for each, count in Counter(singulars).items() if count > 1} == set()


def test_a_text_is_never_empty(spoken: set[Message]) -> None:
    """gettext answers an empty text with the catalogue's header."""
    assert "" not in spoken


def test_a_wording_in_the_catalogue_is_shown_and_an_empty_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "en_GB" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "messages.po").write_text(
        'msgid "Tags"\nmsgstr "Labels"\n\nmsgid "Today"\nmsgstr ""\n\n'
        'msgid "%(num)s tag"\nmsgid_plural "%(num)s tags"\nmsgstr[0] "%(num)s label"\n'
        'msgstr[1] "%(num)s labels"\n'
    )
    monkeypatch.setattr("desk.words.FOLDER", tmp_path)
    monkeypatch.setattr("desk.words._catalogue", load("en_GB"))

    found = [gettext("Tags"), gettext("Today"), gettext("Neither"), ngettext("%(num)s tag", "", 2)]

    assert found == ["Labels", "Today", "Neither", "2 labels"]


# --- templates -------------------------------------------------------------------------------


def bare(template: str) -> str:
    """What a template says outside of its expressions: without tags and keys, but with those
    attributes that are read."""
    tokens = Environment().lex(template)
    text = "".join(value if kind == "data" else " " for _line, kind, value in tokens)
    text = re.sub(r"<!--.*?-->|<!doctype[^>]*>|<kbd.*?</kbd>", " ", text, flags=re.DOTALL)
    said = re.sub(r"<[^>]*>", " ", text)
    # Macros make attributes by themselves, too.
    return " ".join([re.sub(r"[\w:-]+=\"[^\"]*\"", " ", said), *READ.findall(text)])


def words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_][\w-]*", re.sub(r"&\w+;", " ", text))) - NAMES


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: "/".join(path.parts[-2:]))
def test_no_template_has_text_that_is_not_in_the_catalogue(path: Path) -> None:
    assert words(bare(path.read_text())) == set(), "put it into _() and " + ADVICE


def constants(node: nodes.Node) -> Iterator[str]:
    """Texts in the expressions of a template, but for those that are looked up."""
    if isinstance(node, nodes.Call) and getattr(node.node, "name", None) in GETTEXT:
        for keyword in node.kwargs:
            yield from constants(keyword)
        return
    if isinstance(node, nodes.Pair) and str(getattr(node.key, "value", "")).startswith("hx-"):
        return
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    for child in node.iter_child_nodes():
        yield from constants(child)


@pytest.mark.long
@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: "/".join(path.parts[-2:]))
def test_no_expression_of_a_template_has_a_sentence_of_its_own(path: Path) -> None:
    parsed = Environment(extensions=["jinja2.ext.i18n"]).parse(path.read_text())

    assert {text for text in constants(parsed) if is_sentence(text)} == set(), ADVICE


def is_sentence(text: str) -> bool:
    is_markup = set(text) & set("<>{}=/")
    return bool(SENTENCE.match(text.strip())) and not is_markup and text not in KEYS


def test_bare_text_is_found() -> None:
    template = (
        '<!doctype html>{# a note #}{% if x > 1 %}<p class="a b" title="Hint">Bare {{ _(\'in\') }}'
        " – / &nbsp; 12 {{ {'a': {}} }}<kbd>T</kbd></p>{% endif %}"
    )

    assert words(bare(template)) == {"Bare", "Hint"}
    assert is_sentence("There are no tags")
    assert is_sentence("There are no tags.")
    assert not is_sentence("dk-note dk-note-fail")


# --- code ------------------------------------------------------------------------------------


def calls(path: Path) -> Iterator[Any]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield node


def name_of(call: ast.Call) -> str:
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


@pytest.mark.long
@pytest.mark.parametrize("path", SOURCES, ids=lambda path: "/".join(path.parts[-2:]))
def test_no_text_is_put_together_before_it_is_looked_up(path: Path) -> None:
    looked_up = [call.args[0] for call in calls(path) if name_of(call) in GETTEXT and call.args]

    assert [ast.unparse(each) for each in looked_up if isinstance(each, ast.JoinedStr)] == []


@pytest.mark.long
@pytest.mark.parametrize("path", SOURCES, ids=lambda path: "/".join(path.parts[-2:]))
def test_what_is_told_after_a_form_is_looked_up(path: Path) -> None:
    told = [call.args[0] for call in calls(path) if name_of(call) in {"say", "flash"} and call.args]

    assert [
        ast.unparse(each) for each in told if isinstance(each, ast.Constant | ast.JoinedStr)
    ] == []
