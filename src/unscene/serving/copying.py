"""The server as files of an export: `results/deploy/` runs by itself with them."""

import shutil
from pathlib import Path

SERVER = Path(__file__).with_name("server")
FOLDER = "src/unscene/serving/server"
ONNX_CLIP = "onnx_clip.py"
# The one module of another room that the server needs; it imports nothing of the package either.
COLOURS = "photos/colours.py"


def list_server_files() -> list[str]:
    """Return the paths of the server's files, relative to the checkout."""
    paths = sorted(path for path in SERVER.rglob("*") if path.is_file() and path.suffix != ".pyc")
    own = [f"{FOLDER}/{path.relative_to(SERVER).as_posix()}" for path in paths]
    return [*own, f"src/unscene/{COLOURS}"]


def copy_server(folder: Path) -> None:
    """Copy the server into an exported folder as `server/`, with the run's reading of colours, and
    beside it the one file that loads the ONNX form in a program of one's own.
    """
    shutil.copytree(SERVER, folder / "server", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(SERVER.parents[1] / COLOURS, folder / "server/colours.py")
    shutil.copyfile(SERVER / ONNX_CLIP, folder / ONNX_CLIP)
