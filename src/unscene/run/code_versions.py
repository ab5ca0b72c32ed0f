"""Versions of code: what a finished run is kept by, when its code changes and its results do not.

`workflow/code_versions.json` records for each script a version and the hash of the code that has
it. A script whose code is as recorded counts by its version. One whose code differs counts by its
hash, so that it runs again, unless its rule is frozen: a frozen rule (those of the device stages
and of training, and all that feed them) never runs again before somebody has decided.

    python -m unscene.run.code_versions                   what differs from the record
    python -m unscene.run.code_versions keep SCRIPT ...   the change decides nothing: the version stays
    python -m unscene.run.code_versions raise SCRIPT ...  outputs change: finished runs make them anew

Data files of the package (`src/unscene/resources`) are in no hash. After a change of one, raise the
steps that read it.
"""

import argparse
import hashlib
import json
from functools import cache
from pathlib import Path

from unscene.run.checkout import CHECKOUT
from unscene.run.code import SCRIPTS, SOURCE, hash_code

RECORD = CHECKOUT / "workflow" / "code_versions.json"
SEAL = RECORD.with_suffix(".sha256")


@cache
def read_versions(path: Path = RECORD) -> dict[str, dict]:
    """Return {script: {"version": number, "code": hash}}."""
    return json.loads(path.read_text(encoding="utf-8"))


def name_code(script: str, frozen: bool) -> str:
    """Return what a lineage holds of a script's code: its version, or the hash of what nobody has
    recorded.
    """
    recorded = read_versions().get(script)
    if recorded and (frozen or is_untouched() or recorded["code"] == hash_code(script)):
        return f"version {recorded['version']}"
    return hash_code(script)


@cache
def is_untouched() -> bool:
    """Tell whether no file of the code has changed at all since it was recorded, so that none need
    be parsed. A comment is a change here; it only costs the parse of a dry run half a second.
    """
    return SEAL.is_file() and SEAL.read_text(encoding="utf-8").strip() == hash_files()


def hash_files() -> str:
    """Return the SHA-256 of the record and of every file of the code, byte by byte."""
    hashed = hashlib.sha256()
    for path in [RECORD, *sorted(SCRIPTS.glob("*.py")), *sorted((SOURCE / "unscene").rglob("*.py"))]:
        content = path.read_bytes()
        hashed.update(f"{path.relative_to(CHECKOUT)} {len(content)}\n".encode())
        hashed.update(content)
    return hashed.hexdigest()


def seal() -> None:
    """Note that all code is as recorded, when it is."""
    if not list_changed():
        SEAL.write_text(f"{hash_files()}\n", encoding="utf-8")
        is_untouched.cache_clear()


def list_changed() -> list[str]:
    """Return the scripts whose code is not the one that the record has, sorted."""
    recorded = read_versions()
    scripts = {path.stem for path in SCRIPTS.glob("*.py")}
    return sorted(name for name in scripts | set(recorded) if name not in scripts or _is_new(name, recorded))


def _is_new(script: str, recorded: dict) -> bool:
    return script not in recorded or recorded[script]["code"] != hash_code(script)


def record(scripts: list[str], is_raised: bool) -> None:
    """Record the code of scripts as it is now, with the version that it had, or the next one. A
    script that is gone is dropped.
    """
    versions = dict(read_versions())
    for script in scripts:
        if not (SCRIPTS / f"{script}.py").is_file():
            versions.pop(script, None)
            continue
        before = versions.get(script, {"version": 0 if is_raised else 1})["version"]
        versions[script] = {"version": before + is_raised, "code": hash_code(script)}
    text = json.dumps(dict(sorted(versions.items())), indent=1)
    RECORD.write_text(f"{text}\n", encoding="utf-8")
    read_versions.cache_clear()
    seal()


def main() -> None:
    """Say what differs from the record, or record it."""
    parser = argparse.ArgumentParser(description="The versions of the steps' code.")
    parser.add_argument("decision", nargs="?", choices=["keep", "raise"])
    parser.add_argument("scripts", nargs="*", help="scripts by name; none: all that changed")
    arguments = parser.parse_args()
    changed = list_changed()
    if arguments.decision is None:
        seal()
        print("\n".join(changed) or "All code is as recorded.")
        return
    # The data files of the package are in no hash: a step that reads a changed one is raised by name.
    known = set(read_versions()) if arguments.decision == "raise" else set()
    unknown = sorted(set(arguments.scripts) - set(changed) - known)
    if unknown:
        parser.error(f"{', '.join(unknown)}: not among what changed ({', '.join(changed) or 'nothing'})")
    record(arguments.scripts or changed, arguments.decision == "raise")
    print(f"recorded: {', '.join(arguments.scripts or changed) or 'nothing'}")


if __name__ == "__main__":
    main()
