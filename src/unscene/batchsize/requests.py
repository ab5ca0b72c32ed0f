"""Build the requests of the batch-size study: the same captions in prompts of every size that is tried."""

import hashlib
import logging
from pathlib import Path

from unscene.answers.backends import find_backend
from unscene.answers.batch_lines import write_lines
from unscene.answers.prompts import keyword_system
from unscene.batchsize.columns import CAPTIONS, DESIGN
from unscene.batchsize.design import build_study, draw_captions, list_captions, list_trials
from unscene.machine.job import Job
from unscene.run.counts import tell_count
from unscene.run.shard_names import get_source_name
from unscene.run.tables import write_json
from unscene.samples.columns import SHARD_SAMPLES
from unscene.words.word_lists import find_vocabulary


def build_batchsize_requests(job: Job) -> None:
    """Write the requests, the design, the drawn captions and the study's facts.

    inputs: samples (a list); outputs: requests, design, captions, facts.
    """
    settings, seed = job.settings["batchsize"], job.settings["seed"]
    model = find_backend(job.settings).name_model(job.settings)
    vocabulary = find_vocabulary(job.settings)
    columns = ["image_id", "captions", "mentions"]
    captions = list_captions(SHARD_SAMPLES.read(path, columns) for path in job.inputs.samples)
    drawn = draw_captions(captions, settings["captions"], seed, vocabulary)
    requests, design = build_study(drawn, list_trials(settings), model, seed, vocabulary)
    count = write_lines(requests, job.outputs.requests)
    DESIGN.write(design, job.outputs.design)
    CAPTIONS.write(drawn, job.outputs.captions)
    system = keyword_system(vocabulary)
    facts = {
        "words": vocabulary.title,
        "sources": sorted({get_source_name(Path(path).stem) for path in job.inputs.samples}),
        "captions": len(drawn),
        "captions_of_run": len(captions),
        "requests": count,
        "strata": drawn["stratum"].value_counts().sort_index().to_dict(),
        "seed": seed,
        "model": model,
        "prompt_sha256": hashlib.sha256(system.encode()).hexdigest(),
    }
    write_json(facts, job.outputs.facts)
    logging.getLogger("unscene").info(
        "%s in %s", tell_count(len(drawn), "caption"), tell_count(count, "request")
    )
