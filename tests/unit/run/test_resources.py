"""What rules ask of a machine: every rule says it, it grows with attempts, a profile knows the GPUs."""

import logging
import re
from pathlib import Path

import pytest
from snakemake_executor_plugin_slurm.partitions import get_best_partition, read_partition_file

from unscene.run.needed_jobs import built_workflow
from unscene.run.resources import grow

CHECKOUT = Path(__file__).resolve().parents[3]
RULE = re.compile(r"^( *)(?:rule|use rule) (\w+).*:\n((?:\1 {4}.*\n|\n)*)", re.MULTILINE)


def read_rules() -> dict[str, str]:
    """Return the text of every rule that has a script, by name."""
    rules = {}
    for path in sorted((CHECKOUT / "workflow/rules").glob("*.smk")):
        for match in RULE.finditer(path.read_text(encoding="utf-8")):
            if "script:" in match[3]:
                rules[match[2]] = match[3]
    return rules


@pytest.mark.parametrize(
    ("amount", "asked"), [(400, [400, 800, 1600]), ("30m", [30, 60, 120]), ("2h", [120, 240, 480])]
)
def test_a_second_attempt_asks_twice_as_much(amount, asked):
    assert [grow(amount)(None, attempt=attempt) for attempt in (1, 2, 3)] == asked


def test_a_day_is_in_minutes():
    assert grow("1d")(None, attempt=1) == 24 * 60


def test_every_rule_asks_for_memory_and_time_that_grow():
    rules = read_rules()
    assert len(rules) > 50
    assert [name for name, text in rules.items() if not re.search(r"mem_mb=grow\(", text)] == []
    assert [name for name, text in rules.items() if not re.search(r"runtime=grow\(", text)] == []


def test_the_profile_of_a_cluster_sends_what_holds_a_gpu_to_its_partition_and_nothing_else(tmp_path):
    """As the executor itself chooses, for every job of a run."""
    partitions = read_partition_file(CHECKOUT / "profiles/slurm/partitions.yaml")
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("edits: {sham: true}\ntrain: {class_folds: [paired]}\n")
    with built_workflow(tmp_path, configfiles=[str(overlay)]) as workflow:
        jobs = list(workflow.dag.jobs)
        chosen = {job: get_best_partition(partitions, job, logging.getLogger("test")) for job in jobs}
    holding = {job.rule.name for job in jobs if job.resources.get("gpu")}
    assert {job.rule.name for job, partition in chosen.items() if partition == "gpu"} == holding
    assert len(holding) > 10 and set(chosen.values()) == {"cpu", "gpu"}
