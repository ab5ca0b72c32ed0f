"""A missing key is told when a run starts, and only where it will be missed."""

from unscene.answers.starting import find_lack_of_key

AZURE = "https://one.openai.azure.com/openai/v1"


def test_a_missing_key_is_told_with_its_variable_and_host(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("AZURE_OPENAI_API_KEY", raising=False)
    due = {"read_samples", "submit_keywords"}
    told = find_lack_of_key(due, {"base_url": None})
    assert "OPENAI_API_KEY is not set" in told and "api.openai.com" in told and "Nothing was started" in told
    assert "AZURE_OPENAI_API_KEY" in find_lack_of_key(due, {"base_url": AZURE})
    assert find_lack_of_key({"read_samples", "answer_keywords"}, {"base_url": None}) is None
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    assert find_lack_of_key(due, {"base_url": None}) is None


def test_a_run_with_a_ledger_may_need_no_key(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    (tmp_path / "state/api/api.openai.com").mkdir(parents=True)
    assert find_lack_of_key({"submit_captions"}, {"base_url": None}) is None
