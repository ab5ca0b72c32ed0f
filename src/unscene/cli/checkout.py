"""What every subcommand shares: its error, the checkout that the package belongs to, the config's files,
and a call of the workflow.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from unscene.run.checkout import CHECKOUT
from unscene.run.configuration import choose_files
from unscene.run.made_folders import hold_folder, take_away


class CommandError(Exception):
    """What the command cannot do, and the way out; printed without a traceback."""


def find_checkout() -> Path:
    """Return the checkout that this package belongs to; CommandError in another one, or where there
    is none.
    """
    here = Path.cwd()
    if here != CHECKOUT and (here / "Snakefile").is_file() and (here / "src" / "unscene").is_dir():
        raise CommandError(
            f"this command belongs to {CHECKOUT}, not to the checkout here; "
            f"make env here, or call it with PYTHONPATH={here / 'src'}"
        )
    if not (CHECKOUT / "Snakefile").is_file():
        raise CommandError(
            "this needs the workflow, which is not in the installed package: clone the repository and make"
            " env there"
        )
    return CHECKOUT


def resolve_files(files: Sequence[Path]) -> list[str]:
    """Return the config files' absolute paths; ConfigError where one cannot be read."""
    from unscene.config.files import check_syntax

    check_syntax(files)
    return [str(file.resolve()) for file in files]


def call_workflow(
    directory: Path,
    configfiles: Sequence[Path],
    target: str,
    options: Sequence[str],
    environment: Mapping[str, str] | None = None,
) -> int:
    """Have Snakemake make a target of a run, and return its exit status. options: as it takes them.

    A directory that was not there is taken away again when nothing was made in it. Without config
    files it has to be there: a misspelt one would be a run of the drawn scenes.
    """
    checkout, files = find_checkout(), resolve_files(choose_files(directory, configfiles))
    if not files and not directory.is_dir():
        raise CommandError(
            f"{directory} is not there, and no --configfile is given; `unscene new {directory} --photos PATH`"
            " begins a run of your own photos"
        )
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(checkout / "Snakefile"), *options]
    command += ["--directory", str(directory.resolve()), "--quiet", "host", "progress", "rules"]
    command += ["--configfile", *files] if files else []
    held = hold_folder(directory.absolute())
    try:
        return _run([*command, "--", target], checkout, os.environ | (environment or {}))
    finally:
        take_away(held)


def _run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> int:
    """Run a command in a folder and return its exit status. Where another program reads the output and
    stops early (`| head`), the rest is dropped and the command ends all the same: Snakemake would hang.
    """
    out, errors = (None if os.isatty(number) else subprocess.PIPE for number in (1, 2))
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=errors) as process:
        streams = [(process.stdout, 1), (process.stderr, 2)]
        copies = [threading.Thread(target=_copy, args=stream) for stream in streams if stream[0]]
        for copy in copies:
            copy.start()
        try:
            return process.wait()
        except KeyboardInterrupt:  # Snakemake has it, too: it ends its jobs and frees the run's directory
            process.wait()
            raise
        finally:
            for copy in copies:
                copy.join()


def _copy(source: IO[bytes], number: int) -> None:
    """Pass on what a process writes to a file descriptor of ours, until nobody reads it; then read on."""
    is_read = True
    while block := os.read(source.fileno(), 65536):
        try:
            while is_read and block:
                block = block[os.write(number, block) :]
        except BrokenPipeError:
            is_read = False
