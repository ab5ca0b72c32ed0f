"""The notebook for Colab: executed top to bottom, cut off in the middle, and gone on with on a fresh disk.

Stand-ins: a folder for the mounted Drive and for `google.colab`, and an environment whose packages are
those of the tests, where the notebook installs the lock. Everything else is as it is on Colab.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import threading
import time
from pathlib import Path

import nbformat
import pandas as pd
import psutil
import pytest
import yaml
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from batch_server.running import run_server
from batch_server.settings import Settings
from unscene.run.needed_jobs import list_needed_jobs
from unscene.run.records import iterate_records
from workflow_runs import CHECKOUT, copy_checkout

NOTEBOOK = CHECKOUT / "notebooks/colab.ipynb"
KEY = "sk-planted-5d20aa91c3"
CONFIG = {
    "samples": {
        "sources": [{"name": "scenes", "format": "embedded", "photos": 24, "seed": 2107}],
        "shard_size": 8,
    },
    "keywords": {"backend": "openai"},
    "captions": {"backend": "openai"},
    "masks": {"min_area": 0.001, "max_area": 0.9},
    "edits": {"steps": 2, "attempts": 1},
    "quality": {"controls": 6},
    "folds": {"folds": 2},
    "train": {
        "arms": {"originals": None, "paired": None, "absence": None},
        "steps": 3,
        "batch_pairs": 4,
        "warmup_steps": 1,
    },
    "evaluate": {"bootstrap_draws": 100},
    "deploy": {"arm": "paired_rank_keep"},
}
DRIVE_MODULE = "def mount(path):\n    import os\n    assert os.path.isdir(path), path\n"
USERDATA_MODULE = f"""
class SecretNotFoundError(Exception): pass
class NotebookAccessError(Exception): pass
def get(name):
    if name != "OPENAI_API_KEY":
        raise SecretNotFoundError(name)
    return "{KEY}"
"""
# A real environment, whose packages are those of the tests: what `uv pip install` is asked for is noted.
UV = """#!/bin/bash
set -eu
if [ "$1" = venv ]; then exec "{uv}" venv --python "{python}" "${{@:2}}"; fi
echo "$@" >>"{asked}"
[ "${{@: -1}}" = . ] || exit 0
site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
printf '%s\\n' "$PWD/src" "{site}" >"$site/tests.pth"
printf '#!/bin/sh\\nexec "%s" -m unscene "$@"\\n' "$PWD/.venv/bin/python" >.venv/bin/unscene
printf '#!/bin/sh\\nexec "%s" "%s" "$@"\\n' "$PWD/.venv/bin/python" "$PWD/tests/helpers/in_process_run.py" \\
  >.venv/bin/snakemake
chmod +x .venv/bin/unscene .venv/bin/snakemake
"""


def read_notebook() -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOK, as_version=4)


def test_the_notebook_is_short_has_its_form_and_no_outputs():
    notebook = read_notebook()
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert len(code) <= 9 and all(not cell.outputs and cell.execution_count is None for cell in code)
    for name in ("PART", "RUN", "PHOTOS"):
        assert re.search(rf'^{name} = ".*"  # @param {{type:"string"}}$', code[0].source, re.MULTILINE)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            prose = [line for line in cell.source.splitlines() if not line.startswith("#")]
            assert len(prose) <= 2, cell.source
    for cell in code:
        if cell.source.startswith("%%bash\n"):
            script = cell.source.removeprefix("%%bash\n")
            assert script.startswith("set -eu\n")  # a failing line ends the cell
            subprocess.run(["bash", "-n"], input=script, text=True, check=True)
        else:
            ast.parse(cell.source)
    assert not re.search(r"index|extra-index|find-links", "\n".join(cell.source for cell in code))


def test_an_address_that_lacks_or_cannot_be_cloned_is_told_in_a_sentence(tmp_path):
    cells = read_notebook().cells
    with pytest.raises(ValueError, match="REPOSITORY is empty: give the address"):
        exec(cells[2].source, {})
    (install,) = (cell.source for cell in cells if "git clone --" in cell.source)
    script = install.removeprefix("%%bash\n").replace("/content", str(tmp_path))
    environment = os.environ | {"REPOSITORY": f"file://{tmp_path}/nowhere"}
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"git cannot clone file://{tmp_path}/nowhere; is the address right" in done.stderr


class Colab:
    """Machines that come and go, and the Drive that stays."""

    def __init__(self, base: Path):
        self.base, self.drive, self.modules = base, base / "drive", base / "modules"
        self.run = self.drive / "MyDrive/unscene/try"
        self.asked = base / "asked.txt"
        (base / "bin").mkdir()
        places = {"uv": Path(sys.executable).with_name("uv"), "python": sys.executable, "asked": self.asked}
        (base / "bin/uv").write_text(UV.format(**places, site=sysconfig.get_path("purelib")))
        (base / "bin/uv").chmod(0o755)
        (self.modules / "google/colab").mkdir(parents=True)
        (self.modules / "google/colab/__init__.py").write_text("")
        (self.modules / "google/colab/drive.py").write_text(DRIVE_MODULE)
        (self.modules / "google/colab/userdata.py").write_text(USERDATA_MODULE)
        self._make_repository()

    def _make_repository(self) -> None:
        repository = copy_checkout(self.base / "repository")
        helpers = repository / "tests/helpers"
        helpers.mkdir(parents=True, exist_ok=True)
        for name in ("instant_run.py", "in_process_run.py"):
            shutil.copy(CHECKOUT / "tests/helpers" / name, helpers / name)
        for name in ("requirements.lock", "pyproject.toml"):
            shutil.copy(CHECKOUT / name, repository / name)
        who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
        for line in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "A"]):
            subprocess.run(["git", *who, *line], cwd=repository, check=True)

    def execute(self, part: str) -> nbformat.NotebookNode:
        """Execute the notebook on a fresh machine; raises what nbclient raises. Its disk stays."""
        content = self.base / "content"
        shutil.rmtree(content, ignore_errors=True)
        content.mkdir()
        (content / "drive").symlink_to(self.drive)
        notebook = read_notebook()
        form = {"PART": part, "RUN": "try", "REPOSITORY": f"file://{self.base}/repository"}
        for name, value in form.items():
            notebook.cells[2].source = re.sub(
                rf'^{name} = ".*?"', f'{name} = "{value}"', notebook.cells[2].source, flags=re.MULTILINE
            )
        for cell in notebook.cells:
            cell.source = cell.source.replace("/content", str(content))
            # These jobs take a second: pushed as seldom as on Colab, a part would come all at once.
            cell.source = cell.source.replace('"--sheet",', '"--every", "0.5", "--sheet",')
        known = os.environ | {
            "PYTHONPATH": str(self.modules),
            "PATH": f"{self.base}/bin:{os.environ['PATH']}",
        }
        client = NotebookClient(notebook, timeout=1500, kernel_name="python3")
        client.execute(env=known, cwd=str(content))
        return notebook


def kill_once(is_due) -> threading.Thread:
    """Kill the kernel and all that it started, as a machine that is taken away, once something is true."""

    def wait() -> None:
        while not is_due():
            time.sleep(0.1)
        kernels = [
            one for one in psutil.Process().children() if "ipykernel_launcher" in " ".join(one.cmdline())
        ]
        for process in [*kernels, *(child for one in kernels for child in one.children(recursive=True))]:
            process.kill()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


def read_logs(run: Path) -> dict[str, str]:
    return {str(path.relative_to(run)): path.read_text() for path in (run / "logs").rglob("*.log")}


def read_output(notebook: nbformat.NotebookNode) -> str:
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", ()))
    return "".join(output.get("text", "") for output in outputs)


@pytest.fixture
def colab(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "")  # the notebook brings it
    yield Colab(tmp_path)
    for process in psutil.process_iter(["cmdline"]):  # of a notebook that was cut off
        if any(str(tmp_path / "content") in word for word in process.info["cmdline"] or ()):
            process.kill()


@pytest.mark.dear
@pytest.mark.workflow
def test_a_part_survives_a_disconnect_and_the_parts_are_merged_and_trained(colab):
    colab.run.mkdir(parents=True)
    first, copies = colab.run / "copies/part1-of-2", colab.run / "copies"
    with run_server(Settings(api_key=KEY, advance_per_poll=120)) as server:
        api = {"api": {"base_url": server.url, "poll_seconds": 0.05}}
        (colab.run / "config.yaml").write_text(yaml.safe_dump(CONFIG | api))

        killed = kill_once(lambda: any((first / "results/records/remove_objects").glob("*.json")))
        with pytest.raises(DeadKernelError):
            colab.execute("1/2")
        killed.join()
        before, paid = read_logs(first), server.bill()["charges"]
        pushed = {(one["rule"], str(one["wildcards"])) for one in iterate_records(first)}
        assert paid and len(list((first / "results/quality").glob("*.parquet"))) < 2  # of its two shards

        with pytest.raises(CellExecutionError, match="missing, in no part: 1 shard"):
            colab.execute("1/2")
        after = read_logs(first)
        told_again = {name for name, text in before.items() if after[name] != text}
        jobs = {f"logs/{rule}" for rule, _ in pushed}
        assert len(before) >= 8 and not {name for name in told_again if name.rpartition("/")[0] in jobs}
        assert len(list((first / "results/quality").glob("*.parquet"))) == 2

        notebook = colab.execute("2/2")
        bill = server.bill()
        assert bill["double_billed"] == 0 and not bill["open_batches"]
    told = read_output(notebook)
    assert "time: nothing is left to do" in told
    assert any(output.get("data", {}).get("image/png") for output in notebook.cells[12].outputs)
    whole = copies / "whole"
    assert (whole / "results/report.html").read_bytes()
    # Nothing of a shard was made anew after the merge: its jobs told it once, on their own machines.
    of_parts = {**read_logs(first), **read_logs(copies / "part2-of-2")}
    of_shards = {name: text for name, text in of_parts.items() if "-of-3" in name}
    logs = read_logs(whole)
    assert len(of_shards) >= 3 * 9 and {name: logs[name] for name in of_shards} == of_shards
    items = pd.read_parquet(whole / "results/metrics/items.parquet")
    assert len(items)
    config = [str(colab.run / "config.yaml")]
    assert list_needed_jobs(colab.base / "content/whole", configfiles=config) == {}
    asked = colab.asked.read_text()
    assert "--no-deps -r requirements.lock" in asked
