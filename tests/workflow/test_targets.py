"""What the target names: every output of every job, so that whatever is deleted comes back."""

import pytest
import yaml

from unscene.run.needed_jobs import built_workflow
from workflow_runs import CHECKOUT

pytestmark = pytest.mark.workflow

# What the embedded default does not do, all at once.
WHOLE = {
    "batchsize": {"run": True, "captions": 5000},
    "keywords": {"backend": "openai", "captions_per_prompt": "auto"},
    "captions": {"backend": "openai"},
    "edits": {"sham": True},
    "folds": {"folds": 2},
    "train": {"seeds": [0, 1], "inner_share": 0.1, "class_folds": ["paired"]},
    "evaluate": {"alphas": [0.5]},
}


@pytest.mark.parametrize(
    "configfile",
    ["config/config.yaml", "config/coco30k.yaml", "whole.yaml"],
)
def test_the_target_names_every_output_of_every_job(tmp_path, monkeypatch, configfile):
    """A folder that nobody names would stay away after it was deleted, and nothing would tell."""
    monkeypatch.setenv("UNSCENE_PLAN", "1")  # weights and captions of the big configs are not here
    (tmp_path / "whole.yaml").write_text(yaml.safe_dump(WHOLE))
    path = (tmp_path if configfile == "whole.yaml" else CHECKOUT) / configfile
    with built_workflow(tmp_path, configfiles=[str(path)], snakefile=CHECKOUT / "Snakefile") as workflow:
        named = {str(file) for file in workflow.globals["STAGE_FILES"]}
        made = {str(file): job.rule.name for job in workflow.dag.jobs for file in job.output}
    assert {file: rule for file, rule in made.items() if file not in named} == {}
    assert len(made) > 100
