"""What the endpoint refuses: a caption, a field of all requests, a look at a batch."""

import pytest

from paid_answers import make_requests
from unscene.answers.batches.driver import Stopped


@pytest.mark.parametrize("said_by", ["error", "validation"])
def test_a_caption_that_is_flagged_otherwise_becomes_a_row_too(desk, server, said_by):
    """By a line without a response, or when the file is read."""
    desk.submit(make_requests(4, first=500))
    server.set(flagged_texts=["scene 2-1"], refused_by=said_by)
    ends = desk.submit(make_requests(8))["ends"]
    assert ends["done"] == 7 + 3 and sum(ends.values()) == 7 + 4
    assert server.bill()["double_billed"] == 0


def test_a_caption_that_is_flagged_becomes_a_row_and_stops_nothing(desk, server):
    """A status 400 for one caption: its prompt is split until it stands alone."""
    for first, code, end in ((0, "invalid_prompt", "refused"), (20, "string_above_max_length", "faulty")):
        server.set(flagged_texts=[f"scene {first + 2}-1"], flag_code=code)
        summary = desk.submit(make_requests(8, first=first))
        assert summary["ends"] == {"refused": 0, "done": 7 + 3} | {end: 1} and summary["followups"] == 4
    assert server.bill()["double_billed"] == 0


def test_requests_that_are_all_called_wrong_stop_with_the_reason(desk, server):
    requests = make_requests(8)
    server.set(refused_fields=["temperature"])
    for _ in range(2):
        with pytest.raises(Stopped, match="calls 8 of 8 requests wrong"):
            desk.submit(requests)
    server.set(refused_fields=[])
    assert desk.submit(requests)["ends"]["done"] == 8 and server.bill()["charges"] == 8


@pytest.mark.parametrize("count", [1, 2, 8, 120])
@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("said_by", ["response", "error", "validation"])
def test_a_field_that_is_refused_is_no_request_s_fault(desk, server, said_by, is_first, count):
    """Whoever is refused for it is asked again when the server is mended, however few they are."""
    if not is_first:
        desk.submit(make_requests(4, first=500))
    before = server.bill()["charges"]
    requests = make_requests(count, size=1)
    server.set(refused_fields=["temperature"], refused_by=said_by)
    for _ in range(2):
        with pytest.raises(Stopped, match="requests wrong|refused as a whole"):
            desk.submit(requests)
    assert server.bill()["charges"] == before
    server.set(refused_fields=[])
    assert desk.submit(requests)["ends"] == {"done": count, "refused": 0}


@pytest.mark.parametrize("said_by", ["response", "validation"])
def test_a_first_refusal_that_names_no_field_is_not_remembered_either(desk, server, said_by):
    server.set(refused_fields=["temperature"], refused_by=said_by, refused_param=False)
    for _ in range(2):
        with pytest.raises(Stopped, match="requests wrong|refused as a whole"):
            desk.submit(make_requests(1, size=1))
    server.set(refused_fields=[])
    assert desk.submit(make_requests(1, size=1))["ends"]["done"] == 1


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_request_is_not_at_fault_for_the_key_or_the_model(desk, server, status):
    """Few lines are refused for what is no matter of the request: it is asked again when that is mended."""
    desk.submit(make_requests(4, first=500))
    server.plant("lines_fail", part=1.0, code=f"status_{status}", times=None)
    requests = make_requests(2, size=1)
    with pytest.raises(Stopped, match="calls 2 of 2 requests wrong"):
        desk.submit(requests)
    server.clear_faults()
    assert desk.submit(requests)["ends"]["done"] == 2


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_batch_that_is_refused_keeps_no_other_from_being_collected(desk, server, status):
    """The first of three batches cannot be looked at: the others are collected, nothing is lost."""
    requests = make_requests(6)
    server.plant_fault("batches.retrieve", "status", status=status, times=None, batch=1)
    with pytest.raises(Stopped, match="Nothing is booked as lost|nothing is lost"):
        desk.submit(requests, requests_per_file=2)
    assert len(desk.list_answered(requests)) in (4, 6)
    server.clear_faults()
    assert desk.submit(requests)["ends"]["done"] == 6 and server.bill()["double_billed"] == 0
