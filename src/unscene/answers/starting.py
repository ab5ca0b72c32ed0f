"""What paid answers need, looked for when a run starts: a missing key is told before photos are read."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from unscene.answers.batches.errors import KeyMissing
from unscene.answers.batches.keys import read_key
from unscene.answers.endpoints import DEFAULT, find_endpoint, find_folder

SENDING = "submit_"  # how the names of the rules begin that ask the endpoint


def find_lack_of_key(due: Iterable[str], api: dict) -> str | None:
    """Return what to say of a key that will be missed, or None. due: names of rules with jobs to run.

    A run that has a ledger may find all its answers there, and is not stopped. api: the config's block.
    """
    if not any(name.startswith(SENDING) for name in due) or find_folder(api["base_url"]).exists():
        return None
    url = api["base_url"] or str(DEFAULT.url)
    try:
        read_key(find_endpoint(api["base_url"]).key_variable, urlsplit(url).hostname or url)
    except KeyMissing as error:
        return f"{error}. Nothing was started"
    return None
