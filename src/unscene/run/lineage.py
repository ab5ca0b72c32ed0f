"""Lineage: what decides a rule's output, so that a change invalidates what it touches and nothing else.

A rule's lineage holds its own settings, a hash of its code (or a version number, for dear rules), the fingerprints of
its weights, and its parents' lineages. It is the rule's only param, so Snakemake re-runs the rule exactly when
one of these changes.
"""

import ast
import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from unscene.run.shards import get_source_name

CHECKOUT = Path(__file__).resolve().parents[3]
SCRIPTS = CHECKOUT / "workflow" / "scripts"
SOURCE = CHECKOUT / "src"
# Modules that say where and how a job runs, not what it makes: a change in them re-runs nothing.
# The package `batches` sends requests and keeps the answers; what an answer is, the request alone decides.
UNDECIDING = {"logs.py", "offline.py", "devices.py"}
UNDECIDING_PACKAGES = {"batches"}
# Keys that guard a file: they stop a job or let it go on, and decide nothing of its output.
GUARDS = ("masks.sha256", "quality.judge_sha256")
_WHOLE_FILE_BYTES = 64 * 2**20
_BLOCK_BYTES = 2**20


class Lineage:
    """Collects the declarations of all rules and answers with the lineage of one.

    Rules that work on a shard depend on that shard's source alone, rules that work on an arm on that arm alone: so
    a new source or a new arm re-runs nothing that exists. A rule over all of them lists the digests of each.

    needs_files: False gives a file that is not there no fingerprint, in place of an error.
    """

    def __init__(self, config: dict, checkout: Path, needs_files: bool = True):
        self._config, self._checkout, self._needs_files = config, checkout, needs_files
        self._declared: dict[str, dict] = {}
        self._digests: dict[tuple, str] = {}
        self._entries = {
            "source": {source["name"]: source for source in config["samples"]["sources"]},
            "arm": complete_arms(config["train"]["arms"]),
            "set": {entry["name"]: entry for entry in config.get("evaluate", {}).get("sets", [])},
            "model": {entry["name"]: entry for entry in config.get("evaluate", {}).get("models", [])},
        }

    def declare(
        self,
        rule: str,
        settings: Sequence[str] = (),
        parents: Sequence[str] = (),
        weights: Sequence[str] = (),
        files: Sequence[str] = (),
        source_files: Sequence[str] = (),
        version: int | None = None,
        per_source: bool = False,
        per_arm: bool = False,
        per_set: bool = False,
        per_model: bool = False,
        formats: Sequence[str] | None = None,
        script: str | None = None,
    ) -> Callable[[object], dict]:
        """Register a rule and return its lineage as a function of the wildcards.

        settings: config sections or dotted keys that the script reads. weights: dotted keys whose value is a path (or null).
        files: files of the checkout that decide the output. source_files: keys of the job's own source whose files do,
        where it has them; for rules with per_source. version: for dear rules, in place of the hash of the
        code. per_source, per_arm, per_set, per_model: the entry of the job's own source, arm, evaluation set or named model
        belongs to the settings, as `source`, `arm`, `set` or `model`; of a named model the weights count, too.
        formats: the rule runs for sources of these formats only, so it touches no other source. script: when it is not the
        rule's own name.
        """
        self._declared[rule] = {
            "settings": settings,
            "parents": parents,
            "weights": weights,
            "files": files,
            "source_files": source_files,
            "code": f"version {version}" if version is not None else code_hash(script or rule),
            "formats": formats,
            "entries": [
                name
                for name, wanted in (
                    ("source", per_source),
                    ("arm", per_arm),
                    ("set", per_set),
                    ("model", per_model),
                )
                if wanted
            ],
        }
        return lambda wildcards: self.of(rule, **_read_wildcards(wildcards))

    def of(
        self,
        rule: str,
        source: str | None = None,
        arm: str | None = None,
        set: str | None = None,
        model: str | None = None,
    ) -> dict:
        """Return the lineage of a rule, for one source, arm, evaluation set or named model where the rule works on one."""
        if rule not in self._declared:
            raise ValueError(
                f"lineage of {rule!r}: no rule of this name declares one; check the names in `parents`"
            )
        declared = self._declared[rule]
        chosen = {"source": source, "arm": arm, "set": set, "model": model}
        settings: dict = {}
        if not self._is_untrained(declared, arm):
            for key in declared["settings"]:
                _put(settings, key, _look_up(self._config, key))
        for name in declared["entries"]:
            settings[name] = self._entries[name][chosen[name]]
        weights = {key: self._fingerprint(_look_up(self._config, key)) for key in declared["weights"]}
        if "model" in declared["entries"]:
            weights["model"] = self._fingerprint(settings["model"]["path"])
        files = {name: self._fingerprint(name) for name in declared["files"]}
        for key in declared["source_files"]:
            files[f"source.{key}"] = self._fingerprint(settings["source"].get(key))
        return {
            "rule": rule,
            "settings": _drop_guards(canonical(settings)),
            "code": declared["code"],
            "weights": weights,
            "files": files,
            "parents": {parent: self._digest(parent, chosen) for parent in declared["parents"]},
        }

    def _is_untrained(self, declared: dict, arm: str | None) -> bool:
        """An arm without a loss is not trained, so no setting of training touches it."""
        return "arm" in declared["entries"] and not self._entries["arm"][arm].get("loss")

    def _digest(self, rule: str, chosen: dict) -> str | dict | None:
        for name, entries in self._entries.items():
            if chosen[name] is None and self._depends_on(rule, name):
                return {entry: self._digest(rule, {**chosen, name: entry}) for entry in entries}
        formats = self._declared[rule]["formats"] if rule in self._declared else None
        if formats and self._entries["source"][chosen["source"]]["format"] not in formats:
            return None
        key = (rule, *chosen.values())
        if key not in self._digests:
            self._digests[key] = digest(self.of(rule, **chosen))
        return self._digests[key]

    def _depends_on(self, rule: str, name: str) -> bool:
        declared = self._declared.get(rule, {"entries": [], "parents": []})
        return name in declared["entries"] or any(
            self._depends_on(parent, name) for parent in declared["parents"]
        )

    def _fingerprint(self, path: str | None) -> str | None:
        if path is None or not (self._needs_files or (self._checkout / path).exists()):
            return None
        return fingerprint(self._checkout / path)


def complete_arms(arms: dict[str, dict]) -> dict[str, dict]:
    """Return the arms; one that tests the model of another (`of`) has that one's parts, too: its model is made by them."""
    return {name: {**arms.get(arm.get("of"), {}), **arm} for name, arm in arms.items()}


def canonical(value: object) -> object:
    """Return a value in one form: sorted keys, whole floats as ints, so 1 and 1.0 are no change."""
    if isinstance(value, dict):
        return {key: canonical(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [canonical(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def digest(value: object) -> str:
    """Return 16 hex digits of the SHA-256 of a value's canonical JSON."""
    text = json.dumps(canonical(value), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def code_hash(script: str) -> str:
    """Return a hash of a step's syntax tree and of all `unscene` modules it imports; comments and layout don't count."""
    hashed = hashlib.sha256()
    for path in list_code(SCRIPTS / f"{script}.py"):
        hashed.update(path.name.encode())
        _hash_tree(ast.parse(path.read_text(encoding="utf-8")), hashed)
    return hashed.hexdigest()[:16]


@cache
def list_code(path: Path) -> tuple[Path, ...]:
    """Return a script and the `unscene` modules it imports, directly or not, sorted."""
    found, waiting = set(), [path]
    while waiting:
        current = waiting.pop()
        if current in found:
            continue
        found.add(current)
        for node in ast.walk(ast.parse(current.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            for name in names:
                if name.split(".")[0] == "unscene":
                    target = SOURCE.joinpath(*name.split("."))
                    modules = (target.with_suffix(".py"), target / "__init__.py")
                    waiting += [p for p in modules if p.is_file() and _decides(p)]
    return tuple(sorted(found))


def _decides(path: Path) -> bool:
    return path.name not in UNDECIDING and path.parent.name not in UNDECIDING_PACKAGES


@cache
def fingerprint(path: Path) -> str:
    """Return a SHA-256 over a weights file or folder: names, sizes and contents.

    Of a file over 64 MB, sixteen evenly spaced blocks of 1 MB stand for the content: a checkpoint of gigabytes must not slow
    down every parse of the workflow.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path}: the config names it, and it is not there")
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    hashed = hashlib.sha256()
    for file in files:
        size = file.stat().st_size
        hashed.update(f"{file.relative_to(path)} {size}\n".encode())
        with open(file, "rb") as handle:
            if size <= _WHOLE_FILE_BYTES:
                hashed.update(handle.read())
                continue
            for block in range(16):
                handle.seek(block * (size - _BLOCK_BYTES) // 15)
                hashed.update(handle.read(_BLOCK_BYTES))
    return hashed.hexdigest()[:16]


def _hash_tree(node: object, hashed) -> None:
    """Feed a syntax tree into a hash: types and values only; empty fields and docstrings skipped.

    `ast.dump` itself differs between Python versions; a new interpreter must not re-run a study.
    """
    if isinstance(node, ast.AST):
        hashed.update(type(node).__name__.encode())
        for name, value in ast.iter_fields(node):
            if name in ("ctx", "kind", "type_comment", "type_params") or value is None or value == []:
                continue
            if name == "body" and isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef):
                value = value[1:] if ast.get_docstring(node, clean=False) is not None else value
            hashed.update(name.encode())
            _hash_tree(value, hashed)
    elif isinstance(node, list):
        for item in node:
            _hash_tree(item, hashed)
        hashed.update(b";")
    else:
        hashed.update(repr(node).encode())


def _read_wildcards(wildcards) -> dict[str, str]:
    """Return the source, arm, evaluation set and model that a job's wildcards name, where they do."""
    named = dict(wildcards.items())
    chosen = {name: named[name] for name in ("source", "arm", "set", "model") if name in named}
    if "shard" in named:
        chosen["source"] = get_source_name(named["shard"])
    return chosen


def _look_up(config: dict, dotted: str) -> object:
    value = config
    for key in dotted.split("."):
        value = value[key]
    return value


def _drop_guards(settings: dict) -> dict:
    for dotted in GUARDS:
        section, key = dotted.split(".")
        settings.get(section, {}).pop(key, None)
    return settings


def _put(settings: dict, dotted: str, value: object) -> None:
    *above, last = dotted.split(".")
    for key in above:
        settings = settings.setdefault(key, {})
    settings[last] = value
