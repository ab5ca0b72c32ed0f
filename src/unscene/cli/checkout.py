"""What every subcommand shares: its error, the checkout that the package belongs to, the config's files."""

from collections.abc import Sequence
from pathlib import Path

from unscene.run.checkout import CHECKOUT


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
