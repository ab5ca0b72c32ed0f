"""Closed lists for the checks of a caption: words of the photo and of its time, which name nothing on it."""

from unscene.words.closed_lists import closed_list

SCENES = closed_list("photo photograph picture image view scene snapshot")
# When it was: a caption that leaves it out shows the same.
MOMENTS = closed_list(
    "night day evening morning afternoon daytime dusk dawn sunset days week weeks weekend month months year"
    " years hour hours minute minutes century decade"
    " monday tuesday wednesday thursday friday saturday sunday"
)
WHEN = closed_list("before during after")
