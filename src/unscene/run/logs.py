"""A log per job that a person can read."""

import atexit
import logging
import os
import platform
import re
import resource
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TextIO

from unscene.run.left_out import TOLD, LeftOut
from unscene.run.stops import KnownStop, describe_full_disk

LIBRARIES = ("snakemake", "torch", "ultralytics", "diffusers", "open_clip_torch", "openai", "pandas", "numpy")
# How the log of a job begins its last message when the job ends in a KnownStop.
_STOPPED = re.compile(r"^\S+ ERROR stopped after [\d.]+ s: ", re.MULTILINE)


class _Tee:
    """Writes to the log file and to the terminal; a progress bar's redraws stay out of the file. A
    terminal that nobody reads any more (`| head`) stops no job.
    """

    def __init__(self, file: TextIO, terminal: TextIO):
        self.file, self.terminal = file, terminal

    def write(self, text: str) -> int:
        self._try(lambda: self.terminal.write(text))
        if "\r" not in text:
            self.file.write(text)
        return len(text)

    def flush(self) -> None:
        self.file.flush()
        self._try(self.terminal.flush)

    def _try(self, use: Callable[[], object]) -> None:
        try:
            use()
        except BrokenPipeError:
            # What is left in the buffer would fail again when Python ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.terminal.fileno())

    def __getattr__(self, name: str) -> object:
        return getattr(self.terminal, name)


@contextmanager
def log_job(snakemake) -> Iterator[None]:
    """Send prints, warnings and logging of a job to its log file and the terminal, with a header
    and a footer.

    The header names the rule, wildcards, settings, library versions and the machine; the footer the
    seconds and the peak memory. A KnownStop ends in its message alone, any other exception in its
    traceback; the job fails. A LeftOut ends in its message, and the job ends well.
    """
    path = Path(snakemake.log[0])
    path.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with open(path, "w", encoding="utf-8", buffering=1) as file:
        stdout, stderr = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = _Tee(file, stdout), _Tee(file, stderr)
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S"))
        logger = logging.getLogger("unscene")
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.INFO)
        try:
            file.write(_describe(snakemake))
            yield
            logger.info("done in %.1f s, peak memory %.0f MB", time.monotonic() - started, _peak_memory_mb())
        except LeftOut as reason:
            logger.warning("%s%s", TOLD, reason)
            sys.exit(0)
        except KnownStop as error:
            logger.error("stopped after %.1f s: %s", time.monotonic() - started, error)
            sys.exit(1)
        except Exception as error:
            if (full := describe_full_disk(error)) is None:
                logger.error("failed after %.1f s\n%s", time.monotonic() - started, traceback.format_exc())
                raise
            logger.error("stopped after %.1f s: %s", time.monotonic() - started, full)
            sys.exit(1)
        except BaseException:
            logger.error("failed after %.1f s\n%s", time.monotonic() - started, traceback.format_exc())
            raise
        finally:
            sys.stdout, sys.stderr = stdout, stderr


def tell_stops_last(folder: Path, since: float) -> None:
    """Let this process end with what the jobs said that ended in a KnownStop.

    Snakemake's own lines, which come after those of `onerror`, are long and hold nothing of it.
    folder: that of the jobs' logs; those written since a moment (Unix seconds) are read.
    """
    told: dict[str, None] = {}
    for path in sorted(folder.rglob("*.log")):
        if path.stat().st_mtime >= since:
            _, *stops = _STOPPED.split(path.read_text(encoding="utf-8", errors="replace"))
            told |= dict.fromkeys(stop.strip() for stop in stops[-1:])
    if told:
        atexit.register(print, *(f"\nunscene: {stop}" for stop in told), sep="\n", file=sys.stderr)


def progress(
    iterable: Iterable | None = None,
    total: int | None = None,
    desc: str = "",
    unit: str = "it",
    unit_scale: bool = False,
):
    """Return a tqdm bar with the house's settings: seldom redrawn, so that cluster logs stay short.
    unit_scale: large numbers are told in k, M and G.
    """
    from tqdm import tqdm

    return tqdm(
        iterable,
        total=total,
        desc=desc,
        unit=unit,
        unit_scale=unit_scale,
        mininterval=2.0,
        dynamic_ncols=True,
    )


def _describe(snakemake) -> str:
    wildcards = ", ".join(f"{key}={value}" for key, value in snakemake.wildcards.items()) or "none"
    lineage = getattr(snakemake.params, "lineage", None) or {}
    lines = [
        f"rule {snakemake.rule} (wildcards: {wildcards})",
        f"settings: {lineage.get('settings', {})}",
        f"weights: {lineage.get('weights', {})}",
        f"python {platform.python_version()}, process {os.getpid()}, "
        + ", ".join(f"{name} {library_version(name)}" for name in LIBRARIES),
        f"machine: {platform.node()}",
    ]
    return "\n".join(lines) + "\n"


def library_version(name: str) -> str:
    """Return the installed version of a distribution, or `absent`."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def _peak_memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
