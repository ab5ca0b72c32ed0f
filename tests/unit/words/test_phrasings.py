"""Phrasings: each has a short form for a photo alone, and a share of them is held out of training."""

import pytest

from unscene.words.phrasings import PHRASINGS, PLAIN_PHRASINGS, choose_phrasing, hold_out


def test_every_phrasing_has_a_form_for_a_photo_alone():
    assert list(PLAIN_PHRASINGS) == list(PHRASINGS)


@pytest.mark.parametrize(("share", "count"), [(0, 0), (0.01, 1), (0.25, 3), (1, len(PHRASINGS) - 1)])
def test_held_out_share(share, count):
    held_out = hold_out(share, 7)
    assert len(held_out) == count and hold_out(share, 7) == held_out
    training = sorted(set(PHRASINGS) - set(held_out))
    drawn = {choose_phrasing(f"e{n}", 7, training, "training") for n in range(300)}
    assert drawn == set(training)
    assert choose_phrasing("e", 7, [], "held out") is None
