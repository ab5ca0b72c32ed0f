"""Draw a fresh world: scenes that no run has seen, with everything that models are examined on.

The files have the forms in which the sets of this field are published, so that a set's own reader
reads them: COCO's captions and instances, NegBench's CSV (`exam_texts.py`), BEAF's JSON and a
folder a class (`exam_photos.py`).
"""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from unscene.machine.job import Job
from unscene.photos.images import perceptual_hash
from unscene.photos.near_hashes import match_hashes
from unscene.run.tables import join_tables, write_json
from unscene.scenes.composition import Scene, compose_scene
from unscene.scenes.exam_photos import write_classes, write_removals
from unscene.scenes.exam_texts import write_choices, write_negated_retrieval
from unscene.scenes.places import PLACES
from unscene.scenes.render import Rendered, render_scene
from unscene.scenes.rendering import CocoFiles
from unscene.scenes.sentences import write_captions
from unscene.scenes.vocabulary import CATEGORIES

# Share of the photo that an object must cover to be asked for: masks.min_area has the same.
MIN_AREA = 0.01


@dataclass(frozen=True)
class Examined:
    """A scene of the world, drawn. number: its photo's id, from 1.

    named: the words that its captions name. present: the categories that can be seen, in the order
    of CATEGORIES. absent: those of which nothing is drawn and nothing is named; plausible: of these
    the ones that belong to the place. What is drawn and can hardly be seen is in none of them.
    """

    number: int
    scene: Scene
    rendered: Rendered
    captions: list[str]
    named: set[str]
    present: list[str]
    absent: list[str]
    plausible: list[str]

    @property
    def file_name(self) -> str:
        """The file of the scene's photo, as COCO names its own."""
        return f"{self.number:012d}.png"


def render_exam(job: Job) -> None:
    """Draw `evaluate.world` and write every set.

    inputs: tables (of the samples of all shards, pools too). outputs: captions, instances, choices,
    negated_retrieval, removals, counts (files), images, removal_images, classes (folders).
    """
    world, out = job.settings["evaluate"]["world"], job.outputs
    known = join_tables(job.inputs.tables)["phash"]
    distance = job.settings["folds"]["duplicate_hash_distance"]
    scenes, left_out = draw_world(world["seed"], world["photos"], known, distance)
    for folder in (out.images, out.removal_images, out.classes):
        Path(folder).mkdir(parents=True, exist_ok=True)
    coco = CocoFiles(Path(out.images))
    for one in scenes:
        coco.add(one.file_name, one.rendered, [(caption, None) for caption in one.captions])
    coco.write(out.captions, out.instances, f"Rendered scenes, seed {world['seed']}")
    counts = {
        "photos": len(scenes),
        "left_out_since_they_look_like_photos_of_the_run": left_out,
        "choices": write_choices(scenes, out.choices),
        "negated_captions": write_negated_retrieval(scenes, out.negated_retrieval),
        "removals": write_removals(scenes, out.removals, Path(out.removal_images)),
        "photos_by_class": write_classes(scenes, Path(out.classes), Path(out.images)),
    }
    write_json(counts, out.counts)
    logging.getLogger("unscene").info("%s: %s", world["name"], counts)


def draw_world(seed: int, photos: int, known: pd.Series, distance: int) -> tuple[list[Examined], int]:
    """Return the first `photos` scenes of a seed that look like none of the run's, and how many did.

    known: perceptual hashes of all photos of the run, 16 hex digits. A scene within `distance` bits
    of one of them is passed over.
    """
    kept: list[Examined] = []
    index = 0
    while len(kept) < photos:
        block = range(index, index + photos - len(kept))
        index = block.stop
        scenes = [compose_scene(seed, position) for position in block]
        drawn = [render_scene(scene) for scene in scenes]
        hashes = [perceptual_hash(Image.fromarray(one.rgb)) for one in drawn]
        near = match_hashes(pd.DataFrame({"image_id": range(len(block)), "phash": hashes}), known, distance)
        for position in sorted(set(range(len(block))) - set(near["image_id"])):
            kept.append(examine_scene(len(kept) + 1, scenes[position], drawn[position]))
    return kept, index - photos


def examine_scene(number: int, scene: Scene, rendered: Rendered) -> Examined:
    """Return a scene with its captions, and with what can be said to be in it and not in it."""
    told = write_captions(scene, np.random.default_rng([scene.seed, scene.index, 1]))
    named = {word for _, mentions in told for word in mentions}
    covered = dict.fromkeys(CATEGORIES, 0.0)
    for thing, mask in zip(rendered.objects, rendered.masks, strict=True):
        covered[thing.category] += float(mask.mean())
    drawn = {thing.category for thing in scene.objects}
    absent = [word for word in CATEGORIES if word not in drawn | named]
    return Examined(
        number,
        scene,
        rendered,
        [sentence for sentence, _ in told],
        named,
        [word for word in CATEGORIES if covered[word] >= MIN_AREA],
        absent,
        [word for word in absent if word in PLACES[scene.place].found],
    )
