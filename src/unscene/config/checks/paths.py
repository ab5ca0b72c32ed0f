"""Files that the config names and that are not there, or cannot be what they should be."""

from collections.abc import Iterator
from pathlib import Path

from unscene.config.checks.evaluation import GUARD_PATHS
from unscene.edits.removers import REMOVERS, RemovalError, find_weights
from unscene.evaluation.sets.exam import is_drawn
from unscene.evaluation.sets.formats import PATHS as PATHS_OF_SETS
from unscene.run.configuration import DETECTORS, PATHS, list_sources
from unscene.run.weight_files import find_broken_weights
from unscene.samples.readers import READERS
from unscene.samples.readers.items import tell_absence, tell_home

# Where detectors lie that the config names without a folder, below the checkout.
MODELS = "models"
HERE = Path()  # the run's directory, where its rules are read
# The file that tells what a folder of weights is. Those of `edits` have checks of their own, by remover.
_CONFIGS = dict.fromkeys((*DETECTORS, "quality.dino"), "config.json")
_CONFIGS["train.clip"] = "open_clip_config.json"


def expand_detectors(config: dict) -> None:
    """Give the detectors that are named without a folder the one in which such models lie:
    `yolo.pt` is `models/yolo.pt`.
    """
    for dotted in DETECTORS:
        section, key = dotted.split(".")
        name = config[section][key]
        if name and Path(name).name == name:
            config[section][key] = f"{MODELS}/{name}"


def check_paths(config: dict, checkout: Path) -> Iterator[str]:
    """Say which files and folders that the config names, relative to the checkout, are not there.

    What a source of photos needs, its reader checks; of its labels only those that join the masks
    must be there from the start.
    """
    lacking = [problem for key in PATHS for problem in _check_path(config, key, checkout)]
    yield from lacking
    given = [entry for entry in config["evaluate"]["sets"] if not is_drawn(entry)]
    entries = [("evaluate.sets", entry, PATHS_OF_SETS) for entry in given]
    entries += [("evaluate.models", entry, ["path"]) for entry in config["evaluate"]["models"]]
    entries += [("folds.leak_guards", entry, GUARD_PATHS) for entry in config["folds"]["leak_guards"]]
    if config["masks"]["truth"] == "union":
        entries += [("samples.sources", entry, ["instances"]) for entry in list_sources(config)]
    for key, entry, paths in entries:
        for path in paths:
            if entry.get(path) and not (checkout / entry[path]).exists():
                yield f"{key}, {entry['name']!r}: {path} {checkout / entry[path]} is not there"
    if not any(problem.startswith("edits.") for problem in lacking):
        yield from check_weights_of_edits(config, checkout)


def tell_absent_sources(config: dict, checkout: Path, is_plan: bool) -> Iterator[str]:
    """Say which files of sources are not there yet: a plan takes their number of photos on trust."""
    for source, key in _find_absent(config, checkout):
        trust = f"the plan takes its {source['photos']:,} photos on trust"
        yield (
            f"samples.sources, source {source['name']!r}, key {key}: {checkout / source[key]} is not there"
            f" yet; {trust if is_plan else 'a run needs it'}{tell_home(checkout / source[key])}"
        )


def check_sources_there(config: dict, checkout: Path, directory: Path = HERE) -> Iterator[str]:
    """Say which files of sources are not there, for those who mend other mistakes of the config, too.

    On its own their absence stops no parse: the preflight of a run looks at them. directory: the run's.
    """
    is_needed = config["masks"]["truth"] == "union"  # then `check_paths` says it
    for source, key in _find_absent(config, checkout, directory):
        if key != "instances" or not is_needed:
            told = tell_absence(checkout / source[key])
            yield f"samples.sources, source {source['name']!r}, key {key}: {told}"


def _find_absent(config: dict, checkout: Path, directory: Path = HERE) -> Iterator[tuple[dict, str]]:
    """Yield the source and the key of what is not there, of sources that this run has not begun to read."""
    for source in config["samples"]["sources"]:
        if any((directory / "results/samples").glob(f"{source['name']}-*-of-*.parquet")):
            continue
        for key in READERS[source["format"]].paths:
            if source.get(key) and not (checkout / source[key]).exists():
                yield source, key


def check_weights_of_edits(config: dict, checkout: Path) -> Iterator[str]:
    """Say that the remover cannot load its weights, as far as their names and first bytes tell."""
    edits = config["edits"]
    weights = find_weights(edits, lambda key: checkout / edits[key] if edits[key] else None)
    try:
        REMOVERS[edits["backend"]].check(weights)
    except RemovalError as error:
        yield str(error)


def _check_path(config: dict, dotted: str, checkout: Path) -> Iterator[str]:
    value = config
    for part in dotted.split("."):
        value = value[part]
    if not value:
        return
    path = checkout / value
    if not path.exists():
        way_out = "a run fetches nothing: `unscene fetch CONFIG` brings it, or give the path of your own"
        if dotted in DETECTORS:
            way_out += f"; a bare name means {MODELS}/NAME under the checkout"
        yield f"{dotted}: {path} is not there{tell_home(path)}; {way_out}"
    elif fault := _find_fault(dotted, path):
        yield f"{dotted}: {fault}"


def _find_fault(dotted: str, path: Path) -> str | None:
    """Return why a path that is there cannot be what its key asks for."""
    config = _CONFIGS.get(dotted)
    is_folder = path.is_dir() or dotted not in DETECTORS
    if config is not None and is_folder and not (path / config).is_file():
        # Looked through, it would be blamed for a file of something else that lies below it.
        return f"{path} is no folder of a model ({config} is missing); name the folder that has it"
    if config is None and path.is_dir():
        return None if dotted.startswith("edits.") else f"{path} is a folder; name a file"
    return find_broken_weights(path)
