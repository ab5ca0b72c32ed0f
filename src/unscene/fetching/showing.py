"""What will be fetched, as a table for people."""

from collections.abc import Sequence

from unscene.fetching.pieces import Piece

_UNITS = ("B", "kB", "MB", "GB", "TB")


def format_bytes(count: float | None) -> str:
    """Return bytes in a unit of three digits, `?` for an unknown number."""
    if count is None:
        return "?"
    for unit in _UNITS:
        if count < 999.5 or unit == _UNITS[-1]:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 99.5 else f"{count:.2g} {unit}"
        count /= 1000
    raise AssertionError


def format_pieces(pieces: Sequence[Piece]) -> list[str]:
    """Return the lines of the table: path, bytes, licence; below it address, commit, files, keys."""
    width = max((len(piece.need.path) for piece in pieces), default=0)
    lines = []
    for piece in pieces:
        if piece.fault and not piece.remotes:
            size = "-"
        else:
            size = format_bytes(piece.count_left() if piece.remotes else None)
        lines.append(f"  {piece.need.path:<{width}}  {size:>7}  {piece.licence}")
        lines.append("      " + ", ".join(_describe(piece)))
        if piece.fault:
            lines.append(f"      cannot be fetched: {piece.fault}")
    return lines


def _describe(piece: Piece) -> list[str]:
    source, told = piece.need.source, []
    if source is not None and not source.by_hand:
        told.append(f"{source.url} ({source.member})" if source.member else source.address)
        if piece.listing:
            told.append(f"commit {piece.listing.commit[:12]}")
        elif source.hub:
            told.append("commit not known" if source.revision is None else "commit of the catalogue")
        if len(piece.remotes) > 1:
            told.append(f"{len(piece.remotes)} files")
        known = sum(remote.has_hash for remote in piece.remotes.values())
        if piece.remotes:
            told.append("hash known" if known == len(piece.remotes) else "no hash known")
        if not piece.need.is_own:
            told.append("not fetched yet")
    return [*told, f"for {'; '.join(piece.need.keys)}"]
