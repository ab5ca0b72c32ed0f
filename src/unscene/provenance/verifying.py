"""Hold a run against its record: what is damaged, missing or extra, of results and of what they were
made from.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from unscene.provenance.hashing import hash_file, hash_folder, hash_rows
from unscene.provenance.inputs import describe_file
from unscene.provenance.record import PROVENANCE, Output, list_outputs
from unscene.provenance.vouching import find_voucher, read_voucher
from unscene.run.checkout import CHECKOUT
from unscene.run.counts import tell_count
from unscene.run.needed_jobs import list_left_over
from unscene.run.packs import PackError, list_stored
from unscene.run.records import find_damage, index_outputs
from unscene.run.tables import TableError, check_sealed

# How a finding begins. The last two are no damage: what is not here cannot be checked.
MISSING, DAMAGED, CHANGED, EXTRA, ABSENT = "missing", "damaged", "changed", "extra", "not here"
# Photos of a shard that lie elsewhere: as many are named, the others counted.
_MOST_NAMED = 3


@dataclass(frozen=True)
class Finding:
    """Something that is not as recorded.

    kind: MISSING, DAMAGED or EXTRA of results; CHANGED or ABSENT of inputs and weights. path: as
    the record or the config has it. output: the recorded result that it belongs to.
    """

    kind: str
    path: str
    told: str = ""
    output: Output | None = None

    @property
    def is_damage(self) -> bool:
        """Whether the run is not whole."""
        return self.kind in (MISSING, DAMAGED)

    def __str__(self) -> str:
        return f"{self.kind:9}{self.path}" + (f": {self.told}" if self.told else "")


def count_bytes(record: dict) -> int:
    """Return how many bytes `verify_run` will read: of results, inputs and weights."""
    named = [*record["inputs"], *record["weights"]]
    return sum(output.bytes for output in list_outputs(record)) + sum(one.get("bytes", 0) for one in named)


def verify_run(record: dict, run: Path, tell: Callable[[int], object] | None = None) -> Iterator[Finding]:
    """Yield what is not as the record says, in the order of the flow.

    run: the run's directory. tell: gets the bytes of each piece that was read. Files are read in
    pieces and folders one at a time, so that memory stays flat.
    """
    outputs = list_outputs(record)
    for output in outputs:
        yield from _check_folder(output, run, tell) if output.is_folder else _check_file(output, run, tell)
    known = {output.path for output in outputs} | {str(PROVENANCE)}
    for path in list_left_over({str(run / path) for path in known}, run / "results"):
        yield Finding(EXTRA, str(Path(path).relative_to(run)))
    for what in ("inputs", "weights"):
        for entry in record[what]:
            yield from _check_input(entry, tell)


def _check_file(output: Output, run: Path, tell: Callable | None) -> Iterator[Finding]:
    here = run / output.path
    if not here.is_file():
        yield Finding(MISSING, output.path, output=output)
        return
    if hash_file(here, tell) == output.sha256:
        return
    told = "its content is not the recorded one"
    if here.suffix == ".parquet":
        try:
            check_sealed(here)
            if output.rows_sha256 and hash_rows(here) == output.rows_sha256:
                return  # made again: its measured times alone are others
            told = "a whole table, and not the recorded one: it was made again"
        except TableError:
            told = "its content is not what was written"
    yield Finding(DAMAGED, output.path, told, output)


def _check_folder(output: Output, run: Path, tell: Callable | None) -> Iterator[Finding]:
    here = run / output.path
    if not here.is_dir():
        yield Finding(MISSING, output.path, output=output)
        return
    known, elsewhere = _read_known(output, run)
    try:
        yield from _check_content(output, run, known, tell)
    except PackError as error:
        yield Finding(DAMAGED, output.path, str(error), output)
    yield from _check_photos(elsewhere, output, run, tell)


def _check_content(
    output: Output, run: Path, known: dict[str, str], tell: Callable | None
) -> Iterator[Finding]:
    """Yield what is wrong with the files of a folder, loose or packed. Raises PackError."""
    here, found = run / output.path, set()
    is_named = False
    for name, _ in list_stored(here):
        found.add(name)
        if name in known and hash_file(here / name, tell) != known[name]:
            is_named = True
            yield Finding(DAMAGED, f"{output.path}/{name}", "other content than its table tells", output)
    if len(known) > 1 and not found & known.keys():
        told = f"none of the {len(known)} files that its table names is there, loose or packed"
        yield Finding(MISSING, output.path, told, output)
        return
    for name in sorted(known.keys() - found):
        is_named = True
        yield Finding(MISSING, f"{output.path}/{name}", output=output)
    # What no table tells is read now; what one tells was read above.
    if not is_named and hash_folder(here, known, tell)["sha256"] != output.sha256:
        difference = len(found) - (output.files or 0)
        told = f"{tell_count(abs(difference), 'file')} too {'many' if difference > 0 else 'few'}"
        if not difference:
            told = _name_damaged(output, run) or "a file has other content"
        yield Finding(DAMAGED, output.path, told, output)


def _name_damaged(output: Output, run: Path) -> str | None:
    """Return which file of a folder is not what its job wrote, as the job's own record tells; None where
    none does.
    """
    told = (find_damage(run / output.path, made.content) for made in index_outputs(run).get(output.path, ()))
    return next(filter(None, told), None)


def _check_photos(
    photos: dict[str, str], output: Output, run: Path, tell: Callable | None
) -> Iterator[Finding]:
    """Yield what is wrong with the photos of a shard that are used where they lie."""
    wrong = [
        (path, "is gone" if not (run / path).is_file() else "other content than when it was read")
        for path, sha256 in photos.items()
        if not (run / path).is_file() or hash_file(run / path, tell) != sha256
    ]
    for path, told in wrong[:_MOST_NAMED]:
        yield Finding(CHANGED, path, f"{told} (a photo of {output.path})")
    if len(wrong) > _MOST_NAMED:
        yield Finding(CHANGED, output.path, f"{len(wrong) - _MOST_NAMED} more of its photos")


def _read_known(output: Output, run: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return the SHA-256 that a folder's table tells of the files in it, by name, and of photos that
    lie where no result does, by path. Nothing of a table that is itself missing or damaged.
    """
    table = find_voucher(output.path)
    try:
        told = read_voucher(table, run) if table else {}
    except TableError:
        told = {}
    inside = {
        str(Path(path).relative_to(output.path)): sha256
        for path, sha256 in told.items()
        if Path(path).is_relative_to(output.path)
    }
    elsewhere = {path: sha256 for path, sha256 in told.items() if not Path(path).is_relative_to("results")}
    return inside, elsewhere


def _check_input(entry: dict, tell: Callable | None) -> Iterator[Finding]:
    if "sha256" not in entry:
        return
    where = f"{entry['path']} ({entry['key']})"
    if not (CHECKOUT / entry["path"]).exists():
        yield Finding(ABSENT, where, "so it was not checked")
    elif describe_file(entry["path"])["sha256"] != entry["sha256"]:
        yield Finding(CHANGED, where, "a run now would make anew what was made with it (unscene why)")
    if tell:
        tell(entry["bytes"])
