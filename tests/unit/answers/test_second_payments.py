"""Answers that were paid for already: they are announced before anything is paid again, taken over
where they lie, and asked anew only when that is said.
"""

import shutil

import pytest

from paid_answers import PRICES, Desk, make_requests
from unscene.answers.batch_lines import build_answer, canonical_json, write_lines
from unscene.answers.batches import announcing
from unscene.answers.batches.adopting import adopt_batches, cancel_batch
from unscene.answers.batches.announcing import SecondPayment
from unscene.answers.batches.client import ApiClient
from unscene.answers.batches.ledger import Ledger
from unscene.answers.batches.outcomes import OK
from unscene.answers.batches.stops import ComeBackLater, Stopped
from unscene.answers.endpoints import Endpoint
from unscene.answers.prices import PriceError, read_prices


def test_a_lost_state_is_announced_and_rebuilt_from_the_endpoint_s_list(desk, server):
    requests = make_requests(6)
    desk.submit(requests, requests_per_file=4)
    spent = server.bill()["usd"]
    shutil.rmtree(desk.folder / "state")
    for _ in range(2):  # whatever the cut into files is
        with pytest.raises(
            SecondPayment, match=r"the endpoint has 2 batches \(6 requests: .*batches adopt.*costs"
        ):
            desk.submit(requests)
    assert server.bill()["usd"] == spent
    ledger = desk.ledger()
    told = adopt_batches(desk.api(), ledger, read_prices(PRICES))
    assert len(told) == 2 and "requests of stage keywords, completed" in told[0]
    assert adopt_batches(desk.api(), ledger, read_prices(PRICES)) == []
    assert ledger.sum_worst_usd() > 0
    ledger.close()
    summary = desk.submit(requests)
    assert summary["ends"]["done"] == 6 and summary["usd"] == pytest.approx(spent, abs=1e-6)
    assert server.bill()["usd"] == spent


def test_new_requests_beside_known_ones_are_no_second_payment(desk, server):
    desk.submit(make_requests(3))
    desk.submit(make_requests(3, first=10), stage="captions")
    assert desk.submit(make_requests(6))["ends"]["done"] == 6


def test_a_second_payment_is_made_when_it_is_asked_for(desk, server):
    desk.submit(make_requests(3))
    shutil.rmtree(desk.folder / "state")
    assert desk.submit(make_requests(3), pay_again=True)["ends"]["done"] == 3
    assert server.bill()["double_billed"] == 3


def test_what_has_no_price_is_said_before_what_it_would_cost_again(desk):
    requests = make_requests(3)
    desk.submit(requests)
    shutil.rmtree(desk.folder / "state")
    for request in requests:
        request["body"]["model"] = "gpt-unheard-of"
    with pytest.raises(PriceError, match="gpt-unheard-of.* has no price"):
        desk.submit(requests)


def test_a_copied_state_says_so_before_it_pays_for_what_the_other_asked(desk, server, tmp_path):
    desk.submit(make_requests(2))
    other = Desk(tmp_path / "copy", server)
    shutil.copytree(desk.folder / "state", other.folder / "state")
    desk.submit(make_requests(4))
    with pytest.raises(SecondPayment, match="deleted or copied"):
        other.submit(make_requests(4))


@pytest.mark.parametrize("step", ["upload", "create_batch"])
def test_an_old_copy_of_the_state_does_not_pay_for_what_it_had_not_sent(desk, server, step, monkeypatch):
    """A run that dies before it sends leaves an intent; the state is put back to that later."""
    requests = make_requests(3)
    state, copy = desk.folder / "state", desk.folder / "copy"
    owner, name = {"upload": (ApiClient, "upload"), "create_batch": (Ledger, "record_try")}[step]
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(owner, name, die)
        desk.submit(requests)
    shutil.copytree(state, copy)
    desk.submit(requests)
    shutil.rmtree(state)
    shutil.move(copy, state)
    with pytest.raises(SecondPayment, match=r"1 batch \(3 requests.*deleted or copied"):
        desk.submit(requests)
    assert server.bill()["bodies_paid_twice"] == 0


def die(*arguments):
    raise KeyboardInterrupt


def test_raw_answers_without_a_ledger_are_announced(desk, server):
    requests = make_requests(3)
    folder = desk.folder / "results" / "keywords"
    (folder / "raw").mkdir(parents=True)
    (folder / "requests").mkdir()
    write_lines(requests, folder / "requests" / "a.jsonl")
    write_lines(
        (build_answer(request, "gpt-4o", [{"w": []}] * 4) for request in requests), folder / "raw" / "a.jsonl"
    )
    with pytest.raises(SecondPayment, match=r"3 of them are answered in .*raw, and .*was state/ deleted"):
        desk.submit_files([folder / "requests" / "a.jsonl"])


def test_answers_of_another_endpoint_and_other_prompts_are_announced(desk, server, monkeypatch):
    requests = make_requests(3)
    other = Ledger(desk.folder / "state/api/api.openai.com")
    for request in requests[:2]:
        line = canonical_json(build_answer(request, "gpt-4o", [{"w": []}] * 4))
        other.add_answer("keywords", (request["custom_id"], OK, 1, 1, 0.5, line))
    other.close()
    with pytest.raises(SecondPayment, match="2 of them were answered by api.openai.com .*base_url back"):
        desk.submit(requests)
    shutil.rmtree(desk.folder / "state")
    desk.submit(requests)
    paid = Endpoint("paid", hosts=("127.0.0.1",))
    monkeypatch.setattr(announcing, "find_endpoint", lambda url: paid)
    with pytest.raises(SecondPayment, match=r"stage keywords has 3 paid answers .* to other prompts"):
        desk.submit(make_requests(3, size=2))
    desk.submit(make_requests(5))  # some of them are answered: a source was added


def test_a_batch_is_cancelled_and_what_it_has_done_is_kept(desk, server):
    requests = make_requests(4)
    with pytest.raises(ComeBackLater):
        desk.submit(requests, wait=False)
    ledger = desk.ledger()
    (row,) = ledger.list_batches("submitted")
    assert not cancel_batch(desk.api(), ledger, "batch_of_nobody")
    assert cancel_batch(desk.api(), ledger, row["batch_id"])
    ledger.close()
    assert desk.submit(requests)["ends"]["done"] == 4 and server.bill()["double_billed"] == 0


def test_the_first_request_of_a_prompt_goes_alone(desk, server):
    requests = make_requests(100, size=1)
    summary = desk.submit(requests)
    assert [batch["requests"] for batch in summary["batches"]] == [1, 99]
    assert summary["batches"][0]["created_at"] < summary["batches"][1]["created_at"]
    more = desk.submit(make_requests(220, size=1))["batches"]
    assert [batch["requests"] for batch in more] == [1, 99, 120], "a prompt that was answered is known"


def test_a_first_answer_that_cannot_be_used_stops_at_the_price_of_one(desk, server):
    server.plant("content_fenced")
    with pytest.raises(Stopped, match="sent alone.*were not sent. What came back: .*```json"):
        desk.submit(make_requests(100, size=1))
    assert server.bill()["charges"] == 1
