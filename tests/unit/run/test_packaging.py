"""The package: what it needs to be imported, and that its lists of needs agree."""

import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[3]
PACKAGE = CHECKOUT / "src/unscene"
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
# Rooms, and modules beside their rooms, that more than the base dependencies are needed to import:
# the extras that have it.
NEEDS = {
    "answers": "api",
    "labelling": "serve",
    "merging": "workflow",
    "plan.submitting": "api",
    "run.graph": "workflow",
    "serving": "serve",
}
# Model libraries take seconds to import, so only a function that uses one imports it.
HEAVY = ("torch", "torchvision", "transformers", "diffusers", "open_clip", "ultralytics", "onnxruntime")
# A conda environment has the base dependencies and those of these extras.
ENVIRONMENTS = {"text": ["api"], "vision": ["vision"], "clip": ["clip"]}
IMPORT_ALL = """
import importlib, json, os, pkgutil, sys
blocked, needs, told = json.loads(sys.argv[1])
class Blocker:
    blocked = ()
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.blocked:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Blocker())
import cv2  # its own loader sets LD_LIBRARY_PATH
before = dict(os.environ)
import unscene
failed = {}
def find_place(name):
    return name if name in needs else name.partition(".")[0]
modules = pkgutil.walk_packages(unscene.__path__, "unscene.")
names = [module.name.removeprefix("unscene.") for module in modules]
# First those that need nothing more: what another one has loaded would be found.
for name in sorted(names, key=lambda name: find_place(name) in needs):
    place = find_place(name)
    if not name.endswith("__main__"):
        allowed = set(needs.get(place, []))
        sys.meta_path[0].blocked = set(blocked) - allowed
        try:
            importlib.import_module(f"unscene.{name}")
        except ModuleNotFoundError as error:
            failed.setdefault(place, error.name.partition(".")[0])
changed = sorted(key for key in before.keys() | os.environ.keys() if before.get(key) != os.environ.get(key))
print(json.dumps({"failed": failed, "changed": changed, "loaded": sorted(set(told) & set(sys.modules))}))
"""


def name_of(requirement: str) -> str:
    """Return a requirement's normalised name, without version and marker."""
    return re.match(r"[A-Za-z0-9._-]+", requirement).group().lower().replace("_", "-")


def list_modules(requirements: list[str]) -> set[str]:
    """Return the top-level modules of distributions."""
    names = {name_of(requirement) for requirement in requirements}
    pairs = packages_distributions().items()
    return {module for module, owners in pairs if names & {name_of(owner) for owner in owners}}


def import_all(
    blocked: set[str], needs: dict[str, list[str]], python: str = sys.executable, path: str = ""
) -> dict:
    """Import every module in a process of its own, where modules of `blocked` are found by those
    that need them alone.
    """
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment |= {"PYTHONPATH": path} if path else {}
    asked = json.dumps([sorted(blocked), needs, HEAVY])
    done = subprocess.run(
        [python, "-c", IMPORT_ALL, asked],
        cwd="/",
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_importing_pulls_no_model_library_and_sets_nothing():
    found = import_all(set(), {}, path=str(PACKAGE.parent))
    assert found == {"failed": {}, "changed": [], "loaded": []}


def test_a_room_imports_with_its_own_needs_alone():
    """The rest is made unfindable, so this holds in an environment that has only the needs (tried
    by a dear test).
    """
    base = list_modules(PROJECT["dependencies"])
    extras = {name: list_modules(needs) - base for name, needs in PROJECT["optional-dependencies"].items()}
    needs = {place: sorted(extras[extra]) for place, extra in NEEDS.items()}
    assert import_all(set().union(*extras.values()), needs, path=str(PACKAGE.parent))["failed"] == {}


def test_the_lock_has_every_need_and_no_index_address():
    lock = (CHECKOUT / "requirements.lock").read_text()
    pinned = {name_of(line) for line in lock.splitlines()}
    needs = PROJECT["dependencies"] + sum(PROJECT["optional-dependencies"].values(), [])
    assert {name_of(need) for need in needs} <= pinned
    assert "://" not in lock and "--" not in lock


@pytest.mark.parametrize("path", sorted((CHECKOUT / "envs").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_conda_environments_have_the_lock_s_versions(path):
    lock = {line.partition(" ;")[0] for line in (CHECKOUT / "requirements.lock").read_text().splitlines()}
    pinned = next(
        part["pip"] for part in yaml.safe_load(path.read_text())["dependencies"] if isinstance(part, dict)
    )
    assert set(pinned) <= lock
    extras = [PROJECT["optional-dependencies"][extra] for extra in ENVIRONMENTS[path.stem]]
    needed = {name_of(need) for need in sum(extras, PROJECT["dependencies"])}
    assert needed <= {name_of(pin) for pin in pinned}


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> tuple[Path, Path]:
    """A wheel of the checkout and the Python of an environment with it and its base dependencies alone."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True, timeout=300)
    (wheel,) = folder.glob("*.whl")
    uv = [str(Path(sys.executable).with_name("uv"))]
    subprocess.run([*uv, "venv", "--python", sys.executable, folder / "env"], check=True, capture_output=True)
    python = folder / "env/bin/python"
    install_wheel(python, str(wheel))
    return wheel, python


def install_wheel(python: Path, wheel: str) -> None:
    command = [Path(sys.executable).with_name("uv"), "pip", "install", "--python", python]
    command += ["--constraint", CHECKOUT / "requirements.lock", wheel]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    if done.returncode:
        pytest.skip(f"packages cannot be fetched here: {done.stderr[-300:]}")


@pytest.mark.dear
def test_the_wheel_imports_with_what_it_says_it_needs(installed):
    wheel, python = installed
    found = import_all(set(), dict.fromkeys(NEEDS, []), python=str(python))
    assert set(found["failed"]) == set(NEEDS)
    install_wheel(python, f"{wheel}[{','.join(sorted(set(NEEDS.values())))}]")
    assert import_all(set(), {}, python=str(python)) == {"failed": {}, "changed": [], "loaded": []}
    help_text = subprocess.run(
        [python.with_name("unscene"), "--help"], capture_output=True, text=True, cwd="/"
    )
    assert help_text.returncode == 0 and "labelling page" in help_text.stdout
    away = subprocess.run([python.with_name("unscene"), "why"], capture_output=True, text=True, cwd="/")
    assert away.returncode == 1 and "clone the repository" in away.stderr


@pytest.mark.dear
def test_the_wheel_holds_its_data(installed):
    code = (
        "from importlib.resources import files; "
        "from unscene.words.coco80 import COCO80; COCO80.find_words('a dog'); "
        "data = [p.name for p in files('unscene.resources').iterdir()]; "
        "page = files('unscene.labelling').joinpath('page.html').read_text(); print(data, len(page))"
    )
    done = subprocess.run([installed[1], "-c", code], capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stderr
    assert all(
        name in done.stdout for name in ("lexicon.yaml", "prices.yaml", "throughput.yaml", "templates")
    )


def test_reading_the_snakefile_loads_no_library_of_steps():
    """Each job of a cluster, each dry run and each `unscene why` reads it: a second, or three."""
    text = (CHECKOUT / "workflow/rules/common.smk").read_text()
    imports = re.findall(r"^from unscene\.[\w.]+ import (?:\([^)]*\)|.*)", text, re.MULTILINE)
    assert len(imports) > 15
    told = [*HEAVY, "scipy", "sklearn", "statsmodels", "cv2", "matplotlib"]
    code = "\n".join([*imports, "import sys", f"print(*set({told!r}) & set(sys.modules))"])
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        cwd=CHECKOUT,
        env=os.environ | {"PYTHONPATH": "src"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert loaded.stdout.split() == []
