"""What the small client does by itself, against open_clip's own code."""

import numpy as np
import pytest
from open_clip.tokenizer import SimpleTokenizer
from open_clip.transform import image_transform
from PIL import Image

from clip_families import make_tokenizer as make_foreign_tokenizer
from unscene.deploy.parity import HARD_TEXTS
from unscene.deploy.tokenizer_file import make_tokenizer
from unscene.serving.server.onnx_clip import resize

TEXTS = [*HARD_TEXTS, "a photo of a dog", "x" * 300, "a–b — c…", "3½ x² ™", "naïve İstanbul", "＂no＂ ﬂag"]


@pytest.mark.parametrize("mode", ["shortest", "longest", "squash"])
@pytest.mark.parametrize("size", [(32, 32), (24, 40)])
def test_photos_are_prepared_to_the_pixel_as_open_clip_does(mode, size):
    cfg = {"size": list(size), "interpolation": "bilinear", "resize_mode": mode, "fill_color": 7}
    theirs = image_transform(
        size,
        is_train=False,
        resize_mode=mode,
        interpolation="bilinear",
        fill_color=7,
        mean=(0,) * 3,
        std=(1,) * 3,
    )
    generator = np.random.default_rng(0)
    for width, height in [(40, 40), (41, 64), (64, 41), (97, 33), (33, 98), (20, 300), (7, 5), (640, 427)]:
        photo = Image.fromarray(generator.integers(0, 256, (height, width, 3), dtype=np.uint8))
        expected = (theirs(photo).numpy().transpose(1, 2, 0) * 255).round()
        assert np.array_equal(np.asarray(resize(photo, cfg)), expected), (width, height)


@pytest.mark.parametrize("clean", ["lower", "whitespace", "canonicalize"])
@pytest.mark.parametrize("context", [77, 12])
def test_a_tokenizer_file_gives_clips_own_tokens(clean, context):
    theirs = SimpleTokenizer(context_length=context, clean=clean)
    made = make_tokenizer(theirs, context)
    assert np.array_equal([one.ids for one in made.encode_batch(TEXTS)], theirs(TEXTS).numpy())


@pytest.mark.parametrize("clean", ["whitespace", "canonicalize"])
def test_a_tokenizer_of_another_kind_keeps_its_own_steps(clean, tmp_path):
    from open_clip.tokenizer import HFTokenizer

    make_foreign_tokenizer(tmp_path, 300)
    theirs = HFTokenizer(str(tmp_path), 16, clean=clean)
    made = make_tokenizer(theirs, 16)
    assert np.array_equal([one.ids for one in made.encode_batch(TEXTS)], theirs(TEXTS).numpy())


def test_a_tokenizer_that_drops_words_at_random_has_no_file():
    with pytest.raises(ValueError, match="SimpleTokenizer"):
        make_tokenizer(SimpleTokenizer(context_length=77, reduction_mask="syntax"), 77)
