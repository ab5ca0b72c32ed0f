"""The drawn world of the embedded dataset: small photos with captions, exact masks and true backgrounds.

Two numbers, a seed and an index, decide a scene, so the world is as large as wanted and the same everywhere:

    scene = compose_scene(seed=7, index=0)
    photo = render_scene(scene)                       # .rgb, .masks, .objects
    behind = render_scene(scene, without="dog").rgb   # the truth a removal is scored against
    captions = write_captions(scene, np.random.default_rng(0))
"""

from unscene.scenes.composition import Scene, SceneObject, compose_scene
from unscene.scenes.render import Rendered, render_scene
from unscene.scenes.sentences import write_captions
from unscene.scenes.vocabulary import CATEGORIES

__all__ = [
    "CATEGORIES",
    "Rendered",
    "Scene",
    "SceneObject",
    "compose_scene",
    "render_scene",
    "write_captions",
]
