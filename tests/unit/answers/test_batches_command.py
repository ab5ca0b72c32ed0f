"""`unscene batches` against the local Batch server: list, cancel, adopt, check."""

import json
import shlex
import shutil
import socket

import pytest
import yaml

from paid_answers import CHECKOUT, PRICES, Desk, api_config, make_requests
from unscene.answers.batch_lines import write_lines
from unscene.answers.batches import checking
from unscene.answers.batches.command import main
from unscene.answers.batches.hosts import write_command
from unscene.answers.batches.preflight import PreflightError
from unscene.answers.batches.stops import ComeBackLater, Stopped
from unscene.answers.prices import PriceError, read_prices


def read_config(desk, **changes):
    config = yaml.safe_load((CHECKOUT / "config/config.yaml").read_text())
    return config | {"api": api_config(desk.control.url, **changes)}


def run(desk, *arguments):
    main(["--directory", str(desk.folder), *arguments], lambda overlays: read_config(desk))


def submit_results(desk, requests):
    """Submit requests from where a run has them."""
    path = desk.folder / "results/keywords/requests/00000.jsonl"
    write_lines(requests, path)
    return desk.submit_files([path])


def check(desk, stage="keywords", prices=None, **changes):
    config = read_config(desk, **changes)
    state = desk.folder / "state"
    return list(checking.check_endpoint(config, prices or read_prices(PRICES), stage, state, desk.clock))


@pytest.mark.parametrize("stage", ["keywords", "captions"])
def test_a_check_sends_one_request_and_compares_bill_and_ledger(desk, server, stage):
    told = check(desk, stage)
    bill = server.bill()
    assert bill["charges"] == 1 and bill["usd"] <= 0.05
    assert any(line.startswith("answer: ok") for line in told), told
    with_usd = next(line for line in told if line.startswith("ledger: "))
    assert float(with_usd.split("$")[1].split()[0]) == pytest.approx(bill["usd"], abs=1e-6)
    assert told[-1].endswith(": equal")
    check(desk, stage)
    assert server.bill()["charges"] == 2, "each check is a request of its own"


def test_a_check_goes_request_by_request_where_there_are_no_batches(desk, server):
    told = check(desk, mode="requests")
    assert any(line.startswith("answer: ok") for line in told) and server.bill()["charges"] == 1
    assert told[-1].startswith("bill: the endpoint names no tokens")


def test_a_check_that_could_cost_more_sends_nothing(desk, server):
    dear = read_prices(PRICES)
    dear["models"]["gpt-4o"]["output"] = 1000
    with pytest.raises(PreflightError, match=r"more than \$0.05; nothing was sent"):
        check(desk, prices=dear)
    with pytest.raises(PriceError, match="has no price"):
        check(desk, model="gpt-unheard-of")
    assert server.bill()["charges"] == 0 and server.calls()["calls"] == []


def test_a_check_makes_the_folder_of_a_run_that_is_yet_to_come(desk, server, tmp_path, capsys):
    overlay, new = tmp_path / "mine.yaml", tmp_path / "runs/new"
    overlay.write_text("{}")
    with pytest.raises(SystemExit, match="runs/new is no folder"):  # the config of no run: misspelt
        main(["check", "--directory", str(new)], lambda overlays: read_config(desk))
    words = ["--directory", str(new), "--configfile", str(overlay)]
    with pytest.raises(SystemExit, match="runs/new is no folder"):
        main(["adopt", *words], lambda overlays: read_config(desk))
    assert not new.exists()
    main(["check", *words], lambda overlays: read_config(desk, mode="requests"))
    assert server.bill()["charges"] == 1 and "answer: ok" in capsys.readouterr().out
    main(["list", "--directory", str(new)])
    assert "requests without a batch: $0.0" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["check"], ["cancel", "batch_1"], ["forget", "batch_1"], ["adopt"]])
def test_without_a_configfile_the_run_s_own_config_says_which_endpoint(desk, tmp_path, words):
    """The checkout's config names api.openai.com, which has no business with another endpoint's key."""
    own, other, asked = desk.folder / "config.yaml", tmp_path / "other.yaml", []
    own.write_text("{}")
    other.write_text("{}")

    def read(overlays):
        asked.append(list(overlays))
        raise PreflightError("read")

    for more in ([], ["--configfile", str(other)]):
        with pytest.raises(SystemExit, match="read"):
            main(["--directory", str(desk.folder), *words, *more], read)
    assert asked == [[own], [other]]


@pytest.mark.parametrize("mode", ["batch", "requests"])
def test_a_check_of_a_silent_endpoint_ends_soon_and_makes_nothing(desk, mode):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]  # free again when this ends
    with pytest.raises(PreflightError, match="called 3 times.*api.outage_minutes .60") as stop:
        check(desk, base_url=f"http://127.0.0.1:{port}/v1", mode=mode)
    assert "nothing answers there" in str(stop.value) and "api.base_url" in str(stop.value)
    assert desk.clock.slept == 10 and not (desk.folder / "state").exists()


def test_a_check_of_an_endpoint_that_comes_up_goes_on(desk, server):
    server.plant_fault("batches.list", "drop_before", times=2)
    assert check(desk)[-1].endswith(": equal") and desk.clock.slept >= 10


@pytest.mark.parametrize("kind", ["status", "error_with_200", "login_page", "not_json"])
def test_a_check_asks_an_endpoint_that_has_no_batches_and_says_so_oddly(desk, server, kind):
    server.plant_fault("batches.list", kind, times=None)
    told = check(desk, mode="requests")
    assert any(line.startswith("answer: ok") for line in told) and server.bill()["charges"] == 1
    assert server.calls()["calls"].count("batches.list") == 1 and not desk.clock.slept


def test_a_check_goes_on_with_batches_after_an_error_that_is_a_reply(desk, server):
    server.plant_fault("batches.list", "status", times=2, status=503)
    assert check(desk)[-1].endswith(": equal")


def test_a_check_says_what_is_wrong_with_an_answer(desk, server):
    server.plant("message_null", times=None)
    told = check(desk)
    assert any(line.startswith("answer: failed") for line in told)


def test_list_has_the_cost_of_each_batch(desk, server, capsys):
    desk.submit(make_requests(8), requests_per_file=4)
    run(desk, "list")
    lines = capsys.readouterr().out.splitlines()
    with_batch = [line for line in lines if " batch_" in line]
    dollars = [float(line.split("$")[1].split()[0]) for line in with_batch]
    assert len(dollars) >= 2 and sum(dollars) == pytest.approx(server.bill()["usd"], abs=1e-3)
    assert lines[-1].endswith("at most $0.0000 under way")


def test_cancel_ends_a_batch_and_the_next_run_books_it(desk, server, capsys):
    requests = make_requests(4)
    with pytest.raises(ComeBackLater):
        desk.submit(requests, wait=False)
    row = desk.ledger().list_batches("submitted")[0]
    run(desk, "cancel", row["batch_id"])
    assert "is being cancelled" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="no batch batch_none"):
        run(desk, "cancel", "batch_none")
    assert desk.submit(requests)["ends"]["done"] == 4
    assert desk.ledger().sum_usd() == pytest.approx(server.bill()["usd"], abs=1e-6)


@pytest.mark.parametrize(
    ("kind", "answered"), [("lines_missing", 3), ("truncated_at_a_line", 3), ("empty_file", 0)]
)
def test_forget_takes_what_was_downloaded_and_books_the_rest_at_its_worst(
    desk, server, capsys, kind, answered
):
    """Half of the lines never come: the other half is used, and not asked again."""
    requests = make_requests(6)
    server.plant(kind, part=0.5, times=None)
    with pytest.raises(Stopped, match="forget") as stop:
        desk.submit(requests)
    command = shlex.split(str(stop.value).rsplit("unscene batches ", 1)[1])
    server.clear_faults()
    main(command, lambda overlays: read_config(desk))
    told = capsys.readouterr().out
    assert f"{answered} of 6 requests are answered" in told
    ledger = desk.ledger()
    (row,) = ledger.list_batches("settled")
    assert row["lost_usd"] == pytest.approx((6 - answered) / 6 * row["worst_usd"], rel=0.1)
    assert ledger.sum_usd() >= server.bill()["usd"] and ledger.sum_worst_usd() == 0
    assert f"${ledger.sum_usd():.4f} are booked" in told
    assert desk.submit(requests)["ends"]["done"] == 6
    assert server.bill()["charges"] == 6 + 6 - answered and ledger.sum_usd() >= server.bill()["usd"]
    with pytest.raises(SystemExit, match="is under way here"):
        main(command, lambda overlays: read_config(desk))


def test_adopt_rebuilds_a_lost_ledger_and_nothing_is_paid_twice(desk, server, capsys):
    requests = make_requests(4)
    submit_results(desk, requests)
    bill = server.bill()
    shutil.rmtree(desk.folder / "state")
    run(desk, "adopt")
    assert "requests of stage keywords" in capsys.readouterr().out
    assert submit_results(desk, requests)["ends"]["done"] == 4 and server.bill() == bill
    run(desk, "adopt")
    assert "no batch of this program that is not known" in capsys.readouterr().out


def test_adopt_leaves_what_another_run_directory_asks(desk, server, tmp_path, capsys):
    desk.submit(make_requests(4))
    other = Desk(tmp_path / "other", server)
    write_lines(make_requests(6)[4:], other.folder / "results/keywords/requests/00000.jsonl")
    run(other, "adopt")
    assert "not taken over" in capsys.readouterr().out and not other.ledger().list_batch_ids()
    run(other, "adopt", "--all")
    assert other.ledger().list_batch_ids() == desk.ledger().list_batch_ids()


def test_commands_of_messages_reach_the_run_s_endpoint_without_its_config(desk, server, monkeypatch, capsys):
    """They are copied as printed: the config of the checkout names api.openai.com."""
    with pytest.raises(ComeBackLater):
        desk.submit(make_requests(4), wait=False)
    row = desk.ledger().list_batches("submitted")[0]
    program, *words = shlex.split(write_command(desk.ledger_folder, f"cancel {row['batch_id']}"))
    assert program == "unscene" and words.pop(0) == "batches"
    monkeypatch.setenv("UNSCENE_REFUSE_HOSTS", "api.openai.com")
    default = read_config(desk, base_url=None)
    main(words, lambda overlays: default)
    assert "is being cancelled" in capsys.readouterr().out
    main(shlex.split(write_command(desk.ledger_folder, "adopt"))[2:], lambda overlays: default)


def test_a_batch_is_not_cancelled_at_another_host(desk, server, tmp_path):
    with pytest.raises(ComeBackLater):
        desk.submit(make_requests(4), wait=False)
    (batch_id,) = desk.ledger().list_batch_ids()
    overlay = tmp_path / "other.yaml"
    overlay.write_text("{}")
    calls = len(server.calls()["calls"])
    words = ["--directory", str(desk.folder), "cancel", "--configfile", str(overlay), batch_id]
    with pytest.raises(SystemExit, match="belongs to localhost, .*api.openai.com"):
        main(words, lambda overlays: read_config(desk, base_url=None))
    assert len(server.calls()["calls"]) == calls
    main(words, lambda overlays: read_config(desk))
    with pytest.raises(SystemExit):
        main(words[:-1], lambda overlays: read_config(desk))


def test_a_key_that_no_header_can_hold_is_not_printed(desk, monkeypatch, capsys):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret\r\nx")
    with pytest.raises(SystemExit) as stop:
        run(desk, "adopt")
    assert "no usable key" in str(stop.value.code) and "secret" not in str(stop.value.code)


def test_the_request_of_a_check_is_the_run_s_own_prompt(desk):
    request = checking._make_request(read_config(desk), "keywords")
    (asked,) = make_requests(1, size=1)
    assert request["body"]["messages"][0] == asked["body"]["messages"][0]
    assert json.dumps(request["body"]["response_format"]) == json.dumps(asked["body"]["response_format"])
