"""Config files as they are written: what no YAML reader can take or would take for something else,
and the line on which each key stands.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from unscene.config.names import find_nearest
from unscene.config.problems import Place, Problem, format_screen
from unscene.run.configuration import ConfigError

# libyaml reads a config in a tenth of the time. It takes tabs where the reader that Snakemake uses has none.
_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MARKS_OF_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_WAYS_OUT = {
    "'\\t' that cannot start any token": "write spaces in place of tabs, also behind a value",
    "mapping values are not allowed": "put a text that holds a colon in quotes",
    "cannot start any token": "indent with spaces, and put a text that begins with such a sign in quotes",
    "could not find expected ':'": "every line of a block is `key: value`, with a space after the colon",
    "expected a single document": "a config is one document: take out the line ---",
    "found undefined alias": "put a text that begins with * in quotes, or define the anchor before it",
    "found unknown escape": "write a text with backslashes in single quotes",
    "while parsing a flow": "look for a bracket or comma that is missing; a text with a colon needs quotes",
    "did not find expected": "look at the indentation here and on the line before",
    "could not determine a constructor": "take out the tag, a word that begins with !",
    "while scanning a quoted scalar": "a quote opens here and is never closed",
}
# What YAML 1.1 reads as another number than it shows: 010 as 8, 1:30 as 90.
_OTHER_NUMBER = re.compile(r"[-+]?0[0-7_]+|[-+]?\d[\d_]*(:[0-5]?\d)+(\.\d*)?")
# Spaces and marks that look like none, as pages on the web have them: no-break, of no width.
_ODD_SPACE = re.compile(r"[\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff]")


@dataclass(frozen=True)
class Places:
    """Where the keys of a config stand. files: (path, its tree), the last one counts most. given: keys
    of the command line, which count more.
    """

    files: Sequence[tuple[Path, yaml.Node]]
    given: Mapping

    def find(self, key: tuple) -> Place | None:
        """Return the file and line that say the most of a key, the last file's where several do;
        None where none holds its first part. A list takes the place of the list of a file before.
        """
        best: Place | None = None
        depth = 0
        for path, root in self.files:
            line, found, is_in_list = _descend(root, key)
            if found and (found >= depth or is_in_list):
                best, depth = (path, line), found
        below: object = self.given
        for number, part in enumerate(key):
            if not isinstance(below, Mapping) or part not in below:
                break
            below = below[part]
            if number + 1 >= depth:
                best = ("--config", None)
        return best


def read_places(paths: Sequence[Path], given: Mapping | None = None) -> Places:
    """Return where keys stand in files that can be read. given: keys of the command line."""
    trees = [(path, yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=_Loader)) for path in paths]
    return Places([(path, tree) for path, tree in trees if tree is not None], given or {})


def read_files(paths: Sequence[Path]) -> dict:
    """Return files that can be read, each laid over those before it, as Snakemake does it."""
    from snakemake.utils import update_config

    config: dict = {}
    for path in paths:
        update_config(config, yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_Loader))
    return config


def check_syntax(paths: Iterable[Path]) -> None:
    """Raise ConfigError when files cannot be read, or not as they are written."""
    problems = [problem for path in paths for problem in check_file(path)]
    if problems:
        raise ConfigError(format_screen(problems))


def check_file(path: Path) -> Iterator[Problem]:
    """Say what is wrong with a config file as such, whatever its keys."""
    if not path.is_file():
        what = "is a folder; name a file in it" if path.is_dir() else "is not there"
        beside = sorted(one.name for one in path.absolute().parent.glob("*.y*ml"))
        nearest = find_nearest(path.name, beside)
        yield Problem((), what + (f"; did you mean {nearest}?" if nearest else ""), path)
        return
    content = path.read_bytes()
    if content.startswith(_MARKS_OF_UTF16) or b"\0" in content[:4]:
        yield Problem((), "is UTF-16; save it as UTF-8", path)
        return
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        yield Problem((), "is no text in UTF-8; save it as UTF-8", path, line)
        return
    try:
        tree = yaml.compose(text, Loader=_Loader)
        if "\t" in text and not _is_json(text):
            yaml.compose(text, Loader=yaml.SafeLoader)
        if tree is not None:
            problems = list(_check_node(tree, (), path, (), set()))
            yield from problems
            if not problems:
                yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        if not _is_json(text):
            yield _tell(error, path)
        return
    except (ValueError, RecursionError) as error:  # a date as 2026-13-01, a thousand brackets
        yield Problem((), f"cannot be read ({error}); put texts in quotes", path)
        return
    if tree is None or not tree.value:
        yield Problem((), "is empty; write keys into it, or leave it out", path)
    elif not isinstance(tree, yaml.MappingNode):
        yield Problem((), "is no config; it must begin with keys, such as `seed: 7`", path, 1)


def _check_node(
    node: yaml.Node, key: tuple, path: Path, above: tuple, checked: set[int]
) -> Iterator[Problem]:
    """Say what a reader would take for something else, below a node of a file. checked: the ids of nodes
    that were looked at; an anchor's is told once, however often it is named.
    """
    line = node.start_mark.line + 1
    if node in above:
        yield Problem(key, "the anchor holds itself; write the keys out", path, line)
        return
    if id(node) in checked:
        return
    checked.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _check_node(item, (*key, number), path, (*above, node), checked)
    elif isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for name, value in node.value:
            yield from _check_name(name, key, path, seen)
            if isinstance(name, yaml.ScalarNode):
                seen[name.value] = name.start_mark.line + 1
                yield from _check_node(value, (*key, name.value), path, (*above, node), checked)
    elif fault := _find_fault(node):
        yield Problem(key, fault, path, line)


def _check_name(name: yaml.Node, key: tuple, path: Path, seen: dict[str, int]) -> Iterator[Problem]:
    """Say what is wrong with a name in the block `key`. seen: the line of each name before it."""
    line = name.start_mark.line + 1
    if not isinstance(name, yaml.ScalarNode):
        yield Problem(key, "a key is text, not a list or a block; look at the braces", path, line)
    elif name.tag.endswith((":bool", ":null", ":int", ":float")):
        kind = name.tag.rpartition(":")[2]
        text = f"is read as {kind}, not as a name; put it in quotes, or choose another"
        if kind in ("int", "float"):
            text += " (a large number takes no comma)"
        yield Problem((*key, name.value), text, path, line)
    elif odd := _ODD_SPACE.search(name.value):
        text = f"holds a space that is none (U+{ord(odd[0]):04X}), as text copied from a page; type it anew"
        yield Problem((*key, _ODD_SPACE.sub("", name.value)), text, path, line)
    elif name.value in seen and not name.tag.endswith(":merge"):
        text = f"stands twice, here and on line {seen[name.value]}, and one would be lost; join them"
        yield Problem((*key, name.value), text, path, line)


def _find_fault(node: yaml.ScalarNode) -> str | None:
    """Say what a reader would take a single value for that it does not look like."""
    if node.tag.endswith(":float") and not math.isfinite(_to_float(node.value)):
        return "is no finite number; give one"
    if node.tag.endswith((":int", ":float")) and _OTHER_NUMBER.fullmatch(node.value):
        value = yaml.load(node.value, Loader=_Loader)
        return f"{node.value} is read as {value}; write the number out, or put a text in quotes"
    if node.tag.endswith(":timestamp"):
        return f"{node.value} is read as a date; put it in quotes"
    if not node.style and node.value == "None":
        return "None is read as a text; write null"
    return None


def _to_float(text: str) -> float:
    plain = text.lower().replace("_", "").replace(".inf", "inf").replace(".nan", "nan")
    return 0.0 if ":" in plain else float(plain)


def _tell(error: yaml.YAMLError, path: Path) -> Problem:
    """Return an error of syntax with its line; what stands there is not repeated, it could be a key."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if getattr(error, "context", None) == "while scanning a quoted scalar":  # it was opened there
        mark = error.context_mark
    said = " ".join(filter(None, [getattr(error, "context", None), getattr(error, "problem", None)]))
    known = [way_out for part, way_out in _WAYS_OUT.items() if part in said]
    what = getattr(error, "problem", None) or "it cannot be read"
    if "unacceptable character" in str(error) or "control characters" in said:
        what, known = "it holds a control character", ["is it a text file?"]
    if "alias" in said or "constructor" in said or "escape" in said:
        what = what.partition("'")[0].strip()
    what = what.replace("\\t", "tab").replace("character 'tab'", "a tab")
    text = f"is no YAML: {what}" + (f"; {known[0]}" if known else "")
    return Problem((), text, path, mark.line + 1 if mark else None)


def _is_json(text: str) -> bool:
    """Tell whether a text is JSON, of which YAML does not take all (tabs)."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _descend(node: yaml.Node, key: tuple) -> tuple[int, int, bool]:
    """Return the line of a key's deepest part that a tree has, how many parts these are, and whether a
    list is among them.
    """
    line, found, is_in_list = node.start_mark.line + 1, 0, False
    for part in key:
        if isinstance(node, yaml.MappingNode):
            fits = [pair for pair in node.value if pair[0].value == str(part)]
            if not fits:
                break
            line, node = fits[-1][0].start_mark.line + 1, fits[-1][1]
            is_in_list = is_in_list or isinstance(node, yaml.SequenceNode)
        elif isinstance(node, yaml.SequenceNode):
            number = part if isinstance(part, int) else _find_named(node, part)
            if number is None or number >= len(node.value):
                break
            node = node.value[number]
            line = node.start_mark.line + 1
        else:
            break
        found += 1
    return line, found, is_in_list


def _find_named(node: yaml.SequenceNode, name: str) -> int | None:
    """Return the position of a list's entry with this name."""
    for number, entry in enumerate(node.value):
        if isinstance(entry, yaml.MappingNode) and any(
            key.value == "name" and value.value == name for key, value in entry.value
        ):
            return number
    return None
