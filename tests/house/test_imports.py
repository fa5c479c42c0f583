"""The house keeps its shape: imports at the top, files and functions one can take in."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
LONGEST_FILE, LONGEST_FUNCTION = 400, 50

Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_files() -> list[Path]:
    """Every Python file of the repository but migrations, which only ever grow."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=HOUSE, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    return [HOUSE / name for name in listed if not name.startswith("migrations/versions/")]


def functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


@pytest.fixture(scope="module")
def trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text()) for path in python_files() if path.exists()}


def test_the_list_of_files_is_not_empty() -> None:
    assert HOUSE / "wsgi.py" in python_files()


def test_no_file_is_too_long_to_read_at_a_sitting(trees: dict[Path, ast.Module]) -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in trees}

    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_too_long_to_see_at_once(trees: dict[Path, ast.Module]) -> None:
    lengths = {
        f"{path.name}:{each.name}": (each.end_lineno or each.lineno) - each.lineno + 1
        for path, tree in trees.items()
        for each in functions(tree)
    }

    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_imports_stand_at_the_top(trees: dict[Path, ast.Module]) -> None:
    hidden = [
        f"{path.name}:{each.name}"
        for path, tree in trees.items()
        if "tests" not in path.parts
        for each in functions(tree)
        if any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(each))
    ]

    assert hidden == []


def test_money_is_never_a_float(trees: dict[Path, ast.Module]) -> None:
    rooms = {"payments", "bookings", "kit", "demo"}
    allowed = {"metrics.py"}  # durations and gauges
    floats = [
        f"{path.name}:{node.lineno}"
        for path, tree in trees.items()
        if path.parent.name in rooms and path.name not in allowed and "tests" not in path.parts
        for node in ast.walk(tree)
        if (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "float")
        or (isinstance(node, ast.Constant) and isinstance(node.value, float))
    ]

    assert floats == []
