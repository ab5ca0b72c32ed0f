"""Where the code lies: paths in the config are relative to it, paths in tables to the run's directory."""

import os
import shlex
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
# Where the weights of the default lie, in the checkout.
EMBEDDED = "resources/embedded"


def prepare_jobs() -> None:
    """Let the jobs of this Snakemake process find the package of this checkout, wherever it lies.

    Jobs are processes of their own. They look into PYTHONPATH before an installed copy of the
    package. And Snakemake writes `sys.executable` into a shell command as it stands, which a folder
    with a space in its name would break.
    """
    known = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys([str(CHECKOUT / "src"), *known]))
    if os.path.exists(sys.executable):  # and not quoted yet
        sys.executable = shlex.quote(sys.executable)


def is_embedded(path: str | Path, checkout: Path = CHECKOUT) -> bool:
    """Tell whether a path, as a config writes it, lies among the embedded weights: `./` before it,
    an absolute one and a link mean the same folder.
    """
    return (checkout / path).resolve().is_relative_to((checkout / EMBEDDED).resolve())


def resolve_path(path: str | Path) -> Path:
    """Return the absolute path of a file or folder that the config names; FileNotFoundError when it
    is not there.
    """
    resolved = CHECKOUT / path
    if not resolved.exists():
        raise FileNotFoundError(f"{resolved}: the config names it, and it is not there (config/README.md)")
    return resolved
