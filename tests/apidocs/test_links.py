"""Links between the documents lead somewhere, headings included."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2]
PAGES = sorted([*HERE.glob("*.md"), *(HERE / "docs").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")


def anchors(page: Path) -> set[str]:
    """The names of a page's headings, as they are made of their words."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


@pytest.mark.parametrize("document", PAGES, ids=lambda each: str(each.relative_to(HERE)))
def test_every_link_of_a_document_leads_somewhere(document: Path) -> None:
    for path, anchor in LINK.findall(document.read_text()):
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), f"{path} in {document.name}"
        if anchor:
            assert anchor in anchors(target), f"{path}#{anchor} in {document.name}"


def test_every_document_is_reached_from_the_readme() -> None:
    seen, found = set[Path](), [HERE / "README.md"]
    while found:
        page = found.pop()
        if page not in seen and page.suffix == ".md" and page.exists():
            seen.add(page)
            links = LINK.findall(page.read_text())
            found += [(page.parent / path).resolve() for path, _ in links if path]

    assert set((HERE / "docs").rglob("*.md")) <= seen
