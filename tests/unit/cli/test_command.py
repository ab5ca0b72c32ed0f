"""The command `unscene`: its subcommands, their options, and that it works on its own checkout alone."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from short_readers import read_first_line
from unscene.cli import checkout as checkout_of_commands
from unscene.cli import command

COMMANDS = ("plan", "why", "label", "batches", "costs")


def run_command(*arguments: str, cwd: Path, checkout: Path) -> subprocess.CompletedProcess:
    environment = os.environ | {"PYTHONPATH": str(checkout / "src")}
    return subprocess.run(
        [sys.executable, "-m", "unscene", *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_help_names_every_subcommand(capsys):
    with pytest.raises(SystemExit) as stop:
        command.main(["--help"])
    assert stop.value.code == 0
    told = capsys.readouterr().out
    assert all(f"\n    {name}" in told for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_subcommand_has_help(name, capsys):
    with pytest.raises(SystemExit) as stop:
        command.main([name, "--help"])
    assert stop.value.code == 0
    assert f"usage: unscene {name}" in capsys.readouterr().out


def test_overlays_are_given_in_one_go(capsys):
    given = command.build_parser().parse_args(["why", "--configfile", "a", "b"])
    assert given.configfile == [Path("a"), Path("b")]
    assert command.build_parser().parse_args(["why"]).configfile == []
    with pytest.raises(SystemExit):  # of two, snakemake would use the last alone
        command.build_parser().parse_args(["why", "--configfile", "a", "--configfile", "b"])
    assert "--configfile stands twice" in capsys.readouterr().err


def test_why_touches_no_folder_that_is_no_run_and_has_no_traceback(tmp_path, capsys):
    assert command.main(["why", "--directory", str(tmp_path)]) == 1
    assert "no run was started here yet" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    (tmp_path / ".snakemake").mkdir()
    overlay = tmp_path / "wrong.yaml"
    overlay.write_text("maskss: {}\n")
    assert command.main(["why", "--directory", str(tmp_path), "--configfile", str(overlay)]) == 1
    told = capsys.readouterr().err
    assert told.startswith("unscene: ") and "maskss" in told and len(told.splitlines()) <= 12


def test_why_names_what_is_wrong_with_the_config_of_a_run_that_is_yet_to_come(tmp_path, capsys):
    wrong = {"train: {steps: fast}": "train.steps: must be", "masks: {weights: .}": "is no folder"}
    for text, told in wrong.items():
        (tmp_path / "broken.yaml").write_text(text)
        asked = ["why", "--directory", str(tmp_path / "new"), "--configfile", str(tmp_path / "broken.yaml")]
        assert command.main(asked) == 1
        found = capsys.readouterr().err
        assert told in found and "no run was started" not in found and not (tmp_path / "new").exists()


def test_why_looks_for_photos_that_were_read_in_the_run_s_folder(tmp_path, monkeypatch, capsys):
    source = f"{{name: own, format: table, photos: 30, table: {tmp_path}/own.csv, images: {tmp_path}}}"
    overlay, new = tmp_path / "broken.yaml", tmp_path / "new"
    rest = "runtime: {allow_toy: true}\ntrain: {arms: {absence: null}}\ndeploy: {arm: paired}\n"
    overlay.write_text(f"samples: {{sources: [{source}]}}\n{rest}masks: {{weights: nowhere.pt}}\n")
    monkeypatch.chdir(tmp_path)
    shard = Path("results/samples/own-0-of-1.parquet")
    asked = ["why", "--directory", str(new), "--configfile", str(overlay)]
    for folder, is_told in ((tmp_path, True), (new, False)):
        (folder / shard).parent.mkdir(parents=True)
        (folder / shard).touch()
        assert command.main(asked) == 1
        told = capsys.readouterr().err
        assert "nowhere.pt" in told and ("own.csv" in told) is is_told, folder


def test_status_reads_the_config_that_new_wrote_unless_another_is_given(tmp_path, monkeypatch, capsys):
    from unscene.merging import progress

    def read(directory, files, *_):
        return SimpleNamespace(files=[Path(file).name for file in files], other=None)

    monkeypatch.setattr(progress, "read_progress", read)
    monkeypatch.setattr(progress, "format_progress", lambda found, *_: str(found.files))
    other = tmp_path / "other.yaml"
    other.write_text("seed: 1\n")
    asked = ["status", "--directory", str(tmp_path)]
    assert command.main(asked) == 0 and capsys.readouterr().out == "[]\n"
    (tmp_path / "config.yaml").write_text("seed: 2\n")
    assert command.main(asked) == 0 and capsys.readouterr().out == "['config.yaml']\n"
    assert command.main([*asked, "--configfile", str(other)]) == 0
    assert capsys.readouterr().out == "['other.yaml']\n"


def test_merge_reads_the_config_that_new_wrote_unless_another_is_given(tmp_path, monkeypatch, capsys):
    from unscene.merging import merge

    monkeypatch.setattr(merge, "merge_parts", lambda parts, run, files, *_, **__: SimpleNamespace(is_whole=1))
    monkeypatch.setattr(merge, "format_merged", lambda found, line, **_: line)
    (tmp_path / "part/results").mkdir(parents=True)
    own, other = tmp_path / "config.yaml", tmp_path / "other.yaml"
    own.write_text("seed: 1\n")
    other.write_text("seed: 2\n")
    asked = ["merge", str(tmp_path / "part"), "--directory", str(tmp_path)]
    assert command.main(asked) == 0 and capsys.readouterr().out.endswith(f"--configfile {own}\n")
    assert command.main([*asked, "--configfile", str(other)]) == 0
    assert capsys.readouterr().out.endswith(f"--configfile {other}\n")


def test_an_overlay_that_is_not_there_is_named(capsys):
    assert command.main(["why", "--configfile", "nowhere.yaml"]) == 1
    assert "nowhere.yaml: is not there" in capsys.readouterr().err


def test_a_misspelt_run_is_no_run_of_the_drawn_scenes(tmp_path, capsys):
    assert command.main(["plan", "--directory", str(tmp_path / "mien")]) == 1
    told = capsys.readouterr().err
    assert "mien is not there, and no --configfile is given; `unscene new" in told
    assert not (tmp_path / "mien").exists()


@pytest.mark.parametrize("kept", ["2>&1", "2>/dev/null"])
def test_a_reader_that_stops_early_stops_no_command(tmp_path, checkout, kept):
    done = tmp_path / "done"
    long = f"for i in range(100000): print(i)\nopen({str(done)!r}, 'w').close()"
    call = (
        "import os, sys; from unscene.cli.checkout import _run;"
        f"sys.exit(_run([sys.executable, '-c', {long!r}], {str(tmp_path)!r}, os.environ))"
    )
    read = read_first_line(call, tmp_path, checkout, kept)
    assert (read.returncode, read.stdout, read.stderr) == (0, "0\n", "") and done.exists()


def test_another_checkout_is_not_answered_for(tmp_path, monkeypatch, capsys):
    (tmp_path / "src/unscene").mkdir(parents=True)
    (tmp_path / "Snakefile").touch()
    monkeypatch.chdir(tmp_path)
    assert command.main(["why"]) == 1
    assert "not to the checkout here" in capsys.readouterr().err


def test_ledgers_are_listed_from_anywhere(tmp_path, checkout):
    done = run_command("batches", "--directory", str(tmp_path), "list", cwd=tmp_path, checkout=checkout)
    assert (done.returncode, done.stderr) == (0, "") and "no paid answers here yet" in done.stdout
    gone = run_command(
        "batches", "--directory", str(tmp_path), "forget", "batch_1", cwd=tmp_path, checkout=checkout
    )
    assert gone.returncode == 1 and "no batch batch_1 is under way" in gone.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "ACTION"),
        (["lst"], "invalid choice"),
        (["list", "more"], "unrecognized arguments"),
        (["list", "--configfile", "a"], "unrecognized arguments"),
        (["forget"], "which batch?"),
        (["forget", ""], "no batch"),
        (["cancel", "batch_1", "--configfile", "nowhere.yaml"], "nowhere.yaml"),
        (["adopt", "--configfile", "wrong.yaml"], "is no config"),
        (["check", "--configfile", "odd.yaml"], "api.mode: must be one of batch, requests, not later"),
        (["check", "--stage", "masks"], "invalid choice"),
        (["list", "--directory", "odd.yaml"], "is no folder"),
        (["--directory", "nowhere", "check"], "is no folder"),
        (["list", "--directory", "damaged"], "ledger"),
        (["check"], "OPENAI_API_KEY is not set"),
    ],
)
def test_odd_arguments_of_batches_give_a_message(tmp_path, monkeypatch, capsys, arguments, told):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("UNSCENE_REFUSE_HOSTS", raising=False)
    (tmp_path / "odd.yaml").write_text("api: {mode: later}\n")
    (tmp_path / "wrong.yaml").write_text("- a list\n")
    damaged = tmp_path / "damaged/state/api/api.openai.com/ledger.sqlite"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"no database at all" * 99)
    with pytest.raises(SystemExit) as stop:
        command.main(["batches", *arguments])
    assert stop.value.code not in (0, None)
    message = str(stop.value.code) if isinstance(stop.value.code, str) else capsys.readouterr().err
    assert told in message and "Traceback" not in message


@pytest.mark.parametrize("page", ["nowhere.md", ".", "bytes.md", "empty.md"])
def test_odd_pages_of_costs_give_a_message(tmp_path, monkeypatch, capsys, page):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bytes.md").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "empty.md").touch()
    assert command.main(["costs", "--page", page]) == 1
    assert capsys.readouterr().err.startswith("unscene: --page")


def test_labelling_without_a_run_says_what_it_lacks(tmp_path, checkout):
    done = run_command("label", "--rater", "script-a", cwd=tmp_path, checkout=checkout)
    assert done.returncode == 1 and f"{tmp_path} is no run" in done.stderr


def test_the_cost_tables_are_what_costs_writes(tmp_path, checkout):
    page = tmp_path / "COSTS.md"
    page.write_text((checkout / "docs/COSTS.md").read_text())
    assert command.main(["costs", "--page", str(page)]) == 0
    assert page.read_text() == (checkout / "docs/COSTS.md").read_text()


@pytest.mark.workflow
def test_plan_and_why_take_a_run_and_overlays(tmp_path, checkout):
    (tmp_path / "seed.yaml").write_text("seed: 8\n")
    (tmp_path / "title.yaml").write_text("report: {title: tried}\n")
    chosen = ["--directory", "my run", "--configfile", "seed.yaml", "title.yaml"]
    planned = run_command("plan", *chosen, cwd=tmp_path, checkout=checkout)
    assert planned.returncode == 0, planned.stderr
    assert (tmp_path / "my run/results/plan.json").is_file()
    told = run_command("why", *chosen, cwd=tmp_path, checkout=checkout)
    assert told.returncode == 0, told.stderr
    assert "write_report" in told.stdout and "estimate_run" not in told.stdout


@pytest.mark.parametrize("makes", [[], ["state/sources.json", ".snakemake/log/a"], ["results/plan.json"]])
def test_a_refused_plan_leaves_nothing_where_nothing_was(tmp_path, monkeypatch, makes):
    run = tmp_path / "runs/mine"

    calls = []

    def snakemake(command, _, environment):
        calls.append(command)
        assert environment["UNSCENE_PLAN"] == "1" and command[-1] == "results/plan.json"
        folder = Path(command[command.index("--directory") + 1])
        folder.mkdir(parents=True, exist_ok=True)
        for name in makes:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text("")
        return 1

    monkeypatch.setattr(checkout_of_commands, "_run", snakemake)
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("seed: 1\n")
    assert command.main(["plan", "--directory", str(run), "--configfile", str(overlay)]) == 1
    assert run.exists() is (tmp_path / "runs").exists() is ("results/plan.json" in makes)
    (run / "notes").mkdir(parents=True, exist_ok=True)  # what is there stays
    (run / "config.yaml").write_text("seed: 2\n")  # by `unscene new`
    assert command.main(["plan", "--directory", str(run)]) == 1 and (run / "notes").is_dir()
    assert calls[1][calls[1].index("--configfile") + 1] == str(run / "config.yaml")
