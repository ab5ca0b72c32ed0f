"""The local Batch server, through the real client: states, limits, oddities, faults and the bill;
every reply is of the API's types.
"""

import json
import re
import subprocess
import sys

import openai
import pytest
from openai.types import Batch, FileDeleted, FileObject, Model
from openai.types.chat import ChatCompletion

from batch_server.running import ControlError, LoopbackOnly, open_socket, run_server
from plain_requests import make_request, read_result, read_rows

DAY = 24 * 3600
TYPES = {"batch": Batch, "file": FileObject, "model": Model, "chat.completion": ChatCompletion}


def validate(reply):
    """Check a reply of the API's own routes against the types of the client's package; errors
    against their form.
    """
    if "json" not in reply.headers.get("content-type", ""):
        return
    reply.read()
    value = reply.json()
    assert re.fullmatch(r"req_\w+", reply.headers["x-request-id"]) and "date" in reply.headers
    if reply.status_code >= 400:
        assert set(value) == {"detail"} or set(value["error"]) == {"message", "type", "param", "code"}
        return
    for entry in value["data"] if value["object"] == "list" else [value]:
        kind = FileDeleted if entry.get("deleted") else TYPES[entry["object"]]
        kind.model_validate(entry, strict=True)
        assert set(entry) <= set(kind.model_fields), "a field that the API does not have"


def make_client(server, key="unscene-local-server", **options):
    hooks = {"response": [validate]}
    http_client = openai.DefaultHttpx2Client(event_hooks=hooks)
    return openai.OpenAI(api_key=key, base_url=server.url, max_retries=0, http_client=http_client, **options)


@pytest.fixture
def client(batch_server):
    with make_client(batch_server) as client:
        yield client


def make_requests(count, size=2, model="gpt-4o"):
    return [
        make_request([f"A dog {p} beside cat {i}." for i in range(size)], model=model) for p in range(count)
    ]


def upload(client, requests, **changes):
    content = "".join(json.dumps(request) + "\n" for request in requests).encode()
    return client.files.create(file=("requests.jsonl", content), purpose="batch", **changes)


def create(client, requests, **changes):
    file = upload(client, requests)
    options = {"endpoint": "/v1/chat/completions", "completion_window": "24h", **changes}
    return client.batches.create(input_file_id=file.id, **options)


def download(client, file_id, path):
    with client.files.with_streaming_response.content(file_id) as reply:
        reply.stream_to_file(path)
    return read_result(path)


def finish(server, client, batch, seconds=3600):
    server.advance(seconds)
    return client.batches.retrieve(batch.id)


def test_a_batch_lives_through_all_states_and_its_answers_are_shuffled(batch_server, client, tmp_path):
    requests = make_requests(40)
    batch = create(client, requests, metadata={"shard": "s1"})
    assert batch.status == "validating" and batch.expires_at == batch.created_at + DAY
    assert batch.metadata == {"shard": "s1"} and batch.usage is None and batch.errors is None
    states = []
    for _ in range(8):
        batch_server.advance(1.5)
        batch = client.batches.retrieve(batch.id)
        counts = batch.request_counts
        states.append((batch.status, counts.completed))
    assert [state for state, _ in dict.fromkeys(states)][0] == "validating"
    assert {state for state, _ in states} == {"validating", "in_progress", "finalizing", "completed"}
    done = [count for _, count in states]
    assert done == sorted(done) and len(set(done)) >= 3 and (counts.total, counts.failed) == (40, 0)
    assert batch.in_progress_at == batch.created_at + 5 and batch.completed_at == batch.created_at + 12
    assert batch.model == "gpt-4o" and batch.error_file_id is None
    answers = download(client, batch.output_file_id, tmp_path / "raw.jsonl")
    wanted = [request["custom_id"] for request in requests]
    assert sorted(answers) == sorted(wanted) and list(answers) != wanted
    for answer in answers.values():
        ChatCompletion.model_validate(answer["response"]["body"], strict=True)
        assert [row["w"] for row in read_rows(answer["response"]["body"]).values()] == [["cat", "dog"]] * 2
    bill = batch_server.bill()
    assert (bill["requests"], bill["charges"], bill["double_billed"], bill["open_batches"]) == (40, 40, 0, [])
    assert bill["input_tokens"] == batch.usage.input_tokens and bill["usd"] == pytest.approx(
        (1.25 * batch.usage.input_tokens + 5 * batch.usage.output_tokens) / 1e6
    )
    finish(batch_server, client, create(client, requests[:3]))
    assert batch_server.bill(items=False)["double_billed"] == 3


def test_equal_calls_give_equal_answers_in_equal_order_under_new_ids(tmp_path):
    def run():
        with run_server() as server, make_client(server) as client:
            server.plant_errors(seed=4, noise=0.3)
            batch = finish(server, client, create(client, make_requests(10)))
            answers = download(client, batch.output_file_id, tmp_path / "a")
            contents = [a["response"]["body"]["choices"][0]["message"] for a in answers.values()]
            return batch.id, list(answers), contents

    (first_id, *first), (second_id, *second) = run(), run()
    assert first == second and first_id != second_id


def test_wrong_and_missing_keys_are_401(batch_server):
    for key in ("sk-wrong", "locals"):
        with make_client(batch_server, key) as client, pytest.raises(openai.AuthenticationError) as caught:
            client.models.retrieve("gpt-4o")
        assert caught.value.code == "invalid_api_key"


def test_models_say_when_they_end_and_end_then(batch_server, client):
    assert client.models.retrieve("gpt-4o").shutdown_date == "2027-01-14"
    assert client.models.retrieve("gpt-6-luna").shutdown_date is None
    assert {"gpt-4o", "gpt-6-luna"} <= {model.id for model in client.models.list()}
    with pytest.raises(openai.NotFoundError, match="gpt-99"):
        client.models.retrieve("gpt-99")
    batch_server.advance(90 * DAY * 12)
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-4o")


def test_files_are_listed_described_deleted_and_expire(batch_server, client):
    first = upload(client, make_requests(1))
    second = upload(client, make_requests(2), expires_after={"anchor": "created_at", "seconds": 3600})
    assert first.purpose == "batch" and first.filename == "requests.jsonl"
    assert client.files.content(first.id).content.count(b"\n") == 1
    assert [file.id for file in client.files.list()] == [second.id, first.id]
    assert [file.id for file in client.files.list(limit=1)] == [second.id, first.id]  # two pages
    batch_server.advance(3600)
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(second.id)
    assert client.files.delete(first.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.files.content(first.id)
    batch = finish(
        batch_server,
        client,
        create(client, make_requests(1), output_expires_after={"anchor": "created_at", "seconds": 7200}),
    )
    client.files.retrieve(batch.output_file_id)
    batch_server.advance(7200)
    with pytest.raises(openai.NotFoundError):
        client.files.content(batch.output_file_id)


def test_batches_are_listed_newest_first_by_cursor(batch_server, client):
    ids = [create(client, make_requests(1), metadata={"n": str(i)}).id for i in range(7)]
    page = client.batches.list(limit=3)
    assert [batch.id for batch in page.data] == ids[:3:-1] and page.has_more
    assert [batch.id for batch in client.batches.list(limit=3)] == ids[::-1]
    last = client.batches.list(limit=3, after=ids[1])
    assert [batch.id for batch in last.data] == [ids[0]] and not last.has_more
    for limit in (0, 101):
        with pytest.raises(openai.BadRequestError):
            client.batches.list(limit=limit)


def test_what_is_wrong_with_a_batch_itself_is_said_at_once(client):
    for changes, match in (
        ({"completion_window": "1h"}, "24h"),
        ({"endpoint": "/v1/nothing"}, "endpoint"),
        ({"metadata": {f"k{i}": "v" for i in range(17)}}, "metadata"),
        ({"metadata": {"k" * 65: "v"}}, "metadata"),
        ({"metadata": {"k": "v" * 513}}, "metadata"),
        ({"output_expires_after": {"anchor": "created_at", "seconds": 60}}, "output_expires_after"),
    ):
        with pytest.raises(openai.BadRequestError, match=match):
            create(client, make_requests(1), **changes)


def test_unknown_files_and_other_purposes_are_refused_at_once(client):
    options = {"endpoint": "/v1/chat/completions", "completion_window": "24h"}
    with pytest.raises(openai.BadRequestError, match="file-none"):
        client.batches.create(input_file_id="file-none", **options)
    other = client.files.create(file=("a.txt", b"text"), purpose="user_data")
    with pytest.raises(openai.BadRequestError, match="purpose"):
        client.batches.create(input_file_id=other.id, **options)


def broken(kind):
    first, second = make_requests(2)
    texts = {
        "json": [first, "{cut"],
        "missing": [first, {key: value for key, value in second.items() if key != "method"}],
        "duplicate": [first, first],
        "url": [first, {**second, "url": "/v1/embeddings"}],
        "model": [first, *make_requests(1, model="gpt-6-luna")],
        "unknown": make_requests(1, model="gpt-99"),
        "stream": [{**first, "body": {**first["body"], "stream": True}}],
        "empty": [],
    }[kind]
    return [text if isinstance(text, str) else json.dumps(text) for text in texts]


def test_what_is_wrong_with_lines_comes_out_later(batch_server, client):
    options = {"endpoint": "/v1/chat/completions", "completion_window": "24h"}
    cases = {
        "json": 2,
        "missing": 2,
        "duplicate": 2,
        "url": 2,
        "model": 2,
        "unknown": None,
        "stream": 1,
        "empty": None,
    }
    for kind, line in cases.items():
        file = client.files.create(file=("a.jsonl", "\n".join(broken(kind)).encode()), purpose="batch")
        batch = client.batches.create(input_file_id=file.id, **options)
        assert batch.status == "validating"
        batch = finish(batch_server, client, batch)
        (error,) = batch.errors.data
        assert (kind, batch.status, error.line) == (kind, "failed", line) and error.code and error.message
        assert kind != "missing" or error.code == "missing_required_parameter"
        assert batch.output_file_id is None and batch.error_file_id is None
    assert batch_server.bill()["charges"] == 0


def test_limits_of_requests_bytes_tokens_and_money(batch_server, client):
    def fate(count):
        return finish(batch_server, client, create(client, make_requests(count)))

    batch_server.set(max_requests=3)
    assert (fate(3).status, fate(4).status) == ("completed", "failed")
    batch_server.set(max_bytes=1000)
    assert fate(2).status == "failed"
    tokens = client.batches.list().data[-1].usage.input_tokens // 3
    batch_server.set(max_bytes=10**8, enqueued_tokens=int(2.5 * tokens))
    first, second = create(client, make_requests(2)), create(client, make_requests(1))
    batch_server.advance(5)
    assert client.batches.retrieve(first.id).status == "in_progress"
    failed = client.batches.retrieve(second.id)
    assert (failed.status, failed.errors.data[0].code) == ("failed", "token_limit_exceeded")
    batch_server.advance(3600)
    assert fate(1).status == "completed"
    batch_server.set(hard_limit_usd=0)
    assert fate(1).errors.data[0].code == "billing_hard_limit_reached"
    with pytest.raises(ControlError, match="max_request"):
        batch_server.set(max_request=3)


def test_partial_failure_and_all_failed(batch_server, client, tmp_path):
    batch_server.set(line_errors=0.3, troubled_batches=1)
    requests = make_requests(60)
    batch = finish(batch_server, client, create(client, requests))
    good = download(client, batch.output_file_id, tmp_path / "good")
    bad = download(client, batch.error_file_id, tmp_path / "bad")
    assert not set(good) & set(bad) and len(good) + len(bad) == 60 and 5 <= len(bad) <= 32
    assert {line["response"]["status_code"] for line in bad.values()} == {500}
    assert (batch.request_counts.completed, batch.request_counts.failed) == (len(good), len(bad))
    assert batch_server.bill()["charges"] == len(good)
    assert finish(batch_server, client, create(client, requests)).request_counts.failed == 0
    batch_server.set(line_errors=1.0, troubled_batches=None, line_error="request_timeout")
    batch = finish(batch_server, client, create(client, requests))
    assert (batch.status, batch.output_file_id) == ("completed", None)
    bad = download(client, batch.error_file_id, tmp_path / "bad")
    assert {(line["response"], line["error"]["code"]) for line in bad.values()} == {(None, "request_timeout")}
    batch_server.set(line_error="status_0")
    batch = finish(batch_server, client, create(client, requests))
    assert batch.request_counts.failed == 0 and batch.error_file_id is None
    odd = download(client, batch.output_file_id, tmp_path / "odd")
    assert {line["response"]["status_code"] for line in odd.values()} == {0}


def test_expiry_keeps_and_charges_what_was_done(batch_server, client, tmp_path):
    batch_server.set(stall_share=0.4, troubled_batches=1)
    batch = create(client, make_requests(50))
    batch_server.advance(DAY - 60)
    stuck = client.batches.retrieve(batch.id)
    assert (stuck.status, stuck.request_counts.completed) == ("in_progress", 20)
    batch = finish(batch_server, client, batch, 60)
    assert batch.status == "expired" and batch.expired_at == batch.expires_at
    assert len(download(client, batch.output_file_id, tmp_path / "good")) == 20
    rest = download(client, batch.error_file_id, tmp_path / "bad")
    assert len(rest) == 30 and {line["error"]["code"] for line in rest.values()} == {"batch_expired"}
    assert batch_server.bill()["charges"] == 20
    again = create(client, [r for r in make_requests(50) if r["custom_id"] in rest])
    assert finish(batch_server, client, again).status == "completed"
    assert batch_server.bill()["charges"] == 50 and batch_server.bill()["double_billed"] == 0


def test_cancelling_takes_a_while_and_keeps_what_was_done(batch_server, client, tmp_path):
    batch_server.set(expires=False, stall_share=0.5)
    batch = create(client, make_requests(10))
    batch_server.advance(3 * DAY)
    assert client.batches.retrieve(batch.id).status == "in_progress"
    assert client.batches.cancel(batch.id).status == "cancelling"
    with pytest.raises(openai.ConflictError):
        client.batches.cancel(batch.id)
    batch = finish(batch_server, client, batch, 60)
    assert batch.status == "cancelled" and batch.cancelled_at == batch.cancelling_at + 60
    assert len(download(client, batch.output_file_id, tmp_path / "good")) == 5
    rest = download(client, batch.error_file_id, tmp_path / "bad")
    assert {line["error"]["code"] for line in rest.values()} == {"batch_cancelled"} and len(rest) == 5


def test_answers_at_once_are_those_of_a_batch_and_batches_can_be_missing(batch_server, client, tmp_path):
    (request,) = make_requests(1)
    batch = finish(batch_server, client, create(client, [request]))
    answer = download(client, batch.output_file_id, tmp_path / "a")[request["custom_id"]]
    at_once = client.chat.completions.create(**request["body"], extra_body={})
    assert (
        at_once.choices[0].message.content == answer["response"]["body"]["choices"][0]["message"]["content"]
    )
    usd = batch_server.bill()["usd"]
    batch_server.set(batches=False, other_models=["qwen3-8b"])
    with pytest.raises(openai.NotFoundError):
        client.batches.list()
    with pytest.raises(openai.NotFoundError):
        upload(client, [request])
    (other,) = make_requests(1, model="qwen3-8b")
    client.chat.completions.create(**other["body"])
    assert batch_server.bill()["usd"] == usd and client.models.retrieve("qwen3-8b").shutdown_date is None
    with pytest.raises(openai.BadRequestError, match="JSON schema"):
        client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "1. Hello?"}])


def test_planted_errors_reach_the_answers(batch_server, client, tmp_path):
    batch_server.plant_errors(seed=1, refusal=0.5, cut=0.5)
    batch = finish(batch_server, client, create(client, make_requests(30)))
    answers = download(client, batch.output_file_id, tmp_path / "a")
    choices = [answer["response"]["body"]["choices"][0] for answer in answers.values()]
    planted = batch_server.calls()["planted"]
    assert sum(choice["message"]["refusal"] is not None for choice in choices) == planted["refusal"] > 0
    assert sum(choice["finish_reason"] == "length" for choice in choices) == planted["cut"] > 0


def test_errors_and_lost_replies_before_and_after_the_server_acted(batch_server, client):
    batch_server.plant_fault(
        "batches.list", "status", status=429, retry_after="2", code="rate_limit_exceeded"
    )
    with pytest.raises(openai.RateLimitError) as caught:
        client.batches.list()
    assert caught.value.code == "rate_limit_exceeded" and caught.value.response.headers["retry-after"] == "2"
    batch_server.plant_fault("batches.list", "status", nth=2, times=2, status=503)
    client.batches.list()
    for _ in range(2):
        with pytest.raises(openai.InternalServerError):
            client.batches.list()
    assert client.batches.list().data == []
    for kind, left in (("drop_before", 0), ("drop_after", 1), ("status_after", 2)):
        batch_server.plant_fault("batches.create", kind)
        with pytest.raises((openai.APIConnectionError, openai.InternalServerError)):
            create(client, make_requests(1))
        assert len(client.batches.list().data) == left
    batch_server.plant_fault("models.retrieve", "slow", seconds=0.5)
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=0.1).models.retrieve("gpt-4o")
    calls = batch_server.calls()
    assert calls["struck"] == 7 and calls["calls"].count("batches.create") == 3
    batch_server.plant_fault("batches.list", "drop_before")
    batch_server.clear_faults()
    client.batches.list()
    with pytest.raises(ControlError, match="route is one of .*batches.create"):
        batch_server.plant_fault("batches.make", "drop_before")


def test_the_package_posts_a_batch_three_times_unless_told_not_to(batch_server):
    """Why nobody may create a batch with the client's own retries: each lost reply is a batch that
    is paid.
    """
    with make_client(batch_server) as client:
        file = upload(client, make_requests(1))
        batch_server.plant_fault("batches.create", "drop_after", times=3)
        options = {"endpoint": "/v1/chat/completions", "completion_window": "24h"}
        with pytest.raises(openai.APIConnectionError):
            client.with_options(max_retries=2).batches.create(input_file_id=file.id, **options)
    batch_server.advance(3600)
    assert batch_server.bill()["batches"] == 3 and batch_server.bill()["double_billed"] == 1


def test_half_a_download_is_noticed(batch_server, client, tmp_path):
    batch = finish(batch_server, client, create(client, make_requests(200)))
    batch_server.plant_fault("files.content", "half")
    with pytest.raises(Exception, match="(?i)incomplete|closed|peer"):
        download(client, batch.output_file_id, tmp_path / "a")
    assert len(download(client, batch.output_file_id, tmp_path / "a")) == 200


@pytest.mark.parametrize(("kind", "batches"), [("kill_before", 0), ("kill_after", 1)])
def test_a_registered_process_is_killed_at_a_call_and_no_other(batch_server, client, kind, batches):
    file = upload(client, make_requests(1))
    code = (
        "import sys, openai; sys.stdin.readline(); openai.OpenAI(api_key='unscene-local-server',"
        f" base_url={batch_server.url!r}, max_retries=0).batches.create(input_file_id={file.id!r},"
        " endpoint='/v1/chat/completions', completion_window='24h'); print('alive')"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=-1, stdout=-1, start_new_session=True
    ) as process:
        batch_server.register_process(process.pid, group=True)
        batch_server.plant_fault("batches.create", kind)
        out, _ = process.communicate(b"go\n", timeout=60)
    assert (process.returncode, out) == (-9, b"") and len(client.batches.list().data) == batches
    for pid in (1, 0, -1):
        with pytest.raises(ControlError, match="must not be killed"):
            batch_server.register_process(pid)


def test_a_process_is_killed_in_the_middle_of_a_download(batch_server, client, tmp_path):
    batch = finish(batch_server, client, create(client, make_requests(300)))
    whole, part = len(client.files.content(batch.output_file_id).content), tmp_path / "part"
    code = (
        "import sys, openai; client = openai.OpenAI(api_key='unscene-local-server',"
        f" base_url={batch_server.url!r}, max_retries=0)\nsys.stdin.readline()\nwith"
        f" client.files.with_streaming_response.content({batch.output_file_id!r}) as reply:\n    with"
        f" open({str(part)!r}, 'wb', buffering=0) as target:\n        for chunk in reply.iter_bytes(1000):"
        " target.write(chunk)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=-1) as process:
        batch_server.register_process(process.pid)
        batch_server.plant_fault("files.content", "kill_half")
        process.communicate(b"go\n", timeout=60)
    assert process.returncode == -9 and part.stat().st_size <= whole / 2


def test_the_server_shares_nothing_with_the_client_but_the_words(checkout):
    found = {
        name
        for path in (checkout / "tests/batch_server").glob("*.py")
        for name in re.findall(r"(?m)^\s*(?:from|import) (unscene[\w.]*)", path.read_text())
    }
    rooms = ("unscene.words.", "unscene.rewriting.")
    assert found and all(name.startswith(rooms) for name in found), found


def test_only_loopback_addresses_are_served():
    for host in ("0.0.0.0", "::", "example.org", ""):
        with pytest.raises(LoopbackOnly, match="only on 127.0.0.1"):
            open_socket(host)


def test_the_command_refuses_other_addresses_and_says_how_to_use_it(checkout):
    command = [sys.executable, str(checkout / "tests" / "batch_server" / "__main__.py"), "--port", "0"]
    refused = subprocess.run([*command, "--host", "0.0.0.0"], capture_output=True, text=True)
    assert refused.returncode == 1 and "listens only on 127.0.0.1" in refused.stderr
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            said = ""
            for line in process.stdout:
                said += line
                if "bill" in line:
                    break
            url = re.search(r"http://127\.0\.0\.1:\d+/v1", said)[0]
            assert "export OPENAI_API_KEY=unscene-local-server" in said and "config/local_batch.yaml" in said
            with openai.OpenAI(api_key="unscene-local-server", base_url=url, max_retries=0) as client:
                assert client.models.retrieve("gpt-4o").id == "gpt-4o"
        finally:
            process.terminate()
