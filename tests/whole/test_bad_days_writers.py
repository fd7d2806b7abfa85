"""Every writer of the package goes through :mod:`walkshed.files`, and nothing reads or writes pickles."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WRITING: Final = {
    "write_text", "write_bytes", "to_csv", "to_excel", "to_parquet", "to_file", "to_json", "to_feather", "savefig",
    "savez", "savez_compressed", "write_dataframe", "writestr", "rename", "copyfile", "copy2", "copytree",
}  # fmt: skip
"""Methods and functions that write where a name tells."""
OWN: Final = {"files.py"}
DRAFTS: Final = {"replacing", "scratch", "make_scratch", "zip_into"}
PLAIN: Final = {
    "app/study_files.py": "a copy into a folder that nobody knows before it is complete, see workspace.make_study",
    "app/workspace.py": "the draft of study.toml, renamed when the changed study has been computed",
    "app/upload_look.py": "into a scratch folder of a class of its own",
    "batch/records.py": "into a folder that is renamed when it is complete",
    "batch/workers.py": "the log of a worker, which only grows",
    "reporting/evidence.py": "unpacks into a scratch folder of its caller",
    "inputs/archives.py": "unpacks into a scratch folder of its caller",
}
"""Files that write in another way, with the reason."""
PICKLES: Final = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
PICKLE_READERS: Final = {"read_pickle", "to_pickle"}


def modules(root: Path) -> Iterator[tuple[str, ast.Module]]:
    top = root / "coverage" / "walkshed"
    for path in sorted(top.rglob("*.py")):
        yield path.relative_to(top).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def drafts(function: ast.AST) -> set[str]:
    """Return the names bound by ``with replacing(...) as name`` and its like, and what is made from them."""
    names = {"content", "stream", "text", "output", "buffer"}  # files in memory
    for node in ast.walk(function):
        if isinstance(node, ast.withitem) and isinstance(node.context_expr, ast.Call):
            called = node.context_expr.func
            drafted = isinstance(called, ast.Name) and called.id in DRAFTS
            if isinstance(node.optional_vars, ast.Name) and (drafted or mentions(node.context_expr, names)):
                names.add(node.optional_vars.id)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and mentions(node.value, names):
            names.add(node.targets[0].id)
    return names


def mentions(node: ast.AST, names: set[str]) -> bool:
    return any(isinstance(part, ast.Name) and part.id in names for part in ast.walk(node))


def writes(tree: ast.Module) -> Iterator[str]:
    """Yield the calls that write under a name that is no draft's."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        allowed = drafts(function)
        for node in ast.walk(function):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            opens = node.func.attr == "open" and any(
                isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value[:1] in {"w", "x", "a"}
                for part in [*node.args, *(keyword.value for keyword in node.keywords)]
            )
            path_given = node.args or node.func.attr in {"write_text", "write_bytes"}
            if (opens or (node.func.attr in WRITING and path_given)) and not mentions(node, allowed):
                yield f"{node.lineno}: {ast.unparse(node)[:100]}"


def is_table_rename(call: str) -> bool:
    return ".rename(" in call


def test_every_writer_writes_a_draft_first(root: Path) -> None:
    found = {
        name: calls
        for name, tree in modules(root)
        if name not in OWN and (calls := [call for call in writes(tree) if not is_table_rename(call)])
    }
    assert {name: calls for name, calls in found.items() if name not in PLAIN} == {}


def test_a_plain_writer_is_found() -> None:
    plain = "def save(path, draft):\n    path.write_text('a')\n    path.open('w')\n    table.to_csv(path)\n"
    assert len(list(writes(ast.parse(plain)))) == 3
    careful = "def save(path):\n    with replacing(path) as draft:\n        draft.write_text('a')\n"
    assert list(writes(ast.parse(careful))) == []


def test_nobody_reads_or_writes_pickles(root: Path) -> None:
    for name, tree in modules(root):
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                assert not {alias.name.partition(".")[0] for alias in node.names} & PICKLES, name
            elif isinstance(node, ast.ImportFrom):
                assert (node.module or "").partition(".")[0] not in PICKLES, name
            elif isinstance(node, ast.Attribute):
                assert node.attr not in PICKLE_READERS, name
            elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                assert isinstance(node.value, ast.Constant), name
                assert node.value.value is False, name


def test_arrays_are_loaded_without_pickles(root: Path) -> None:
    for name, tree in modules(root):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"np.load", "numpy.load"}:
                assert any(keyword.arg == "allow_pickle" for keyword in node.keywords), name
