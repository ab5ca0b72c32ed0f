"""The sets of a fresh world (`evaluate.world`), as entries of evaluate.sets: the run draws their files
itself (`unscene.scenes.exam`).
"""

FOLDER = "results/exam"


def list_exam_sets(world: dict | None) -> list[dict]:
    """Return the entries of a world's sets; nothing without one.

    Their paths are relative to the run directory, which the key `of_world` says. Each role of the
    pass rule has a set.
    """
    if world is None:
        return []
    name = world["name"]
    folder = f"{FOLDER}/{name}"
    images = {"images": f"{folder}/images"}
    captions = {"captions": f"{folder}/captions_{name}.json"}
    instances = {"instances": f"{folder}/instances_{name}.json"}
    entries = [
        {"name": "objects", "format": "coco_objects", **instances, **captions, **images},
        {"name": "choices", "format": "negbench_mcq", "path": f"{folder}/choices.csv", **images},
        {
            "name": "negated_retrieval",
            "format": "negbench_retrieval",
            "path": f"{folder}/negated_retrieval.csv",
            **images,
        },
        {
            "name": "removals",
            "format": "beaf",
            "path": f"{folder}/removals.json",
            "images": f"{folder}/removals",
        },
        {"name": "retrieval", "format": "coco_retrieval", **captions, **images},
        {"name": "classes", "format": "class_folders", "path": f"{folder}/classes"},
    ]
    return [{**entry, "name": f"{name}_{entry['name']}", "of_world": name} for entry in entries]


def add_exam_sets(config: dict) -> None:
    """Add the sets of `evaluate.world` to those that the config names."""
    evaluate = config["evaluate"]
    own = [entry for entry in evaluate["sets"] if "of_world" not in entry]
    evaluate["sets"] = own + list_exam_sets(evaluate["world"])


def is_drawn(entry: dict) -> bool:
    """Tell whether the run itself draws a set (an entry of evaluate.sets)."""
    return "of_world" in entry
