"""The address of an API, and the environment: what is none is said before anything is sent, and no
secret in it is repeated.
"""

import json
import traceback

import pytest

from told_server import BATCH, KEY, METADATA, run_told
from unscene.answers.batches.client import ApiClient, ApiError, KeyMissing
from unscene.answers.endpoints import find_folder


def test_the_query_and_the_key_s_header_reach_the_server(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with run_told() as (told, url):
        told.say(BATCH)
        ApiClient(f"{url}?api-version=preview").create_batch("file_1", METADATA)
        method, path, headers, body = told.asked[0]
    assert (method, path) == ("POST", "/v1/batches?api-version=preview")
    assert headers["authorization"] == f"Bearer {KEY}"
    assert "output_expires_after" not in json.loads(body), "only what every server understands"


@pytest.mark.parametrize("url", ["gpu7:8000/v1", "ftp://gpu7/v1", "http://", "api.openai.com", "https:///v1"])
def test_what_is_no_address_is_said_before_anything_is_sent(monkeypatch, url):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(ApiError, match="is no address"):
        ApiClient(url)


@pytest.mark.parametrize("variable", ["OPENAI_ORG_ID", "OPENAI_PROJECT_ID"])
def test_headers_from_the_environment_are_checked(monkeypatch, told_server, variable):
    monkeypatch.setenv(variable, "proj\u200b1")
    with pytest.raises(KeyMissing, match=variable):
        ApiClient("http://127.0.0.1:1/v1")
    monkeypatch.setenv(variable, "proj_1\r\n")
    told_server.say(BATCH)
    with run_told() as (told, url):
        told.say(BATCH)
        ApiClient(url).retrieve_batch("batch_1")
        assert "proj_1" in told.asked[0][2].values()


@pytest.mark.parametrize(
    ("variable", "value"),
    [("HTTPS_PROXY", "no address"), ("ALL_PROXY", "ftp://x:1"), ("SSL_CERT_FILE", "/nowhere")],
)
def test_an_environment_that_allows_no_connection_is_said(monkeypatch, variable, value):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv(variable, value)
    with pytest.raises(ApiError) as caught:
        ApiClient("https://gpu7/v1", reading_retries=0).retrieve_batch("batch_1")
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://me:{}@127.0.0.1:9/v1",
        "https://{}@127.0.0.1/v1",
        "http://me:{}@[::1/v1",
        "me:{}@localhost:9/v1",
    ],
)
def test_no_password_stands_in_an_address(url, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    secret = "0123" * 4
    with pytest.raises(ApiError, match="user name or a password") as caught:
        ApiClient(url.format(secret))
    assert secret not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "url", ["https:/me:{}@host/v1", "https://me:pa/{}@host/v1", "htps://host/v1?code={}"]
)
def test_what_is_no_address_is_not_repeated(url, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    secret = "0123" * 4
    with pytest.raises(ApiError, match="is no address") as caught:
        ApiClient(url.format(secret))
    assert secret not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("url", ["http://[::1/v1", "http://127.0.0.1:port/v1", "http://./v1", "http:///v1"])
def test_what_is_no_address_is_told(url, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    find_folder(url)
    with pytest.raises(ApiError, match="is no address"):
        ApiClient(url)
