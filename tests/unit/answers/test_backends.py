"""Backends and endpoints: what their entries say holds wherever it is used."""

from pathlib import Path

import pytest

from unscene.answers.backends import BACKENDS, STAGES, find_backend, is_offline
from unscene.answers.endpoints import DEFAULT, find_endpoint, find_folder
from unscene.answers.prices import find_price, read_prices
from unscene.run.code import list_code


def test_each_stage_has_an_offline_backend_and_openai():
    for stage in STAGES:
        told = [backend for backend in BACKENDS.values() if stage in backend.stages]
        assert [backend.is_paid for backend in told] == [False, True] and told[1].name == "openai"


@pytest.mark.parametrize("backend", BACKENDS.values(), ids=BACKENDS)
def test_an_entry_is_complete(backend, checkout):
    assert backend.doc and set(backend.stages) <= set(STAGES)
    assert backend.is_paid == (backend.load() is None) != is_offline(backend.name)
    settings = {"api": {"model": "gpt-4o"}}
    assert backend.name_model(settings) == ("gpt-4o" if backend.is_paid else backend.name)
    assert backend.keys == (["api.model"] if backend.is_paid else [])
    free = find_price(read_prices(checkout / "src/unscene/resources/prices.yaml"), backend.name)
    assert free is None if backend.is_paid else not any(free[part] for part in ("input", "output"))


def test_what_answers_offline_counts_for_the_step_that_uses_it(checkout):
    """It is named by a text, which the hash of the step's code would not follow."""
    for backend in BACKENDS.values():
        for stage in backend.stages if backend.answerer else ():
            module = backend.answerer.partition(":")[0].replace(".", "/")
            code = list_code(checkout / "workflow/scripts" / f"answer_{stage}.py")
            assert checkout / "src" / f"{module}.py" in code


def test_a_job_s_settings_name_one_backend():
    assert find_backend({"keywords": {"backend": "lexicon"}}).name == "lexicon"
    assert find_backend({"words": "coco80", "captions": {"backend": "openai"}}).is_paid
    with pytest.raises(ValueError):
        find_backend({"keywords": {"backend": "lexicon"}, "captions": {"backend": "template"}})


def test_endpoints_are_found_by_their_host():
    assert find_endpoint(None) is find_endpoint("https://api.openai.com/v1") is DEFAULT
    assert DEFAULT.is_paid and DEFAULT.keeps_batches and DEFAULT.key_variable == "OPENAI_API_KEY"
    for url in ("http://localhost:8000/v1", "http://127.0.0.1:1/v1", "http://[::1]:5/v1"):
        here = find_endpoint(url)
        assert here.name == "localhost" and not here.is_paid and not here.keeps_batches
    other = find_endpoint("http://gpu7:8000/v1")
    assert (other.name, other.is_paid, other.keeps_batches) == ("gpu7", True, True)
    assert find_folder("http://gpu7:8000/v1") == Path("state/api/gpu7")
