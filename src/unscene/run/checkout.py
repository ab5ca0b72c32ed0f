"""Where the code lies: paths in the config are relative to it, paths in tables to the run's directory."""

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]


def resolve_path(path: str | Path) -> Path:
    """Return the absolute path of a file or folder that the config names; FileNotFoundError when it
    is not there.
    """
    resolved = CHECKOUT / path
    if not resolved.exists():
        raise FileNotFoundError(f"{resolved}: the config names it, and it is not there (config/README.md)")
    return resolved
