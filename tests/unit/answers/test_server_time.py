"""Times that a server tells: its `Date`, and how long it wants to be left alone."""

import pytest

from told_server import METADATA, PAGE, Beat, error
from unscene.answers.batches.client import NotFound, RateLimited, Unanswered
from unscene.answers.batches.server_time import ServerTime, read_retry_after


def test_the_server_s_time_is_its_last_date_and_what_has_passed_since():
    beat = Beat()
    server_time = ServerTime(beat)
    assert server_time.now() is None
    server_time.note({"date": "Tue, 14 Nov 2023 22:13:20 GMT", "age": "30"})
    beat.at += 12
    assert server_time.now() == 1_700_000_042
    for rubbish in ({}, {"date": "soon"}, {"date": "Tue, 99 Nov 2023 22:13:20 GMT"}):
        server_time.note(rubbish)
    assert server_time.now() == 1_700_000_042


def test_a_page_of_a_proxy_tells_no_time(told_server):
    told_server.say(PAGE, Date="Tue, 14 Nov 2000 22:13:20 GMT")
    with pytest.raises(Unanswered):
        told_server.api.retrieve_batch("batch_1")
    assert told_server.api.server_now() is None
    told_server.replies.clear()
    told_server.say(error(), 404, Date="Tue, 14 Nov 2023 22:13:20 GMT")
    with pytest.raises(NotFound):
        told_server.api.retrieve_batch("batch_1")
    assert told_server.api.server_now() == pytest.approx(1.7e9, abs=5)


NOW = "Tue, 14 Nov 2023 22:13:20 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "7.5"}, 7.5),
        ({"retry-after": "0"}, 1.0),
        ({"retry-after": "86400"}, 3600.0),
        ({"retry-after": "999999999999"}, 3600.0),
        ({"retry-after-ms": "2500", "retry-after": "60"}, 2.5),
        ({"retry-after-ms": "soon", "retry-after": "60"}, 60.0),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:50 GMT", "date": NOW}, 30.0),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:50 GMT"}, 20.0),  # against the server's time so far
        ({"retry-after": "Tue, 14 Nov 2023 21:00:00 GMT", "date": NOW}, 1.0),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1_000"}, None),
        ({"retry-after": "\u0661\u0660"}, None),
        ({"retry-after": "a while"}, None),
        ({"retry-after": "1e9"}, None),
        ({"retry-after": ""}, None),
    ],
)
def test_retry_after(headers, seconds):
    assert read_retry_after(headers, 1_700_000_010.0) == seconds


def test_a_rate_limit_tells_its_wait(told_server):
    told_server.say(error("rate_limit_exceeded"), 429, retry_after="Tue, 14 Nov 2023 22:14:00 GMT", date=NOW)
    with pytest.raises(RateLimited) as caught:
        told_server.api.create_batch("file_1", METADATA)
    assert caught.value.retry_after == 40
