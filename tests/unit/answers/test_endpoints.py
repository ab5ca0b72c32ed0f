"""Endpoints: their rows, the lines that each takes, their names and folders."""

import json

from unscene.answers.endpoints import ENDPOINTS, find_endpoint, find_folder


def test_azure_is_an_endpoint_by_its_row(monkeypatch):
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "azure-key-1")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    endpoint = find_endpoint("https://Course.openai.azure.com/openai/v1?api-version=preview")
    assert endpoint.name == "course.openai.azure.com" and not endpoint.ends_on_time
    assert dict(endpoint.query) == {"api-version": "preview"} and endpoint.make_headers("k") == {
        "api-key": "k"
    }
    line = json.dumps(
        {
            "custom_id": "w-1",
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": {"model": "gpt-4o", "store": False},
        }
    )
    dressed = json.loads(endpoint.dress_line(line.encode(), {"gpt-4o": "my-batch"}))
    assert dressed["url"] == "/chat/completions" and dressed["body"] == {"model": "my-batch"}
    assert dressed["custom_id"] == "w-1"


def test_openai_s_own_lines_go_as_they_are_and_unknown_hosts_get_the_plainest():
    line = b'{"body":{"model":"m","prompt_cache_options":{},"reasoning_effort":"none","store":false}}\n'
    assert find_endpoint(None).dress_line(line) is line
    plain = json.loads(find_endpoint("http://gpu7:8000/v1").dress_line(line))
    assert plain["body"] == {"model": "m", "reasoning_effort": "none"}
    assert find_endpoint("https://eu.api.openai.com/v1").dress_line(line) is line


def test_each_host_has_one_name_and_a_folder_of_its_own(tmp_path):
    urls = (
        None,
        "https://eu.api.openai.com/v1",
        "https://a.openai.azure.com/v1",
        "https://b.openai.azure.com/v1",
        "http://[fe80::1]:8/v1",
    )
    folders = [find_folder(url, tmp_path).name for url in urls]
    assert len(set(folders)) == len(urls) and not any(set(name) & set(":/\\?") for name in folders)
    assert len({host for one in ENDPOINTS for host in one.hosts}) == sum(len(one.hosts) for one in ENDPOINTS)
