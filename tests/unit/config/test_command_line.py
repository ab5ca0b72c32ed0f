"""What a run's start checks of the config once its sources are counted."""

from types import SimpleNamespace

import pytest

from unscene.config.command_line import check_forgotten, start_run
from unscene.config.files import read_files


@pytest.mark.parametrize(("part", "way_out"), [("3/2", "from 1/2 to 2/2"), ("1/999", "parts at most")])
def test_a_part_that_is_not_there_is_told_as_every_mistake(checkout, tmp_path, monkeypatch, part, way_out):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["snakemake", "--config", f"part={part}"])
    workflow = SimpleNamespace(
        overwrite_configfiles=[],
        config_settings=SimpleNamespace(config={"part": part}),
        modifier=SimpleNamespace(skip_configfile=False),
    )
    config = read_files([checkout / "config/config.yaml"]) | {"part": part}
    with pytest.raises(SystemExit) as stopped:
        start_run(config, workflow, checkout, False, True)
    heading, *lines = str(stopped.value.code).splitlines()
    assert heading == "There is a mistake in the config, so nothing was run:"
    assert lines[0].startswith(f"  --config: part: {part}: ") and way_out in " ".join(lines)


def test_a_forgotten_config_of_the_run_stops_it_before_the_default_runs_over_it(tmp_path):
    check_forgotten(tmp_path, [])
    (tmp_path / "config.yaml").write_text("seed: 2\n")
    check_forgotten(tmp_path, ["another.yaml"])
    with pytest.raises(SystemExit, match=r"(?s)nothing was run.*--configfile .*config\.yaml"):
        check_forgotten(tmp_path, [])
