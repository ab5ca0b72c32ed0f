"""The search server under load, against a plain server of the same model: `make bench`, or alone.

    python tests/bench/bench_serving.py --models /tmp/models --seconds 6

A CLIP of ViT-B/32's size with random weights is exported as a run's is, once as ONNX towers for our
server, once as a transformers folder for the peer: FastAPI, `CLIPModel`, `CLIPProcessor`, a request
at a time in its thread pool. Both run alone, in turns, on the same machine, with the same requests
from eight clients on the loopback; every text differs, so no cache helps. Searches go over 30,000
vectors. Speed and memory are real; what is found is not.
"""

import argparse
import base64
import http.client
import io
import json
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from contextlib import closing, contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / folder) for folder in ("src", "tests", "tests/helpers")]

from unscene.run.offline import stay_offline

stay_offline()
import numpy as np
from PIL import Image

from result_lines import print_bench

CLIENTS, ROUNDS, VECTORS = 8, 3, 30_000
WORDS = ["a", "the", "red", "small", "street", "beach", "dog", "table", "person", "near", "without", "no"]
PEER = """
import base64, io, sys
import torch, uvicorn
from fastapi import FastAPI, Request
from PIL import Image
from transformers import CLIPModel, CLIPProcessor

model, processor = CLIPModel.from_pretrained(sys.argv[1]).eval(), CLIPProcessor.from_pretrained(sys.argv[1])
app = FastAPI()

def embed(inputs):
    with torch.no_grad():
        if inputs[0].startswith("data:"):
            files = [io.BytesIO(base64.b64decode(one.partition(",")[2])) for one in inputs]
            photos = [Image.open(file).convert("RGB") for file in files]
            found = model.get_image_features(**processor(images=photos, return_tensors="pt"))
        else:
            found = model.get_text_features(**processor(text=inputs, return_tensors="pt", padding=True))
        found = getattr(found, "pooler_output", found)
        return torch.nn.functional.normalize(found, dim=-1).tolist()

@app.post("/v1/embeddings")
def embeddings(body: dict):
    inputs = body["input"] if isinstance(body["input"], list) else [body["input"]]
    return {"data": [{"embedding": row, "index": place} for place, row in enumerate(embed(inputs))]}

@app.get("/healthz")
def healthz():
    return {}

uvicorn.run(app, port=int(sys.argv[2]), log_level="error")
"""


def make_models(folder: Path) -> None:
    """Write onnx/, base/onnx/ and transformers/ of one random ViT-B/32, unless they are there."""
    if (folder / "transformers" / "config.json").is_file():
        return
    import open_clip
    import torch
    from safetensors.torch import save_file

    from unscene.deploy.models import load_model
    from unscene.deploy.onnx_form import write_onnx
    from unscene.deploy.transformers_form import write_transformers

    torch.manual_seed(0)
    name = "ViT-B-32-quickgelu"
    plain = folder / "open_clip"
    plain.mkdir(parents=True, exist_ok=True)
    network = open_clip.create_model(name, pretrained=None)
    save_file(
        {key: value.contiguous() for key, value in network.state_dict().items()},
        plain / "open_clip_model.safetensors",
    )
    config = {"model_cfg": open_clip.get_model_config(name), "preprocess_cfg": {}}
    (plain / "open_clip_config.json").write_text(json.dumps(config))
    model = load_model(plain)
    (folder / "onnx").mkdir()
    write_onnx(model, folder / "onnx")
    (folder / "base" / "onnx").mkdir(parents=True)
    for path in (folder / "onnx").iterdir():
        os.link(path, folder / "base" / "onnx" / path.name)
    (folder / "transformers").mkdir()
    write_transformers(model, folder / "transformers")


def make_index(folder: Path, deploy: Path) -> None:
    """Write a catalogue of VECTORS photos and an index that has random features of each."""
    from unscene.serving.server.index import SCHEMA, connect, hash_tower

    folder.mkdir(parents=True, exist_ok=True)
    Image.effect_noise((320, 240), 50).convert("RGB").save(folder / "photo.jpg")
    stat = (folder / "photo.jpg").stat()
    tower = hash_tower(folder / "index.sqlite", deploy / "onnx")
    row = {"path": "photo.jpg", "objects": ["dog"], "unknown": [], "captions": ["A dog."]}
    known = {"root": ".", "about": {}, "forms": {"dog": "dog"}, "examples": [], "pairs": [], "refused": []}
    photos = [{"image_id": f"p_{number:05}", **row} for number in range(VECTORS)]
    (folder / "catalogue.json").write_text(json.dumps(known | {"photos": photos}))
    features = np.random.default_rng(0).normal(size=(VECTORS, 512)).astype(np.float32)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    with closing(connect(folder / "index.sqlite")) as database, database:
        database.executescript(SCHEMA)
        keys = [f"{number:064x}" for number in range(VECTORS)]
        rows = [(f"p_{n:05}", stat.st_size, stat.st_mtime_ns, key) for n, key in enumerate(keys)]
        database.executemany(
            "INSERT INTO photos (source, key, size, mtime_ns, sha256, width, height, is_here)"
            " VALUES ('run', ?, ?, ?, ?, 320, 240, 1)",
            rows,
        )
        vectors = [(key, tower, vector.tobytes()) for key, vector in zip(keys, features, strict=True)]
        database.executemany("INSERT INTO features VALUES (?, ?, ?)", vectors)


class Server:
    """A server in a process of its own. ready_s: from its start to its first answer to an embedding;
    ready_processor_s: what its threads worked until then.
    """

    def __init__(self, command: list[str], port: int):
        self.host = f"127.0.0.1:{port}"
        begun = time.monotonic()
        environment = os.environ | {"PYTHONPATH": str(CHECKOUT / "src")}
        self.process = subprocess.Popen(
            [sys.executable, *command], env=environment, stdout=subprocess.DEVNULL
        )
        body = json.dumps({"input": "a dog", "model": "tuned"}).encode()
        while True:
            try:
                send(http.client.HTTPConnection(self.host, timeout=30), "/v1/embeddings", body)
                break
            except OSError:
                if self.process.poll() is not None or time.monotonic() - begun > 300:
                    raise RuntimeError(f"{command[:3]} does not answer") from None
                time.sleep(0.02)
        self.ready_s, self.ready_processor_s = time.monotonic() - begun, self.processor_s

    @property
    def memory_mib(self) -> float:
        """Resident memory."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    @property
    def processor_s(self) -> float:
        """Processor time of all its threads until now."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def get_mean_batch(self) -> float:
        """Return how many texts one run of the tuned model had, by our server's own metrics."""
        with closing(http.client.HTTPConnection(self.host, timeout=30)) as connection:
            connection.request("GET", "/metrics")
            told = connection.getresponse().read().decode()
        row = r'^unscene_model_(\w+)\{kind="texts",model="tuned"\} (\S+)$'
        found = dict(re.findall(row, told, re.MULTILINE))
        return float(found["items"]) / float(found["batches"])

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.wait(20)


@contextmanager
def run_servers(deploy: Path, index: Path):
    """Yield our server and the peer."""
    ports = [find_port(), find_port()]
    main = "import sys; from unscene.serving.server.command import main; sys.exit(main())"
    ours = Server(["-c", main, str(deploy), "--index", str(index), "--port", str(ports[0])], ports[0])
    peer = None
    try:
        peer = Server(["-c", PEER, str(deploy / "transformers"), str(ports[1])], ports[1])
        yield ours, peer
    finally:
        ours.stop()
        if peer is not None:
            peer.stop()


def find_port() -> int:
    """Return a free port of this machine."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def send(connection: http.client.HTTPConnection, path: str, body: bytes | None) -> None:
    """Send a request and read its answer; RuntimeError unless it is 200."""
    headers = {"Content-Type": "application/json"} if body else {}
    connection.request("POST" if body else "GET", path, body, headers)
    reply = connection.getresponse()
    content = reply.read()
    if reply.status != 200:
        raise RuntimeError(f"{path}: {reply.status} {content[:200]!r}")


def load(server: Server, make_request, seconds: float, seed: int) -> list[float]:
    """Send requests from CLIENTS connections for some seconds; return the times of all, in ms."""
    times: list[float] = []
    errors: list[Exception] = []
    end = time.monotonic() + seconds

    def work(number: int) -> None:
        draw = random.Random(f"{seed}-{number}")
        connection = http.client.HTTPConnection(server.host, timeout=60)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while time.monotonic() < end:
                path, body = make_request(draw)
                begun = time.perf_counter()
                send(connection, path, body)
                times.append(1000 * (time.perf_counter() - begun))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return times


def make_text(draw: random.Random) -> str:
    """Return a text of 6 to 14 words that no other request has."""
    return " ".join([*draw.choices(WORDS, k=draw.randint(5, 13)), str(draw.randrange(10**6))])


def ask_text(draw: random.Random) -> tuple[str, bytes]:
    """Return a request for the features of a text."""
    return "/v1/embeddings", json.dumps(
        {"input": make_text(draw), "model": "tuned", "encoding_format": "float"}
    ).encode()


def make_photo_request():
    """Return a function that gives requests for the features of 640 x 480 JPEG photos."""
    photos = []
    for seed in range(16):
        small = np.random.default_rng(seed).integers(0, 255, (24, 32, 3), np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(small).resize((640, 480), Image.Resampling.BICUBIC).save(
            buffer, format="JPEG", quality=90
        )
        photos.append("data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode())
    bodies = [
        json.dumps({"input": photo, "model": "tuned", "encoding_format": "float"}).encode()
        for photo in photos
    ]
    return lambda draw: ("/v1/embeddings", draw.choice(bodies))


def ask_search(draw: random.Random) -> tuple[str, None]:
    """Return a search by a new text."""
    return f"/search?k=20&q={urllib.parse.quote(make_text(draw))}", None


def measure(name: str, servers: list[Server], make_request, seconds: float) -> None:
    """Load the servers in turns; print throughput, times and processor time of ours, against the peer
    where there is one. Beside other work throughput depends on how many threads ask for a core;
    processor time a request does not.
    """
    found: dict[int, list[float]] = {place: [] for place in range(len(servers))}
    spent = [0.0] * len(servers)
    for turn in range(ROUNDS):
        for place, server in enumerate(servers):
            if turn == 0:
                load(server, make_request, 1.0, 1000 + place)
            before = server.processor_s
            found[place] += load(server, make_request, seconds, turn)
            spent[place] += server.processor_s - before
    rates = [len(times) / (ROUNDS * seconds) for times in found.values()]
    own = sorted(found[0])
    against = {"ratio": rates[0] / rates[1], "against": "transformers"} if len(servers) > 1 else {}
    print_bench(f"serve_{name}", rates[0], "requests/s", **against)
    costs = [1000 * used / len(times) for used, times in zip(spent, found.values(), strict=True)]
    against = {"ratio": costs[1] / costs[0], "against": "transformers"} if len(servers) > 1 else {}
    print_bench(f"serve_{name}_processor", costs[0], "ms/request", **against)
    for part, place in (("p50", 0.5), ("p99", 0.99)):
        value = own[min(int(place * len(own)), len(own) - 1)]
        other = (
            sorted(found[1])[min(int(place * len(found[1])), len(found[1]) - 1)] if len(servers) > 1 else None
        )
        against = {"ratio": other / value, "against": "transformers"} if other else {}
        print_bench(f"serve_{name}_{part}", value, "ms", **against)


def main() -> None:
    """Print a row for texts, photos, searches, start-up and memory."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--models", type=Path, help="keep the exported model here, for the next time")
    options.add_argument("--only", choices=("text", "photo", "search"), help="one kind of request alone")
    options.add_argument("--seconds", type=float, default=6.0, help="of one turn of one server")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        deploy = given.models or Path(name) / "deploy"
        make_models(deploy)
        make_index(Path(name) / "index", deploy)
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before, {CLIENTS} clients", flush=True)
        with run_servers(deploy, Path(name) / "index") as (ours, peer):
            print_bench("serve_start", ours.ready_s, "s", peer.ready_s / ours.ready_s, "transformers")
            spent = ours.ready_processor_s
            print_bench("serve_start_processor", spent, "s", peer.ready_processor_s / spent, "transformers")
            if given.only in (None, "text"):
                measure("text", [ours, peer], ask_text, given.seconds)
                print_bench("serve_text_batch", ours.get_mean_batch(), "texts")
            if given.only in (None, "photo"):
                measure("photo", [ours, peer], make_photo_request(), given.seconds)
            if given.only in (None, "search"):
                measure("search_30k", [ours], ask_search, given.seconds)
            print_bench(
                "serve_memory", ours.memory_mib, "MiB", peer.memory_mib / ours.memory_mib, "transformers"
            )
        print(f"load {os.getloadavg()[0]:.1f} after: other work on these cores slows both sides")


if __name__ == "__main__":
    main()
