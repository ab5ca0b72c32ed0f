"""The tables of the manual, config/README.md, between marks: `<!-- keys: masks -->` ... `<!-- end -->`.

`keys: BLOCK` describes a block of the config and its keys, `keys: $NAME` what an item of a list can
hold, `choices: REGISTRY` the entries of a registry. What stands between the marks is replaced, all
else is written by hand.
"""

import json
import re
import textwrap
from pathlib import Path

from unscene.config.registries import list_choices

MANUAL = Path("config/README.md")
_MARKED = re.compile(r"(<!-- (keys|choices): (\S+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def write_manual(text: str, schema: dict, defaults: dict) -> str:
    """Return the manual with its tables made anew. defaults: config/config.yaml."""

    def replace(found: re.Match) -> str:
        opening, kind, name, _, closing = found.groups()
        lines = list_keys(name, schema, defaults) if kind == "keys" else tabulate_choices(name)
        return "\n".join([opening, *lines, "", closing])

    return _MARKED.sub(replace, text)


def list_keys(name: str, schema: dict, defaults: dict) -> list[str]:
    """Return the lines of the table of a block (`masks`, `quality.thresholds`) or of an item (`$source`)."""
    if name.startswith("$"):
        return _tabulate_item(schema["$defs"][name[1:]])
    node, values = schema, defaults
    for part in name.split(".") if name != "." else ():
        node, values = node["properties"][part], values[part]
    lines = [] if name == "." else [*_wrap(f"**`{name}`** {_tell(node)}"), ""]
    lines += ["| key | default | meaning |", "|---|---|---|"]
    for key, below in node["properties"].items():
        if "properties" in below:
            continue
        lines.append(f"| `{key}` | {_show(values[key])} | {_tell(below)} |")
    return lines


def _tabulate_item(node: dict) -> list[str]:
    lines = [*_wrap(_tell(node)), "", "| key | meaning |", "|---|---|"]
    for key, below in node["properties"].items():
        needed = " Must be there." if key in node.get("required", ()) else ""
        lines.append(f"| `{key}` | {_tell(below)}{needed} |")
    return lines


def tabulate_choices(registry: str) -> list[str]:
    """Return the lines of the table of a registry's entries, with their keys where any has some."""
    entries = list_choices(registry)
    if not any(one.needs or one.allows for one in entries):
        return ["| name | what it is |", "|---|---|", *(f"| `{one.name}` | {one.doc} |" for one in entries)]
    lines = ["| name | keys | what it is |", "|---|---|---|"]
    for one in entries:
        needs = ", ".join(f"`{key}`" for key in one.needs)
        allows = ", ".join(f"`{key}`" for key in one.allows)
        keys = f"{needs}{', ' if needs else ''}optionally {allows}" if allows else needs
        lines.append(f"| `{one.name}` | {keys} | {one.doc} |")
    return lines


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, 100, break_long_words=False, break_on_hyphens=False)


def _tell(node: dict) -> str:
    """Return a key's description, with the names that it can have where the description does not
    say them all.
    """
    text = " ".join(node["description"].split())
    names = [json.dumps(value) if not isinstance(value, str) else value for value in node.get("enum", ())]
    if any(not re.search(rf"\b{re.escape(name)}\b", text) for name in names):
        text += f" One of {', '.join(f'`{name}`' for name in names)}."
    return text


def _show(value: object) -> str:
    """Return a default as it stands in YAML; nothing for what is too long for a table."""
    text = json.dumps(value, ensure_ascii=False)
    text = value if isinstance(value, str) and value else text
    return f"`{text}`" if len(text) <= 40 and not isinstance(value, dict) else ""
