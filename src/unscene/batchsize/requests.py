"""Build the requests of the batch-size study: the same captions in prompts of every size that is tried."""

import hashlib
import logging

from unscene.answers.batch_lines import write_lines
from unscene.answers.prompts import keyword_system
from unscene.batchsize.design import build_study, draw_captions, list_arms, list_captions
from unscene.run.tables import read_table, write_json, write_table
from unscene.words.lexicon import load_lexicon


def build_batchsize_requests(paths_to_samples, paths: dict, settings: dict, seed: int, model: str) -> None:
    """Write the requests, the design, the drawn captions and the study's facts.

    paths: outputs `requests`, `design`, `captions`, `facts`. settings: the config block `batchsize`. model: the name in the
    body (the backend's own name when it is offline).
    """
    captions = list_captions(read_table(path, ["image_id", "captions"]) for path in paths_to_samples)
    drawn = draw_captions(captions, settings["captions"], seed)
    requests, design = build_study(drawn, list_arms(settings), model, seed)
    count = write_lines(requests, paths["requests"])
    write_table(design, paths["design"])
    write_table(drawn, paths["captions"])
    system = keyword_system(load_lexicon().rules)
    write_json(
        {
            "captions": len(drawn),
            "captions_of_run": len(captions),
            "requests": count,
            "strata": drawn["stratum"].value_counts().sort_index().to_dict(),
            "seed": seed,
            "model": model,
            "prompt_sha256": hashlib.sha256(system.encode()).hexdigest(),
        },
        paths["facts"],
    )
    logging.getLogger("unscene").info("%d captions in %d requests", len(drawn), count)
