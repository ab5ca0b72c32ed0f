"""Export the deployed arm and its base in every form that they can take, each checked against the
evaluated model.
"""

import logging
import shutil
from pathlib import Path
from typing import Any

from unscene.deploy.arithmetic import describe_arithmetic
from unscene.deploy.card import Facts, write_card
from unscene.deploy.files import READ
from unscene.deploy.forms import Form, FormError, list_forms
from unscene.deploy.links import link_equal_files
from unscene.deploy.models import Model, load_model
from unscene.deploy.parity import MAX_DIFFERENCE, Sample, compare_form, embed_as_evaluated
from unscene.evaluation.checkpoints import find_evaluated
from unscene.machine.batching import prepare_torch
from unscene.machine.job import Job
from unscene.photos.images import read_photo
from unscene.plan.licences import list_licences
from unscene.report.run import read_run
from unscene.run.checkout import CHECKOUT
from unscene.run.folders import replaced_folder
from unscene.run.tables import read_json, read_table, write_json
from unscene.serving.copying import copy_server
from unscene.training.pairs import CAPTIONS, read_pairs

SAMPLE_PAIRS = 16
LOG = logging.getLogger("unscene")


def export_clip(job: Job) -> None:
    """Write the self-contained folder; nothing is left when a form is not the evaluated model.

    inputs: model (meta.json of the deployed arm, or None for train.clip), pairs; for the card
    summary, comparison, sets, set_summary, verdict. outputs: folder.
    """
    prepare_torch("cpu", job.threads)
    forms = list_forms(job.settings["deploy"]["forms"])
    pair = read_pairs(job.inputs.pairs).head(SAMPLE_PAIRS)
    photos = [read_photo(path) for path in [*pair["original_path"], *pair["edited_path"]]]
    sample = Sample.of(photos, list(dict.fromkeys(pair[CAPTIONS].to_numpy().ravel())))
    told: dict[str, Any] = {"arm": job.settings["deploy"]["arm"], "allowed": MAX_DIFFERENCE}
    told |= {"photos": len(sample.photos), "texts": len(sample.texts)}
    tuned, base = load_model(find_evaluated(job)), load_model(job.get_path("train.clip"))
    with replaced_folder(job.outputs.folder) as folder:
        for name, place, model in (("tuned", folder, tuned), ("base", folder / "base", base)):
            told[name] = write_forms(model, place, forms, sample, job.runtime["batch_size"])
        if (folder / "onnx").is_dir():  # the server reads this form
            copy_server(folder)
        facts = Facts(
            meta=read_json(job.inputs.model) if job.inputs.model else {},
            licences=read_table(job.inputs.pairs)["license"],
            weights=list_licences(job.config, CHECKOUT),
            is_frozen=has_equal_image_tower(tuned, base),
            width=tuned.config["embed_dim"],
            context=tuned.context,
        )
        run = read_run({name: job.inputs[name] for name in READ}, job.settings, job.lineage)
        arms = job.settings.get("train", {}).get("arms", {told["arm"]: {}})
        told["query_arithmetic"] = describe_arithmetic(told["arm"], arms, run.summary)
        write_json(told, folder / "parity.json")
        write_card(facts, run, told, forms, folder / "README.md")
        saved = link_equal_files(folder)
    LOG.info("exported %s; equal files are linked, which saves %.1f MB", told["arm"], saved / 1e6)


def has_equal_image_tower(one: Model, other: Model) -> bool:
    """Tell whether the image towers of two models are the same, weight for weight."""
    import torch

    left, right = one.network.visual.state_dict(), other.network.visual.state_dict()
    same = one.preprocess_cfg == other.preprocess_cfg and left.keys() == right.keys()
    return same and all(torch.equal(value, right[name]) for name, value in left.items())


def write_forms(
    model: Model, folder: Path, forms: list[Form], sample: Sample, batch_size: int
) -> dict[str, dict]:
    """Write a model's forms, a folder each, and return by form what its comparison with the
    evaluated model found, or why the model cannot take it.

    Raises RuntimeError when a form embeds otherwise than the evaluated model.
    """
    expected = embed_as_evaluated(model, sample, batch_size)
    told: dict[str, dict] = {}
    for form in forms:
        place = folder / form.name
        try:
            if form.needs and "not_possible" in told[form.needs]:
                raise FormError(told[form.needs]["not_possible"])
            if obstacle := form.find_obstacle(model):
                raise FormError(obstacle)
            place.mkdir(parents=True)
            form.write(model, place)
            told[form.name] = compare_form(form, form.load(place), sample, expected)
            LOG.info("%s: %s", form.name, told[form.name])
        except FormError as error:
            shutil.rmtree(place, ignore_errors=True)
            LOG.warning("%s is not possible: %s", form.name, error)
            told[form.name] = {"not_possible": str(error)}
    return told
