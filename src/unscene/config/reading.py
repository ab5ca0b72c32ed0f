"""The config of a run, read as Snakemake reads it, for commands that are no rule."""

from collections.abc import Sequence
from pathlib import Path

from unscene.config.checks.paths import HERE
from unscene.config.files import check_syntax, read_files
from unscene.config.preparation import prepare_config


def read_config(
    checkout: Path, overlays: Sequence[Path] = (), paths: bool = False, directory: Path = HERE
) -> dict:
    """Return config/config.yaml with overlays laid over it, in their order, checked and completed.

    paths: whether the files that it names must be there. directory: the run's. Raises
    ConfigError with all that is wrong, on one screen: file, line, key and the way out.
    """
    files = [checkout / "config/config.yaml", *overlays]
    check_syntax(files)
    config = read_files(files)
    prepare_config(config, files, checkout, paths, directory=directory)
    return config
