"""What is on a pool photo: every word is present, absent or unknown, and absent is claimed only where
somebody looked.
"""

import pytest

from unscene.pool.labels import label_by_captions, label_by_detector, label_by_instances
from unscene.words.coco80 import COCO80

ALL = set(COCO80)
SURE = 0.5


def sort_out(labels) -> tuple[set, set, set]:
    """Return (present, unknown, absent) and check that they part the word list."""
    present, unknown = set(labels.present), set(labels.unknown)
    assert not present & unknown and present | unknown <= ALL
    assert labels.present == COCO80.sort(present) and labels.unknown == COCO80.sort(unknown)
    return present, unknown, ALL - present - unknown


def test_listed_objects_are_there_and_unlisted_ones_are_not():
    present, unknown, absent = sort_out(label_by_instances([], ["dog", "car"], ALL, COCO80))
    assert (present, unknown) == ({"dog", "car"}, set()) and "person" in absent


def test_a_named_object_that_is_not_listed_is_unknown_not_absent():
    present, unknown, absent = sort_out(label_by_instances(["cup", "dog"], ["dog"], ALL, COCO80))
    assert (present, unknown) == ({"dog"}, {"cup"}) and "fork" in absent


def test_instances_say_nothing_of_categories_that_they_do_not_have():
    # A file of dogs and cats alone: silence on cars is no evidence that there are none.
    present, unknown, absent = sort_out(label_by_instances(["car"], ["dog"], {"dog", "cat"}, COCO80))
    assert present == {"dog", "car"} and absent == {"cat"}
    assert unknown == ALL - {"dog", "car", "cat"}


def test_words_of_another_list_are_left_out():
    labels = label_by_instances([], ["dog", "wardrobe"], ALL | {"wardrobe"}, COCO80)
    assert labels.present == ["dog"]


def test_a_detector_makes_absent_only_what_it_could_have_seen():
    looked_for = {"dog", "cat", "car", "bird"}
    seen = {"dog": 0.9, "cat": 0.2}
    present, unknown, absent = sort_out(label_by_detector(["kite"], seen, looked_for, SURE, COCO80))
    assert present == {"dog", "kite"}
    assert absent == {"car", "bird"}
    assert "cat" in unknown and unknown == ALL - present - absent


def test_a_word_that_captions_name_is_there_though_the_detector_saw_nothing():
    present, unknown, absent = sort_out(label_by_detector(["car"], {}, {"car", "dog"}, SURE, COCO80))
    assert (present, absent) == ({"car"}, {"dog"})


@pytest.mark.parametrize(("confidence", "is_present"), [(0.49, False), (0.5, True)])
def test_the_sure_confidence_parts_present_from_unknown(confidence, is_present):
    labels = label_by_detector([], {"dog": confidence}, {"dog"}, SURE, COCO80)
    assert ("dog" in labels.present) == is_present != ("dog" in labels.unknown)


def test_captions_alone_make_nothing_absent():
    present, unknown, absent = sort_out(label_by_captions(["dog"], COCO80))
    assert present == {"dog"} and unknown == ALL - {"dog"} and not absent
