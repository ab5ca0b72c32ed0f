"""Lineage: what decides a rule's output, so that a change invalidates what it touches and nothing else.

A rule's lineage holds its own settings, the version of its code, the fingerprints of its weights
and files, and its parents' lineages. It is the rule's only param, so Snakemake re-runs the rule
exactly when one of these changes. The parents are the rules that make its inputs: the workflow is
asked, so the graph is written once, in the rules.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from unscene.run.code_versions import name_code
from unscene.run.configuration import PATHS, list_sources
from unscene.run.folders import walk_folders
from unscene.run.shard_names import get_source_name

# Keys that guard a file: they stop a job or let it go on, and decide nothing of its output.
GUARDS = ("masks.sha256", "quality.judge_sha256")
# Keys of an entry of the config that are paths. A file counts by its content; where it lies decides
# nothing. A source's folder of photos is not looked at: a source is immutable, and its files of
# captions tell it from others.
FILES_OF = {
    "source": ("captions", "table", "instances"),
    "set": ("path", "captions", "instances", "classes", "templates"),
    "model": ("path",),
    "guard": ("ids", "hashes"),
}
FOLDERS_OF = {"source": ("images",)}
# An entry of the config that a wildcard names, and the list or dictionary that holds it.
ENTRIES = {
    "source": "samples.sources",
    "arm": "train.arms",
    "set": "evaluate.sets",
    "model": "evaluate.models",
    "guard": "folds.leak_guards",
}
# Settings that are a part of the sources, and whether it is the pools.
SOURCES = {"samples.sources": False, "samples.pools": True}
# Wildcards that tell jobs apart which have the same lineage. A training seed is none of them: its
# split of the photo groups is made by a job of its own.
_ALIKE = ("fold", "alpha")
# Files beside weights that people put there, and that no library reads.
_IGNORED = ("readme", "license", "licence", "notice", "card.")
_IGNORED_SUFFIXES = (".md", ".rst", ".pdf", ".png", ".jpg", ".jpeg", ".gif")
_WHOLE_FILE_BYTES = 64 * 2**20
_BLOCK_BYTES = 2**20


class Lineage:
    """Collects the declarations of all rules and answers with the lineage of one.

    Rules that work on a shard depend on that shard's source alone, rules that work on an arm on
    that arm alone: so a new source or a new arm re-runs nothing that exists. A rule over all of
    them lists the digests of each.

    find_parents: (rule, wildcards) -> the (rule, wildcards) of every job that makes an input of
    this one. needs_files: False gives a file that is not there the fingerprint that `recorded` has by
    (rule, key), or none, in place of an error.
    """

    def __init__(
        self,
        config: dict,
        checkout: Path,
        find_parents: Callable,
        needs_files: bool = True,
        recorded: Mapping[tuple[str, str], str] | None = None,
    ):
        self._config, self._checkout, self._needs_files = config, checkout, needs_files
        self._recorded = recorded or {}
        self._find_parents = find_parents
        self._declared: dict[str, dict] = {}
        self._known: dict[tuple, dict] = {}
        self._digests: dict[tuple, str] = {}

    def declare(
        self,
        rule: str,
        settings: Sequence[str] = (),
        paths: Sequence[str] = (),
        files: Sequence[str] | Callable[[dict], Sequence[str]] = (),
        entries: Sequence[str] = (),
        frozen: bool = False,
        script: str | None = None,
    ) -> Callable[[Any], dict]:
        """Register a rule and return its lineage as a function of the wildcards.

        settings: config sections or dotted keys that the script reads;
        `samples.sources:name,format` is these keys alone of each entry of a list. `samples.sources`
        is those that are edited and `samples.pools` the others. paths: dotted keys whose value is a
        path, or null, of weights or of a file; its content counts. files: files of the package that
        decide the output, or a function of the wildcards that names them. entries: of `source`,
        `arm`, `set` and `model` those whose entry, named by the job's wildcards, belongs to the
        settings; a source's file of instances only as `source.instances`. frozen: the code counts by
        its version alone (`unscene.run.code_versions`). script: when it is not the rule's own name.
        """
        self._declared[rule] = {
            "settings": settings,
            "paths": paths,
            "files": files,
            "entries": entries,
            "frozen": frozen,
            "script": script or rule,
        }
        return lambda wildcards: self.of(rule, dict(wildcards.items()))

    def of(self, rule: str, wildcards: dict[str, str]) -> dict:
        """Return the lineage of the job of a rule with these wildcards."""
        key = _name_alike(rule, wildcards)
        if key not in self._known:
            self._known[key] = self._make(rule, wildcards)
        return self._known[key]

    def list_scripts(self) -> dict[str, tuple[str, bool]]:
        """Return {rule: (its script, whether its code is frozen)} of all declared rules."""
        return {rule: (entry["script"], entry["frozen"]) for rule, entry in self._declared.items()}

    def _make(self, rule: str, wildcards: dict[str, str]) -> dict:
        if rule not in self._declared:
            raise ValueError(
                f"rule {rule} declares no lineage; give it params: lineage=lineage({rule!r}, ...)"
            )
        declared = self._declared[rule]
        files = declared["files"](wildcards) if callable(declared["files"]) else declared["files"]
        settings: dict = {}
        weights: dict = {}
        for setting in declared["settings"]:
            key, _, only = setting.partition(":")
            value = self._identify_all(key, self._find_setting(key))
            if only:
                value = [{name: entry.get(name) for name in only.split(",")} for entry in value]
            _put(settings, key, value)
        for name in declared["entries"]:
            kind, _, file = name.partition(".")
            entry = self._find_entry(kind, wildcards)
            if file:
                weights[name] = self._fingerprint(rule, name, entry.get(file))
            else:
                # Whether a source is a pool decides who reads its photos, not how they are read; the
                # `pool` of an arm is how many of them it shows.
                apart = ("instances", "pool") if kind == "source" else ("instances",)
                settings[kind] = self._identify(kind, {k: v for k, v in entry.items() if k not in apart})
        for key in declared["paths"]:
            weights[key] = self._fingerprint(rule, key, _look_up(self._config, key))
            _drop(settings, key)
        for key in GUARDS:
            _drop(settings, key)
        # A rule that reads a whole block, as the plan does, may know that there is a file, and not where.
        for key in (*PATHS, "plan.prices"):
            section, _, name = key.partition(".")
            if name in settings.get(section, {}):
                settings[section] = settings[section] | {name: settings[section][name] is not None}
        return {
            "rule": rule,
            "settings": canonical(settings),
            "code": name_code(declared["script"], declared["frozen"]),
            "weights": weights,
            "files": {name: fingerprint(self._checkout / name) for name in files},
            "parents": self._digest_parents(rule, wildcards),
        }

    def _digest_parents(self, rule: str, wildcards: dict[str, str]) -> dict[str, str | dict[str, str]]:
        """Return {rule: digest} of the parents, or {rule: {wildcards: digest}} where jobs of one
        rule differ.
        """
        found: dict[str, dict[str, str]] = {}
        for parent, chosen in self._find_parents(rule, wildcards):
            key = _name_alike(parent, chosen)
            if key not in self._digests:
                self._digests[key] = digest(self.of(parent, chosen))
            found.setdefault(parent, {})[", ".join(key[1:])] = self._digests[key]
        return {
            parent: next(iter(digests.values())) if len(digests) == 1 else dict(sorted(digests.items()))
            for parent, digests in sorted(found.items())
        }

    def _find_entry(self, kind: str, wildcards: dict[str, str]) -> dict:
        name = (
            get_source_name(wildcards["shard"])
            if kind == "source" and "shard" in wildcards
            else wildcards[kind]
        )
        entries = _look_up(self._config, ENTRIES[kind])
        if kind == "arm":
            return complete_arms(entries)[name]
        return next(entry for entry in entries if entry["name"] == name)

    def _find_setting(self, key: str) -> Any:
        """Return what a setting names. One more pool must not re-run what reads the edited sources."""
        if key in SOURCES:
            return list_sources(self._config, pool=SOURCES[key])
        return _look_up(self._config, key)

    def _identify_all(self, key: str, value: Any) -> Any:
        """Return a setting with the entries in it as `_identify` has them."""
        kinds = {path: kind for kind, path in ENTRIES.items() if kind != "arm"} | dict.fromkeys(
            SOURCES, "source"
        )
        if key in kinds:
            return [self._identify(kinds[key], entry) for entry in value]
        if isinstance(value, dict):
            # A threshold that is null is off, like one that an older version did not have.
            known = {k: v for k, v in value.items() if v is not None or key != "quality.thresholds"}
            return {name: self._identify_all(f"{key}.{name}", item) for name, item in known.items()}
        return value

    def _identify(self, kind: str, entry: dict) -> dict:
        """Return an entry with the content of its files in place of where they lie."""
        known = {name: value for name, value in entry.items() if name not in FOLDERS_OF.get(kind, ())}
        if "of_world" in entry:
            # The run draws these files: the rule that does is a parent.
            return {name: value for name, value in known.items() if name not in FILES_OF[kind]}
        for name in FILES_OF.get(kind, ()):
            path = self._checkout / known[name] if known.get(name) else None
            # A folder of weights counts by its content as well; one of photos by its path, since
            # nothing lists it cheaply.
            if path and (path.is_file() or (kind == "model" and path.is_dir())):
                known[name] = fingerprint(path)
        if known.get("tars"):
            tars = sorted((self._checkout / known["tars"]).glob("*.tar"))
            known["tars"] = digest([[tar.name, tar.stat().st_size] for tar in tars])
        if known.get("folder") and (self._checkout / known["folder"]).is_dir():
            known["folder"] = list_folder(self._checkout / known["folder"])
        return known

    def _fingerprint(self, rule: str, key: str, path: str | None) -> str | None:
        if path is None:
            return None
        if not (self._needs_files or (self._checkout / path).exists()):
            return self._recorded.get((rule, key))
        return fingerprint(self._checkout / path)


def complete_arms(arms: dict[str, dict]) -> dict[str, dict]:
    """Return the arms; one that tests the model of another (`of`) has that one's parts, too: its
    model is made by them.
    """
    return {name: {**arms.get(arm.get("of", ""), {}), **arm} for name, arm in arms.items()}


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
def fingerprint(path: Path) -> str:
    """Return 16 hex digits of a SHA-256 over a file or a folder of weights: names in it, sizes and contents.

    Where the file or the folder lies decides nothing, nor do hidden files, licences and pages
    beside the weights. Of a file over 64 MB, sixteen evenly spaced blocks of 1 MB stand for the
    content: a checkpoint of gigabytes must not slow down every parse.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path}: the config names it, and it is not there")
    files = (
        [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file() and _counts(p, path))
    )
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


@cache
def list_folder(path: Path) -> str:
    """Return 16 hex digits over the names of the files below a folder, and the sizes of those that are
    no photos: quick, and it shows what was added, removed or written anew.
    """
    found: list[tuple[str, int | None]] = []
    for where, names in walk_folders(path, with_hidden=True):
        for name in names:
            file = os.path.join(where, name)
            is_sized = not name.lower().endswith(_IGNORED_SUFFIXES) and os.path.exists(file)
            size = os.stat(file).st_size if is_sized else None  # a link may lead nowhere
            found.append((os.path.relpath(file, path), size))
    return digest(sorted(found))


def _counts(file: Path, folder: Path) -> bool:
    if any(part.startswith(".") for part in file.relative_to(folder).parts):
        return False
    return not file.name.lower().startswith(_IGNORED) and file.suffix.lower() not in _IGNORED_SUFFIXES


def _name_alike(rule: str, wildcards: dict[str, str]) -> tuple[str, ...]:
    """Return what jobs of the same lineage have in common: the rule, and the wildcards that tell
    lineages apart.
    """
    named = {name: value for name, value in sorted(wildcards.items()) if name not in _ALIKE}
    if "shard" in named:
        named["source"] = get_source_name(named.pop("shard"))
    return (rule, *(f"{name} {value}" for name, value in sorted(named.items())))


def _look_up(config: dict, dotted: str) -> Any:
    value = config
    for key in dotted.split("."):
        value = value[key]
    return value


def _put(settings: dict, dotted: str, value: object) -> None:
    *above, last = dotted.split(".")
    for key in above:
        settings = settings.setdefault(key, {})
    settings[last] = value


def _drop(settings: dict, dotted: str) -> None:
    """Leave a dotted key out; the blocks that held it are new, since a config's own are in them."""
    first, _, rest = dotted.partition(".")
    if first not in settings:
        return
    if not rest:
        del settings[first]
    elif isinstance(settings[first], dict):
        settings[first] = dict(settings[first])
        _drop(settings[first], rest)
