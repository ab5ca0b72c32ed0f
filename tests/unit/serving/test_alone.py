"""The server's folder by itself: copied elsewhere it runs, without this package and without torch."""

import ast
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib.metadata import packages_distributions, version
from pathlib import Path

from served_model import make_deploy, make_photos
from unscene.serving.copying import SERVER, copy_server

REQUIREMENTS = dict(
    line.split("==") for line in (SERVER / "requirements.txt").read_text().split() if not line.startswith("#")
)


def test_only_relative_imports_and_its_own_requirements(tmp_path):
    copy_server(tmp_path)
    owners = packages_distributions()
    names = {name.lower() for name in REQUIREMENTS} | {"pydantic"}  # FastAPI's own
    for path in (tmp_path / "server").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            modules = [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for module in modules:
                top = module.partition(".")[0]
                is_known = top in sys.stdlib_module_names or names & {
                    one.lower().replace("_", "-") for one in owners.get(top, [])
                }
                assert is_known, f"{path.name}: {module}"
                assert top not in ("pickle", "marshal", "shelve", "torch", "unscene"), path.name


def test_requirements_are_those_of_the_lock():
    lock = (Path(__file__).resolve().parents[3] / "requirements.lock").read_text()
    for name, pinned in REQUIREMENTS.items():
        assert re.search(rf"^{name}=={re.escape(pinned)}\b", lock, re.MULTILINE), name
        assert version(name)


def test_the_copied_folder_serves(tmp_path):
    deploy = make_deploy(tmp_path / "deploy")
    copy_server(deploy)
    photos = make_photos(tmp_path / "photos", 6)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    blocked = "import sys; [sys.modules.__setitem__(name, None) for name in ('unscene', 'torch', 'pandas')]"
    code = f"{blocked}; from server.command import main; sys.exit(main())"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "--photos", str(photos), "--port", "0"],
        cwd=deploy,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        address = process.stdout.readline().split()[-1]
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            content = urllib.request.urlopen(f"{address}search?q=red&k=1").read()
            if b"red-00" in content:
                break
            time.sleep(0.1)
        assert b"red-00" in content
        assert b"<main" in urllib.request.urlopen(address).read()
        assert (deploy / "index/index.sqlite").is_file()
    finally:
        process.terminate()
        process.wait(120)


def test_what_lacks_is_told_in_a_line(tmp_path, capsys):
    from unscene.serving.server.command import main

    make_deploy(tmp_path / "deploy")
    for arguments, told in (
        ([str(tmp_path / "deploy")], "give a folder of photos with --photos"),
        ([str(tmp_path / "deploy"), "--photos", str(tmp_path / "no")], "is no folder"),
        ([str(tmp_path), "--photos", str(tmp_path)], "there is no onnx/visual.onnx"),
        ([str(tmp_path / "deploy"), "--photos", str(tmp_path), "--host", "0.0.0.0"], "give --token new"),
    ):
        assert main(arguments) == 1
        error = capsys.readouterr().err
        assert told in error and len(error.splitlines()) == 1
