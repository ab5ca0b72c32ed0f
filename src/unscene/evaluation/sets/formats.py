"""The formats of evaluation sets: what a config can choose by `evaluate.sets[].format`.

An entry says all about itself; the schema, the checks of paths, the pass rule's roles and the
manual are computed from it. Nothing here imports a reader: that happens when a set is read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

# What the pass rule can take a set as.
ROLES = {
    "objects": "ordinary photos whose objects are known",
    "mcq": "multiple choice with negations",
    "negated_retrieval": "retrieval by negated captions",
    "retrieval": "retrieval by plain captions",
    "zero_shot": "zero-shot classes",
    "removal": "photos before and after a removal",
}


# The keys of a set that name a file or folder.
PATHS = ("path", "images", "captions", "instances", "classes", "templates")


@dataclass(frozen=True)
class SetFormat:
    """One format of evaluate.sets.

    reader: `module:function`, in full, by which the hash of the code finds the module. task: what a
    model is asked, a key of SET_ITEMS. meaning: what the set shows, for the manual. needs, allows:
    keys that a set of it must and may have beside name, format and role. role: what the pass rule
    takes it as, unless the set says otherwise. source, licence: of the published files; None of a
    layout that anybody's files can have.
    """

    reader: str
    task: str
    meaning: str
    needs: tuple[str, ...]
    allows: tuple[str, ...] = ()
    role: str | None = None
    source: str | None = None
    licence: str | None = None

    @property
    def doc(self) -> str:
        """What the manual says of it."""
        role = f" The pass rule takes it as `{self.role}`." if self.role else ""
        origin = f" Files: {self.source}; licence: {self.licence}." if self.source else ""
        return f"{self.meaning}.{role}{origin}"

    def find_reader(self) -> Callable:
        """Return the reader: (entry with `seed`, resolve) -> task. Imports it."""
        module, function = self.reader.split(":")
        return getattr(import_module(module), function)


FORMATS = {
    "negbench_mcq": SetFormat(
        "unscene.evaluation.sets.negbench:read_choices",
        "choices",
        "NegBench, multiple choice: which of four captions with and without a denial is true",
        needs=("path", "images"),
        allows=("option_types",),
        role="mcq",
        source="https://github.com/m1k2zoo/negbench",
        licence="not known to us; photos as COCO and VOC",
    ),
    "negbench_retrieval": SetFormat(
        "unscene.evaluation.sets.negbench:read_retrieval",
        "retrieval",
        "NegBench, retrieval: captions that also deny an object",
        needs=("path", "images"),
        role="negated_retrieval",
        source="https://github.com/m1k2zoo/negbench",
        licence="not known to us; photos as COCO",
    ),
    "coco_mcq": SetFormat(
        "unscene.evaluation.sets.coco:rebuild_choices",
        "choices",
        "Multiple choice in NegBench's layout, rebuilt from instances; it is not NegBench, and results "
        "say so",
        needs=("instances", "images"),
        allows=("captions",),
        role="mcq",
    ),
    "coco_retrieval": SetFormat(
        "unscene.evaluation.sets.coco:read_retrieval",
        "retrieval",
        "Retrieval by plain captions, both ways",
        needs=("captions", "images"),
        role="retrieval",
    ),
    "coco_objects": SetFormat(
        "unscene.evaluation.sets.coco:read_objects",
        "objects",
        'Presence and absence by class and queries "X but no o" on photos whose objects are known',
        needs=("instances", "images"),
        allows=("captions",),
        role="objects",
    ),
    "sugarcrepe": SetFormat(
        "unscene.evaluation.sets.sugarcrepe:read_choices",
        "choices",
        "SugarCrepe: a true caption against one with something replaced, swapped or added",
        needs=("path", "images"),
        source="https://github.com/RAIVNLab/sugar-crepe",
        licence="MIT; photos as COCO",
    ),
    "cc_neg": SetFormat(
        "unscene.evaluation.sets.cc_neg:read_choices",
        "choices",
        "CC-Neg: a caption against its negation; a penalty on negation words alone scores near 100",
        needs=("path", "images"),
        allows=("last",),
        source="https://github.com/jaisidhsingh/CoN-CLIP",
        licence="MIT; photos as Conceptual Captions",
    ),
    "beaf": SetFormat(
        "unscene.evaluation.sets.beaf:read_removals",
        "removals",
        "BEAF: is an object there, before and after real removals",
        needs=("path", "images"),
        role="removal",
        source="https://github.com/postech-ami/BEAF",
        licence="none stated; photos as COCO",
    ),
    "class_folders": SetFormat(
        "unscene.evaluation.sets.class_folders:read_folders",
        "classes",
        "Zero-shot classification of a folder a class, as ImageNet's",
        needs=("path",),
        allows=("classes", "templates"),
        role="zero_shot",
    ),
    "clip_benchmark": SetFormat(
        "unscene.evaluation.sets.class_folders:read_clip_benchmark",
        "classes",
        "Zero-shot classification of a dataset as CLIP_benchmark stores it",
        needs=("path",),
        allows=("split",),
        role="zero_shot",
        source="https://github.com/LAION-AI/CLIP_benchmark",
        licence="each dataset's own",
    ),
}


def find_role(entry: dict) -> str | None:
    """Return what the pass rule takes a set (an entry of evaluate.sets) as."""
    return entry.get("role") or FORMATS[entry["format"]].role
