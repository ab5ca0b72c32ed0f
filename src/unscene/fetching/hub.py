"""What a repository of the Hugging Face hub holds, asked by its own client.

The client brings the endpoint (HF_ENDPOINT), the token, the proxies and the errors of the hub. The
bytes come by `downloads`, since only that goes on after a break.
"""

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from unscene.fetching.downloads import FetchError, Remote, find_fault, read_wait

_TRIES = 3


@dataclass(frozen=True)
class Listing:
    """A repository at one commit. files: {name: (bytes, SHA-256 or None, git hash or None)};
    licence: what its card says, None when it says nothing.
    """

    repo: str
    commit: str
    files: dict[str, tuple[int | None, str | None, str | None]]
    licence: str | None


def is_offline() -> bool:
    """Tell whether the environment forbids the network (HF_HUB_OFFLINE)."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")


def get_endpoint() -> str:
    """Return the hub's address: HF_ENDPOINT, or the hub itself."""
    return (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")


def list_repository(repo: str, revision: str | None) -> Listing:
    """Return what a repository holds at a revision, None for its newest. Raises FetchError."""
    from huggingface_hub import HfApi

    told = _ask(
        lambda: HfApi(endpoint=get_endpoint()).model_info(repo, revision=revision, files_metadata=True), repo
    )
    files = {}
    for one in told.siblings or []:
        place = PurePosixPath(one.rfilename)
        if place.is_absolute() or ".." in place.parts:
            raise FetchError(
                f"{repo}: it has a file {one.rfilename!r}, which would land elsewhere; not fetched"
            )
        files[one.rfilename] = (
            one.size,
            one.lfs.sha256 if one.lfs else None,
            None if one.lfs else one.blob_id,
        )
    return Listing(repo, told.sha, files, _read_licence(told))


def locate_file(listing: Listing, name: str, path: Path) -> Remote:
    """Return where a file of a listing comes from, and what it must be."""
    from huggingface_hub import hf_hub_url
    from huggingface_hub.utils import build_hf_headers

    size, sha256, git_sha1 = listing.files[name]
    url = hf_hub_url(listing.repo, name, revision=listing.commit, endpoint=get_endpoint())
    headers = {key: value for key, value in build_hf_headers().items() if key.lower() == "authorization"}
    return Remote(url, path, size, sha256, git_sha1, headers)


def copy_from_cache(listing: Listing, name: str, remote: Remote) -> bool:
    """Copy a file that the hub's own cache of this machine has; False when it has not, or another."""
    from huggingface_hub import constants, try_to_load_from_cache

    found = try_to_load_from_cache(
        listing.repo, name, cache_dir=constants.HF_HUB_CACHE, revision=listing.commit
    )
    if not isinstance(found, str):
        return False
    remote.path.parent.mkdir(parents=True, exist_ok=True)
    copy = remote.path.with_name(f".copy-{remote.path.name}")
    shutil.copyfile(found, copy)
    if find_fault(copy, remote):
        copy.unlink()
        return False
    copy.rename(remote.path)
    return True


def _ask(call, repo: str):
    import httpx2
    from huggingface_hub import errors

    for left in reversed(range(_TRIES)):
        try:
            return call()
        except errors.GatedRepoError as error:
            raise FetchError(
                f"{repo}: accept its terms at {get_endpoint()}/{repo}, and give your token (HF_TOKEN)"
            ) from error
        except errors.RevisionNotFoundError as error:
            raise FetchError(
                f"{repo}: it has no such revision; look at {get_endpoint()}/{repo}/commits/main"
            ) from error
        except errors.RepositoryNotFoundError as error:
            raise FetchError(
                f"{repo}: {get_endpoint()} has no such repository, or shows it only with a token (HF_TOKEN)"
            ) from error
        except errors.HfHubHTTPError as error:
            status = error.response.status_code
            if not left or (status != 429 and status < 500):
                raise FetchError(f"{repo}: {get_endpoint()} answers {status}") from error
            time.sleep(min(read_wait(error.response.headers.get("Retry-After")) or 1.0, 60.0))
        except errors.OfflineModeIsEnabled as error:
            raise FetchError(f"{repo}: HF_HUB_OFFLINE is set") from error
        except (httpx2.HTTPError, ValueError) as error:
            raise FetchError(
                f"{repo}: {get_endpoint()} cannot be reached ({type(error).__name__}: {str(error)[:120]});"
                " set HF_ENDPOINT for a mirror, HTTPS_PROXY for a proxy"
            ) from error
    raise AssertionError


def _read_licence(told) -> str | None:
    card = told.card_data
    licence = card.get("license") if card else None
    if licence == "other":
        return card.get("license_name") or "other"
    return licence if isinstance(licence, str) else None
