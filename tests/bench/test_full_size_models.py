"""The full-size architectures that benchmarks run are the published ones: their parameter counts are."""

import pytest
from full_size_models import make_inpainter


def count(module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


# Rombach et al. 2022 / Podell et al. 2023 as released: 859.5 M (with the five extra input channels
# of inpainting) and 2.57 B.
@pytest.mark.parametrize(("kind", "unet"), [("sd15", 859_535_364), ("sdxl", 2_567_478_084)])
def test_inpainters_have_the_published_sizes(kind, unet):
    pipeline = make_inpainter(kind)
    assert count(pipeline.unet) == unet
    assert count(pipeline.vae) == 83_653_863
    assert count(pipeline.text_encoder) == 123_060_480
    if kind == "sdxl":
        assert count(pipeline.text_encoder_2) == 694_659_840
    assert pipeline.vae_scale_factor == 8
    assert pipeline.tokenizer("background", padding="max_length")["input_ids"].__len__() == 77
