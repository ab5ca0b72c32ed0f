"""The server as files of an export: `results/deploy/` runs by itself with them."""

import shutil
from pathlib import Path

SERVER = Path(__file__).with_name("server")
FOLDER = "src/unscene/serving/server"
ONNX_CLIP = "onnx_clip.py"
# The modules of other rooms that the server needs; they import nothing of the package either.
SHARED = ("photos/colours.py", "words/denials.py")


def list_server_files() -> list[str]:
    """Return the paths of the server's files, relative to the checkout."""
    paths = sorted(path for path in SERVER.rglob("*") if path.is_file() and path.suffix != ".pyc")
    own = [f"{FOLDER}/{path.relative_to(SERVER).as_posix()}" for path in paths]
    return [*own, *(f"src/unscene/{path}" for path in SHARED)]


def copy_server(folder: Path) -> None:
    """Copy the server into an exported folder as `server/`, with the run's reading of colours and
    denials, and beside it the one file that loads the ONNX form in a program of one's own.
    """
    shutil.copytree(SERVER, folder / "server", ignore=shutil.ignore_patterns("__pycache__"))
    for path in SHARED:
        shutil.copyfile(SERVER.parents[1] / path, folder / "server" / Path(path).name)
    shutil.copyfile(SERVER / ONNX_CLIP, folder / ONNX_CLIP)
