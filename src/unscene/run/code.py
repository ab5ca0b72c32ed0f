"""What of the code decides an output: a hash of the syntax of a step and of all modules that it uses.

Counted is what can change a value. Not counted: comments, layout, docstrings, type hints, names of
local variables, log lines, the messages of errors that reach no table, what a column says of itself,
the `doc` of an entry of a registry, and imports by themselves. The hash is the same under every
Python that the project supports (`ast.dump` is not).
"""

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

from unscene.run.checkout import CHECKOUT

SCRIPTS = CHECKOUT / "workflow" / "scripts"
SOURCE = CHECKOUT / "src"
# Modules that say where and how a job runs, not what it makes. `answers.batches` sends requests and
# keeps the answers. It also words the follow-up of a split prompt: `raise` such a change by hand.
UNDECIDING = (
    "unscene.answers.batches",
    "unscene.machine.devices",
    "unscene.machine.job",
    "unscene.run.checkout",
    "unscene.run.lineage",
    "unscene.run.locks",
    "unscene.run.logs",
    "unscene.run.offline",
)
# Errors whose text a table keeps as a reason or a detail. The text of any other ends in a log.
ROW_ERRORS = {"PhotoError", "BatchLineError"}
LOG_CALLS = {"debug", "info", "warning", "error", "exception", "critical", "warn", "print"}
# What a declaration says for readers of a page, by the name of the call: so many of its first
# arguments count.
DECLARATIONS = {"Column": 2, "Table": 1}
DESCRIBING = {"doc", "meaning", "description", "help"}
_FUNCTIONS = {ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda}
_BINDING = {
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ExceptHandler,
    ast.MatchAs,
    ast.MatchStar,
    ast.MatchMapping,
}
HINTING = {"__future__", "typing", "collections.abc"}
_SKIPPED_FIELDS = {"ctx", "kind", "type_comment", "type_params", "type_ignores", "annotation", "returns"}


class Module(NamedTuple):
    """A parsed file: the hash of its own syntax, and the modules of this package that it uses."""

    digest: str
    uses: tuple[Path, ...]


@cache
def hash_code(script: str) -> str:
    """Return 16 hex digits for a step: its adapter `workflow/scripts/{script}.py` and every module
    that it uses.
    """
    hashed = hashlib.sha256()
    for path in list_code(SCRIPTS / f"{script}.py"):
        hashed.update(f"{_name(path)} {read_module(path).digest}\n".encode())
    return hashed.hexdigest()[:16]


@cache
def list_code(path: Path) -> tuple[Path, ...]:
    """Return a file and the modules of this package that it uses, directly or not, sorted."""
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting += read_module(current).uses
    return tuple(sorted(found))


@cache
def read_module(path: Path) -> Module:
    """Return what counts of a file; each file is parsed once in a process."""
    return parse_module(path.read_text(encoding="utf-8"))


def parse_module(text: str) -> Module:
    """Return what counts of the text of a module."""
    syntax = _Syntax()
    syntax.add(ast.parse(text))
    hashed = hashlib.sha256("\x1f".join(syntax.tokens).encode())
    uses: set[Path] = set()
    imported = set()
    for node, alias in syntax.imports:
        bound = (
            (alias.asname or alias.name).split(".")[0]
            if isinstance(node, ast.Import)
            else alias.asname or alias.name
        )
        if bound not in syntax.names and (bound in syntax.hints or _module_of(node) in HINTING):
            continue
        module = alias.name if isinstance(node, ast.Import) else f"{node.module}.{alias.name}"
        imported.add(f"import {module} {bound}\n")
        uses |= set(_find_modules(module))
    for module in syntax.named:
        uses |= set(_find_modules(module))
    hashed.update("".join(sorted(imported)).encode())
    return Module(hashed.hexdigest(), tuple(sorted(uses)))


class _Syntax:
    """Collects the tokens of a syntax tree that count, and the names that code and type hints use."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.imports: list[tuple[ast.Import | ast.ImportFrom, ast.alias]] = []
        self.names: set[str] = set()
        self.hints: set[str] = set()
        self.named: set[str] = set()
        self._locals: dict[str, str] = {}
        self._is_class_body = False

    def add(self, node: Any) -> None:
        """Take in a node, a list of nodes or a plain value."""
        kind: type = type(node)
        if kind is list:
            for item in node:
                self.add(item)
            self.tokens.append(";")
        elif kind is ast.Name:
            self.names.add(node.id)
            self.tokens.append(f"Name {self._locals.get(node.id, node.id)}")
        elif kind is ast.Constant:
            self.tokens.append(f"Constant {node.value!r}")
            if type(node.value) is str and node.value.startswith("unscene."):
                self.named.add(node.value.partition(":")[0])  # an entry of a registry loads it by name
        elif not issubclass(kind, ast.AST):
            self.tokens.append(repr(node))
        elif kind is ast.Import or (kind is ast.ImportFrom and node.module and node.level == 0):
            self.imports += [(node, alias) for alias in node.names]
        elif kind is ast.Call:
            self._add_call(node)
        elif kind is ast.JoinedStr:
            self._add_joined(node)
        elif kind in _FUNCTIONS and not self._locals:
            self._locals = _number_locals(node)
            self._add_fields(node)
            self._locals = {}
        elif kind is ast.If and type(node.test) is ast.Name and node.test.id == "TYPE_CHECKING":
            return
        elif kind is ast.AnnAssign and not self._is_class_body:
            self._note_hint(node.annotation)
            if node.value is not None:
                self._add_fields(ast.Assign([node.target], node.value))
        elif kind is ast.Raise and _called_name(node.exc) not in ROW_ERRORS:
            self.tokens.append("Raise")
            self.add(node.exc.func if isinstance(node.exc, ast.Call) else node.exc)
        elif kind is ast.Assert:
            self.tokens.append("Assert")
            self.add(node.test)
        else:
            self._add_fields(node)

    def _add_fields(self, node: Any) -> None:
        kind = type(node)
        self.tokens.append(kind.__name__)
        before = self._is_class_body
        # An annotated name in the body of a class may be a field of a dataclass; elsewhere it is a hint.
        self._is_class_body = kind is ast.ClassDef or (before and kind is ast.AnnAssign)
        for name in node._fields:
            value = getattr(node, name, None)
            if value is None or value == [] or name in _SKIPPED_FIELDS:
                if name in ("annotation", "returns") and value is not None:
                    self._note_hint(value)
                    if kind is ast.AnnAssign and "ClassVar" in ast.dump(value):
                        self.tokens.append("ClassVar")
                continue
            if name == "body" and type(value) is list and _is_docstring(value[0]):
                value = value[1:]
            elif name in ("name", "rest") and isinstance(value, str):
                value = self._locals.get(value, value)
            self.tokens.append(name)
            self.add(value)
        self._is_class_body = before

    def _note_hint(self, hint: ast.AST) -> None:
        self.hints |= {found.id for found in ast.walk(hint) if isinstance(found, ast.Name)}
        self.hints |= {found.value for found in ast.walk(hint) if _is_text(found)}

    def _add_call(self, node: ast.Call) -> None:
        name = _called_name(node)
        kept, keywords = node.args, node.keywords
        if name in LOG_CALLS:
            kept = [
                argument
                for argument in kept
                if not _is_text(argument) and not isinstance(argument, ast.JoinedStr)
            ]
        if name in DECLARATIONS:
            kept = kept[: DECLARATIONS[name]] + [a for a in kept[DECLARATIONS[name] :] if not _is_text(a)]
        self.tokens.append("Call")
        self.add(node.func)
        self.add(kept)
        for keyword in keywords:
            if not (keyword.arg in DESCRIBING and _is_text(keyword.value)):
                self.tokens.append(f"keyword {keyword.arg}")
                self.add(keyword.value)

    def _add_joined(self, node: ast.JoinedStr) -> None:
        """Neighbouring texts count as one: how many pieces an f-string has depends on the Python
        that reads it.
        """
        text = ""
        self.tokens.append("JoinedStr")
        for part in node.values:
            if _is_text(part):
                text += part.value
                continue
            if text:
                self.tokens.append(repr(text))
            text = ""
            self._add_fields(part)
        if text:
            self.tokens.append(repr(text))


def _number_locals(function: Any) -> dict[str, str]:
    """Return {name: place} of what an outermost function binds and that is no parameter, import or global."""
    kept: set[str] = set()
    bound: dict[str, None] = {}
    waiting = [function]
    for node in waiting:
        kind = type(node)
        if kind is ast.Name:
            if type(node.ctx) is not ast.Load:
                bound.setdefault(node.id)
        elif kind is ast.arg:
            kept.add(node.arg)
        elif kind in _BINDING:
            name = node.rest if kind is ast.MatchMapping else node.name
            if name and node is not function:
                bound.setdefault(name)
        elif kind is ast.Global or kind is ast.Nonlocal:
            kept |= set(node.names)
        elif kind is ast.Import or kind is ast.ImportFrom:
            kept |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
            continue
        elif kind is ast.Constant:
            continue
        for name in node._fields:
            value = getattr(node, name, None)
            if type(value) is list:
                waiting += [item for item in value if isinstance(item, ast.AST)]
            elif isinstance(value, ast.AST) and name != "ctx":
                waiting.append(value)
    return {name: f"local {place}" for place, name in enumerate(name for name in bound if name not in kept)}


def _module_of(node: ast.Import | ast.ImportFrom) -> str | None:
    return node.module if isinstance(node, ast.ImportFrom) else None


def _find_modules(dotted: str) -> Iterable[Path]:
    """Return the files of this package that importing a dotted name runs, and whose code decides."""
    parts = dotted.split(".")
    if parts[0] != "unscene":
        return
    for length in range(2, len(parts) + 1):
        target = SOURCE.joinpath(*parts[:length])
        for path in (target.with_suffix(".py"), target / "__init__.py"):
            if path.is_file() and not f"{_name(path)}.".startswith(tuple(f"{name}." for name in UNDECIDING)):
                yield path


def _name(path: Path) -> str:
    """Return the dotted name of a module, or the bare name of an adapter."""
    if not path.is_relative_to(SOURCE):
        return path.stem
    return ".".join(part for part in path.relative_to(SOURCE).with_suffix("").parts if part != "__init__")


def _called_name(node: object) -> str | None:
    """Return the last name of what a call calls: `error` of `logger.error(...)`."""
    function = node.func if isinstance(node, ast.Call) else node
    return getattr(function, "attr", None) or getattr(function, "id", None)


def _is_text(node: object) -> TypeGuard[Any]:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and _is_text(node.value)
