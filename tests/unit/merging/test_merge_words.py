"""What a merge says of itself: what it did or would do, what does not do, and how the run goes on."""

from collections import Counter

from unscene.merging.adoption import Merged
from unscene.merging.merge import format_merged

LINE = "snakemake --directory whole"


def test_a_merge_that_only_judged_says_so():
    found = Merged(adopted=Counter({"/copy": 3}), left=Counter({"join_masks": 1}))
    judged, done = (format_merged(found, LINE, changes) for changes in (False, True))
    assert "would be adopted: 3 jobs" in judged and LINE not in judged and "nothing was changed" in judged
    assert done.startswith("adopted: 3 jobs (3 of /copy)") and done.endswith(f"go on with: {LINE}")
    found.adopted.clear()  # all is here already
    assert format_merged(found, LINE, changes=False).endswith(f"go on with: {LINE}")


def test_results_without_a_record_are_named_and_count():
    found = Merged(unrecorded={"/copy": [f"read_samples of a-{shard}-of-9" for shard in range(6)]})
    assert not found.is_whole and Merged().is_whole
    told = format_merged(found, LINE)
    assert "how 6 results came: read_samples of a-0-of-9" in told and "and 2 more" in told
    assert "copy `results/records`" in told


def test_what_is_left_is_a_line_that_names_the_work_on_shards():
    left = Counter({f"train_{number}": 9 for number in range(40)}) + Counter({"remove_objects": 2})
    told = format_merged(Merged(left=left, left_of_shards=Counter({"remove_objects": 2})), LINE)
    after = "of shards remove_objects (2), and what follows from them; 360 jobs on all shards"
    assert f"the run still makes: {after}" in told
    assert "the run still makes: 360 jobs on all shards" in format_merged(
        Merged(left=left - Counter({"remove_objects": 2})), LINE
    )
