"""The house keeps its shape: imports at the top, files and functions one can take in."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

# In one process: to read everything takes longer than to look at it.
pytestmark = pytest.mark.xdist_group("imports")

HOUSE = Path(__file__).parents[2]
LONGEST_FILE, LONGEST_FUNCTION = 400, 50

Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_files() -> list[Path]:
    """Every Python file of ours but migrations, which only ever grow."""
    rooms = [room for room in HOUSE.iterdir() if room.is_dir() and not room.name.startswith(".")]
    found = [*HOUSE.glob("*.py"), *(path for room in rooms for path in room.rglob("*.py"))]
    return sorted(path for path in found if path.parent != HOUSE / "migrations" / "versions")


def functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


@pytest.fixture(scope="module")
def trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text()) for path in python_files()}


@pytest.mark.long
def test_files_of_every_depth_are_looked_at() -> None:
    files = {str(path.relative_to(HOUSE)) for path in python_files()}

    assert {"wsgi.py", "kit/money.py", "tests/house/test_imports.py"} <= files


@pytest.mark.long
def test_no_file_is_too_long_to_read_at_a_sitting(trees: dict[Path, ast.Module]) -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in trees}

    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}


@pytest.mark.long
def test_no_function_is_too_long_to_see_at_once(trees: dict[Path, ast.Module]) -> None:
    lengths = {
        f"{path.name}:{each.name}": (each.end_lineno or each.lineno) - each.lineno + 1
        for path, tree in trees.items()
        for each in functions(tree)
    }

    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


@pytest.mark.long
def test_imports_stand_at_the_top(trees: dict[Path, ast.Module]) -> None:
    hidden = [
        f"{path.name}:{each.name}"
        for path, tree in trees.items()
        if path.relative_to(HOUSE).parts[0] != "tests"
        for each in functions(tree)
        if any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(each))
    ]

    assert hidden == []


def in_seconds(tree: ast.Module) -> set[ast.AST]:
    """What stands in constants that are durations, as their names say: CALL_S = 2.5."""
    durations = [
        each
        for each in tree.body
        if isinstance(each, ast.Assign)
        and all(
            node.id.endswith("_S")
            for target in each.targets
            for node in ast.walk(target)
            if isinstance(node, ast.Name)
        )
    ]
    return {node for each in durations for node in ast.walk(each)}


def floats(tree: ast.Module) -> Iterator[int]:
    """The lines of a module that have a float."""
    durations = in_seconds(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call | ast.Constant) or node in durations:
            continue
        is_called = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "float"
        if is_called or (isinstance(node, ast.Constant) and isinstance(node.value, float)):
            yield node.lineno


@pytest.mark.long
def test_money_is_never_a_float(trees: dict[Path, ast.Module]) -> None:
    rooms = {"payments", "bookings", "kit", "demo", "checkout"}
    allowed = {"metrics.py"}  # durations and gauges
    found = [
        f"{path.name}:{line}"
        for path, tree in trees.items()
        if path.relative_to(HOUSE).parts[0] in rooms and path.name not in allowed
        for line in floats(tree)
    ]

    assert found == []


def test_a_float_is_found_and_a_duration_is_none() -> None:
    module = "CALL_S, REST_S = 2.5, 0.1\nRATE = 0.2\ndef vat(net):\n    return float(net) * 1.2\n"

    assert sorted(floats(ast.parse(module))) == [2, 4, 4]
