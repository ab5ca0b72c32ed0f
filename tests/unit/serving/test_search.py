"""Percentiles: the share of all photos that score lower, whatever the page and the floor."""

import numpy as np
import pytest

from unscene.serving.server.index import Photo, Snapshot
from unscene.serving.server.query import Forms
from unscene.serving.server.search import find_shown, search
from unscene.serving.server.sources import Listed


def find(scores, first=0, number=500, floor=0.0):
    """Search photos that have these scores."""
    photos = [Photo(place, Listed(str(place), None), str(place), 8, 8, True) for place in range(len(scores))]
    snapshot = Snapshot(photos, {"tower": np.array(scores, np.float32)[:, None]})
    return search(snapshot, "tower", np.ones(1, np.float32), (), (first, number), floor, Forms({}))


def percentiles(scores, **asked):
    return [hit.percentile for hit in find(scores, **asked).hits]


def test_of_twelve_photos_eleven_score_lower_than_the_best():
    scores = [0.01 * place for place in range(12)]
    expected = [91.666667, 83.333333, 75, 66.666667, 58.333333, 50, 41.666667, 33.333333, 25]
    assert percentiles(scores) == [*expected, 16.666667, 8.333333, 0]
    assert percentiles([0.3]) == [0] and percentiles([0.1, 0.3]) == [50, 0] and percentiles([]) == []


def test_equal_scores_have_equal_percentiles_on_every_page():
    scores = [0.5, 0.1, 0.5, 0.9, 0.1]
    assert percentiles(scores) == [80, 40, 40, 0, 0]
    assert percentiles(scores, first=1, number=1) == percentiles(scores, first=2, number=1) == [40]
    # More photos tie with the last one of the page than the page has places for.
    assert percentiles([0.9] + [0.5] * 99, number=30) == [99] + [0] * 29


@pytest.mark.parametrize("count", [1, 2, 3, 7, 12, 40, 1000])
@pytest.mark.parametrize("values", [3, 10**6], ids=["ties", "none"])
def test_they_are_the_share_of_lower_scores_and_the_floor_cuts_there(count, values):
    drawn = np.random.default_rng(count).integers(values, size=count)
    scores = (drawn / values).astype(np.float32)
    shares = sorted((round(100 * float((scores < score).sum()) / count, 6) for score in scores), reverse=True)
    shown = percentiles(scores, number=count)
    assert shown == pytest.approx(shares, abs=1e-9)
    # A percentile that was shown is a floor that its own photo passes.
    for floor in {0.0, *shown[:: max(count // 20, 1)], 33.0, 99.99, 100.0}:
        found = find(scores, number=count, floor=floor)
        kept = [one for one in shown if one >= floor]
        assert [hit.percentile for hit in found.hits] == kept and found.total == len(kept)


def shows(excluded, caption, objects=()):
    forms = Forms({"dog": "dog", "puppy": "dog", "hot dog": "hot dog", "corn dog": None})
    photo = Photo(1, Listed("1", "1", objects, captions=(caption,)), "1", 8, 8, True)
    return find_shown(photo, excluded, forms.with_terms(excluded))


def test_a_caption_shows_what_it_names_and_does_not_deny():
    assert shows(("dog",), "A puppy runs.") == ("dog",) and shows(("dog",), "A bench.", ("dog",)) == ("dog",)
    assert shows(("dog",), "A hot dog, and a corn dog.") == () and shows(("dog",), "No dog on it.") == ()
    # A term that is no word of the list is asked for as it stands.
    assert shows(("corn dog", "kiosk"), "Corn dog at a kiosk.") == ("corn dog", "kiosk")
