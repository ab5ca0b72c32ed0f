"""Copies of results that appear whole or not at all."""

import shutil
from pathlib import Path

from unscene.run.folders import replaced_folder
from unscene.run.tables import replaced_atomically


def copy_whole(source: Path, target: Path) -> None:
    """Copy a file or a folder, without its times, so that it appears whole or not at all.

    Raises FileNotFoundError when there is no source.
    """
    if source.is_dir():
        with replaced_folder(target) as folder:
            shutil.copytree(source, folder, dirs_exist_ok=True, copy_function=shutil.copyfile)
        return
    with open(source, "rb"), replaced_atomically(target) as temporary:
        shutil.copyfile(source, temporary)
