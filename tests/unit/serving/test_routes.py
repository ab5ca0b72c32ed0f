"""The routes: OpenAI's own client, searches whose answer is told by eye, and mistakes."""

import base64
import io
import time

import numpy as np
import pytest
from openai import BadRequestError, NotFoundError, OpenAI
from opentelemetry import trace
from PIL import Image
from starlette.testclient import TestClient

from served_model import COLOURS, make_deploy, make_photos, make_service, serve, stop_index_half_way
from unscene.run.packs import pack_folder
from unscene.serving.server.app import build_app
from unscene.serving.server.command import build_service
from unscene.serving.server.guard import Guard
from unscene.serving.server.limits import Limits
from unscene.serving.server.options import Wanted


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    return make_service(tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="module")
def client(service):
    return TestClient(Guard(build_app(service), Limits()), base_url="http://127.0.0.1")


def make_uri(colour):
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(buffer, format="PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def colours(reply):
    assert reply.status_code == 200, reply.text
    return [hit["captions"][0].partition("<b>")[2].partition("<")[0] for hit in reply.json()["hits"]]


def test_openai_s_client_embeds_texts_and_pictures(service):
    with serve(service) as address:
        openai = OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0)
        assert {model.id for model in openai.models.list()} == {"base", "tuned"}
        assert openai.models.retrieve("tuned").id == "tuned"
        inputs = ["a red photo", make_uri(COLOURS["red"]), "blue"]
        for form in ("float", "base64", None):
            options = {"encoding_format": form} if form else {}
            reply = openai.embeddings.create(model="tuned", input=inputs, **options)
            if form == "base64":
                features = [np.frombuffer(base64.b64decode(row.embedding), "<f4") for row in reply.data]
            else:
                features = [np.array(row.embedding, np.float32) for row in reply.data]
            assert [row.index for row in reply.data] == [0, 1, 2] and reply.usage.total_tokens == 4
            own = service.models["tuned"].clip.embed_texts(["a red photo", "blue"])
            np.testing.assert_allclose([features[0], features[2]], own, atol=1e-6)
            assert features[1] @ own[0] > features[1] @ own[1]
        one = openai.embeddings.create(model="base", input="red").data[0].embedding
        assert np.linalg.norm(one) == pytest.approx(1, abs=1e-5)
        with pytest.raises(NotFoundError, match="there are base and tuned"):
            openai.embeddings.create(model="text-embedding-3-small", input="red")
        with pytest.raises(BadRequestError, match="longer than the model's 16 tokens"):
            openai.embeddings.create(model="tuned", input=["red", "red " * 17])
        with pytest.raises(BadRequestError, match="not valid base64"):
            openai.embeddings.create(model="tuned", input="data:image/png;base64,%%%")
        with pytest.raises(BadRequestError, match="dimensions"):
            openai.embeddings.create(model="tuned", input="red", dimensions=7)
        with pytest.raises(BadRequestError, match="tokens are not OpenAI's"):
            openai.embeddings.create(model="tuned", input=[[1, 2]])


def test_a_text_finds_what_it_names_and_an_excluded_term_goes(client):
    assert set(colours(client.get("/search", params={"q": "red", "k": 4}))) == {"red"}
    base = client.get("/search", params={"q": "not red", "k": 12, "model": "base"}).json()
    tuned = client.get("/search", params={"q": "not red", "k": 12}).json()
    assert base["hits"][0]["shows"] == ["red"] and tuned["hits"][0]["shows"] == []
    assert base["excluded"] == tuned["excluded"] == ["red"]
    assert base["excluded_in_first"] == 4 and base["first_counted"] == 12
    taken = client.get("/search", params={"q": "photo -red", "k": 8, "model": "base"})
    assert "red" not in colours(taken) and taken.json()["terms"] == ["red"]
    named = client.get("/search", params={"q": "photo", "exclude": ["red", "blue"], "k": 4, "model": "base"})
    assert set(colours(named)) == {"green"}


def test_a_picture_finds_its_like(client):
    sent = client.post("/search", json={"image": make_uri(COLOURS["blue"]), "k": 4})
    assert set(colours(sent)) == {"blue"}
    first = sent.json()["hits"][0]["id"]
    assert set(colours(client.get("/search", params={"like": first, "k": 4}))) == {"blue"}
    both = client.post("/search", json={"image": make_uri(COLOURS["blue"]), "exclude": ["blue"], "k": 2})
    assert "blue" not in colours(both)


def test_pages_neither_repeat_nor_lose_and_percentiles_fall(client):
    whole = client.get("/search", params={"q": "photo", "k": 12}).json()["hits"]
    pages = [
        hit
        for first in range(0, 12, 5)
        for hit in client.get("/search", params={"q": "photo", "k": 5, "first": first}).json()["hits"]
    ]
    assert [hit["id"] for hit in pages] == [hit["id"] for hit in whole]
    assert [hit["percentile"] for hit in whole] == [round(100 * lower / 12, 6) for lower in range(11, -1, -1)]
    upper = client.get("/search", params={"q": "photo", "k": 12, "min_percentile": 75}).json()
    assert upper["total"] == 3 and len(upper["hits"]) == 3
    assert client.get("/search", params={"q": "photo", "first": 500}).json()["hits"] == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/search", 400),
        ("/search?q=red&k=0", 400),
        ("/search?q=red&model=other", 400),
        ("/search?q=red&min_percentile=nan", 400),
        ("/search?q=red&like=999", 404),
        ("/search?q=" + "x" * 3000, 400),
        ("/search?q=red&k=999999999", 200),
        ("/search?q=%00", 200),
        ("/search?" + "&".join(f"exclude=w{n}" for n in range(20)), 400),
        ("/photo/999", 404),
        ("/photo/../../etc/passwd", 404),
        ("/photo/%2e%2e%2fetc%2fpasswd", 404),
        ("/page/..%2f..%2fapp.py", 404),
        ("/page/../app.py", 404),
        ("/pair/no", 404),
        ("/pair/..%2f..%2fetc%2fpasswd/original", 404),
        ("/pairs?sort=evil", 400),
        ("/pairs?first=-1", 400),
        ("/nothing", 404),
        ("/docs", 404),
    ],
)
def test_mistakes_are_told_in_openai_s_shape(client, path, status):
    reply = client.get(path)
    assert reply.status_code == status, reply.text
    if status != 200:
        assert set(reply.json()["error"]) == {"message", "type", "param", "code"}


def test_pairs_are_filtered_and_their_pictures_come(client):
    found = client.get("/pairs").json()
    assert found["total"] == 2 and found["counts"] == {"accepted": 2, "refused": 1}
    category = found["pairs"][0]["category"]
    assert client.get("/pairs", params={"category": category}).json()["total"] >= 1
    assert client.get("/pairs", params={"result": "not group_score"}).json()["total"] == 0
    assert client.get("/pairs", params={"text": "nowhere"}).json()["total"] == 0
    refused = client.get("/pairs", params={"state": "refused"}).json()
    assert refused["reasons"] == {"quality: max_residual": 1}
    pair = client.get(f"/pair/{found['pairs'][0]['edit_id']}").json()
    assert pair["scores"]["tuned"]["cos_edited_negated"] == 0.4 and pair["captions"]["original"]
    types = {part: client.get(path).headers["content-type"] for part, path in pair["pictures"].items()}
    assert types == {"original": "image/jpeg", "edited": "image/png", "mask": "image/png"}
    assert client.get("/pair/p_red_000-red/edited").status_code == 404


def test_pictures_that_are_packed_while_it_serves_still_come(tmp_path):
    service = make_service(tmp_path)
    client = TestClient(build_app(service), base_url="http://127.0.0.1")
    paths = [f"/photo/{photo.id}" for photo in service.index.snapshot.photos]
    for pair in client.get("/pairs").json()["pairs"]:
        paths += client.get(f"/pair/{pair['edit_id']}").json()["pictures"].values()

    def look():
        replies = {path: client.get(path) for path in paths}
        return {path: (r.status_code, r.headers["content-type"], r.content) for path, r in replies.items()}

    before = look()
    assert len(before) == 18 and {status for status, *_ in before.values()} == {200}
    for folder in (tmp_path / "run/photos", tmp_path / "run"):
        assert pack_folder(folder) and len([path for path in folder.iterdir() if path.is_file()]) == 1
    assert look() == before
    service.index.refresh()
    assert len(service.index.snapshot.photos) == 12 and look() == before


def test_a_file_that_is_no_picture_any_more_is_not_sent(tmp_path):
    photos = make_photos(tmp_path / "photos", 3)
    service = make_service(tmp_path, photos=photos)
    client = TestClient(build_app(service), base_url="http://127.0.0.1")
    hits = client.get("/search", params={"q": "red", "k": 3}).json()["hits"]
    assert all(hit["shows"] is None for hit in hits)
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    path = photos / hits[0]["name"]
    path.unlink()
    path.symlink_to(secret)
    assert client.get(f"/photo/{hits[0]['id']}").status_code == 404
    outside = make_photos(tmp_path / "outside", 1) / "red-000.jpg"
    path.unlink()
    path.symlink_to(outside)
    assert client.get(f"/photo/{hits[0]['id']}").status_code == 404
    assert client.get(f"/thumbnail/{hits[0]['id']}").status_code == 200


def test_an_empty_answer_says_that_the_index_is_being_built(tmp_path):
    with stop_index_half_way(tmp_path) as (service, goes_on):
        client = TestClient(build_app(service), base_url="http://127.0.0.1")
        found = client.get("/search", params={"q": "red"}).json()
        assert found["hits"] == [] and found["total"] == 0
        assert found["index"] == client.get("/about").json()["index"]
        assert {key: found["index"][key] for key in ("is_running", "done", "total", "photos")} == {
            "is_running": True,
            "done": 16,
            "total": 40,
            "photos": 0,
        }
        goes_on.set()
        deadline = time.monotonic() + 120
        while found["index"]["is_running"] and time.monotonic() < deadline:
            # An answer that calls the index finished has all the photos.
            found = client.get("/search", params={"q": "red"}).json()
        assert found["total"] == found["index"]["done"] == 40 and not found["index"]["is_running"]


def test_an_index_runs_from_the_first_answer_on(tmp_path):
    photos = make_photos(tmp_path / "photos", 3)
    service = build_service(Wanted(make_deploy(tmp_path / "deploy"), photos, tmp_path / "index"), Limits())
    service.index.refresh = lambda: None  # the thread has not come to it yet
    service.index.keep_fresh(3600)
    found = TestClient(build_app(service), base_url="http://127.0.0.1").get("/search?q=red").json()
    assert found["hits"] == [] and found["index"]["is_running"]
    service.index.stop()


def test_health_and_metrics_tell_counts(client):
    assert client.get("/healthz").json()["index"]["photos"] == 12
    text = client.get("/metrics").text
    assert "unscene_index_photos 12.0" in text and 'route="/search",status="200"' in text


def test_many_texts_at_once_give_what_each_gives_alone(service):
    model = service.models["tuned"]
    texts = [f"red photo {'not ' * (n % 3)}blue {n}" for n in range(100)]
    together = [future.result(10) for future in model.submit_texts(texts)[0]]
    alone = model.clip.embed_texts(texts)
    np.testing.assert_allclose(together, alone, atol=1e-6)
    assert model.texts.batches < model.texts.items


def test_nobody_is_told_of_a_request(service, monkeypatch):
    """FastAPI itself hands each request to whatever collects traces in this process."""
    asked = []

    class Collector(trace.TracerProvider):
        def get_tracer(self, *arguments, **_):
            asked.append(arguments)
            return trace.NoOpTracer()

    monkeypatch.setattr(trace, "_TRACER_PROVIDER", Collector())
    client = TestClient(Guard(build_app(service), Limits()), base_url="http://127.0.0.1")
    assert client.get("/search?q=red").status_code == 200 and not asked
