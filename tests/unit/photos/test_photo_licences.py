"""Whether an edit of a photo may be shared, by what sources say."""

import pytest

from unscene.photos.licences import why_not_shared

CC = "http://creativecommons.org/licenses"


@pytest.mark.parametrize(
    ("name", "url"),
    [
        # COCO's eight, as its files have them, but those that forbid edits.
        ("Attribution-NonCommercial-ShareAlike License", f"{CC}/by-nc-sa/2.0/"),
        ("Attribution-NonCommercial License", f"{CC}/by-nc/2.0/"),
        ("Attribution License", f"{CC}/by/2.0/"),
        ("Attribution-ShareAlike License", f"{CC}/by-sa/2.0/"),
        ("No known copyright restrictions", "http://flickr.com/commons/usage/"),
        ("United States Government Work", "http://www.usa.gov/copyright.shtml"),
        # As tables have them.
        ("CC BY 4.0", None),
        ("CC-BY-SA-4.0", None),
        ("cc0", None),
        (None, f"{CC}/by-nc-sa/4.0/deed.de"),
        (None, "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("Public Domain", None),
    ],
)
def test_edits_may_be_shared(name, url):
    assert why_not_shared(name, url) is None


@pytest.mark.parametrize(
    ("name", "url", "why"),
    [
        ("Attribution-NonCommercial-NoDerivs License", f"{CC}/by-nc-nd/2.0/", "no edits"),
        ("Attribution-NoDerivs License", f"{CC}/by-nd/2.0/", "no edits"),
        ("Attribution-NoDerivs License", None, "no edits"),
        ("CC BY-NC-ND 2.0", None, "no edits"),
        ("CC BY-ND", None, "no edits"),
        ("Creative Commons Attribution-NoDerivatives 4.0", None, "no edits"),
        ("Attribution License", f"{CC}/by-nd/2.0/", "no edits"),  # the address is exact
        ("All Rights Reserved", None, "not known"),
        ("Getty", None, "not known"),
        (None, "https://example.org/terms", "not known"),
        ("", "", "states no licence"),
        (None, None, "states no licence"),
    ],
)
def test_edits_may_not_be_shared(name, url, why):
    assert why in why_not_shared(name, url)


def test_an_owner_may_say_so():
    assert why_not_shared(None, None, frozenset({"not stated"})) is None
    assert why_not_shared("Our museum", None, frozenset({"Our museum"})) is None
    assert why_not_shared("Another", None, frozenset({"Our museum"})) is not None
