"""Under which licence each of the run's weights comes: told before they are used, and in the report."""

import re
from functools import cache
from importlib.resources import files
from pathlib import Path

import yaml

from unscene.run.configuration import WEIGHTS

UNKNOWN = "not known: ask its authors"


def list_licences(config: dict, checkout: Path) -> list[dict]:
    """Return a row `key path licence note` for each of the weights that a config names.

    A folder's own card (README.md, with `license:` in its head) goes before what the name tells.
    """
    rows = []
    for key in WEIGHTS:
        section, _, name = key.partition(".")
        if path := config[section].get(name):
            licence, note = read_card(checkout / path) or find_known(path) or (UNKNOWN, "")
            rows.append({"key": key, "path": path, "licence": licence, "note": note})
    return rows


def read_card(path: Path) -> tuple[str, str] | None:
    """Return (licence, note) that the card beside weights states in its head, as the hub's cards
    do; None without.
    """
    card = (path if path.is_dir() else path.parent) / "README.md"
    if not card.is_file():
        return None
    head = re.match(r"---\n(.*?)\n---", card.read_text(encoding="utf-8", errors="replace"), re.DOTALL)
    try:
        told = yaml.safe_load(head[1]) if head else None
    except yaml.YAMLError:
        return None
    if not isinstance(told, dict) or not told.get("license"):
        return None
    licence = told.get("license_name") if told["license"] == "other" else told["license"]
    return str(licence or "other"), f"by {card.name} beside it"


def find_known(path: str) -> tuple[str, str] | None:
    """Return (licence, note) of weights that are known by their path or its last part; None of others."""
    for entry in _read_known():
        if any(re.fullmatch(entry["name"], name, re.IGNORECASE) for name in (path, Path(path).name)):
            return entry["licence"], entry.get("note", "")
    return None


@cache
def _read_known() -> list[dict]:
    text = (files("unscene.resources") / "weight_licences.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)
