"""What a download may hold in place of the result file. The file itself stays as it is: the next
download is right, unless the fault goes on.
"""

import json
from dataclasses import replace
from random import Random

from batch_server.bad_calls import BYTES, Reply
from batch_server.faults import Fault, Kind

ROUTE = ("files.content",)


def _lines(reply: Reply) -> list[bytes]:
    return [line for line in reply.body.split(b"\n") if line]


def _join(reply: Reply, lines: list[bytes], end: bytes = b"\n") -> Reply:
    return replace(reply, body=b"".join(line + end for line in lines))


def _chosen(fault: Fault, lines: list[bytes]) -> set[int]:
    """Return the places of `part` of the lines, at least one."""
    count = max(1, round(fault.part * len(lines)))
    return set(fault.draw.sample(range(len(lines)), min(count, len(lines))))


def _missing(reply: Reply, fault: Fault) -> Reply:
    gone = _chosen(fault, lines := _lines(reply))
    return _join(reply, [line for place, line in enumerate(lines) if place not in gone])


def _doubled(reply: Reply, fault: Fault) -> Reply:
    again = _chosen(fault, lines := _lines(reply))
    return _join(reply, [line for place, line in enumerate(lines) for _ in range(1 + (place in again))])


def rename_lines(lines: list[bytes], draw: Random) -> list[bytes]:
    """Return the lines under custom_ids that nobody asked for."""
    foreign = []
    for line in lines:
        value = json.loads(line)
        value["custom_id"] = f"other-{draw.getrandbits(64):016x}"
        foreign.append(json.dumps(value).encode())
    return foreign


def _foreign(reply: Reply, fault: Fault) -> Reply:
    """Half of the lines of somebody else, beside all of ours."""
    lines = _lines(reply)
    return _join(reply, lines + rename_lines(lines[: max(1, len(lines) // 2)], fault.draw))


def _other_file(reply: Reply, fault: Fault) -> Reply:
    return _join(reply, rename_lines(_lines(reply), fault.draw))


def _shuffled(reply: Reply, fault: Fault) -> Reply:
    lines = _lines(reply)
    fault.draw.shuffle(lines)
    return _join(reply, lines)


def _swapped(reply: Reply, fault: Fault) -> Reply:
    return replace(reply, body=b"<html>\n" + reply.body + b"</html>\n")


FILES = {
    "truncated": Kind(
        "`part` of the bytes, as if they were all",
        lambda r, f: replace(r, body=r.body[: int(len(r.body) * f.part)]),
        ROUTE,
    ),
    "truncated_at_a_line": Kind(
        "`part` of the lines, as if they were all",
        lambda r, f: _join(r, _lines(r)[: int(len(_lines(r)) * f.part)]),
        ROUTE,
    ),
    "empty_file": Kind("no bytes", lambda r, f: replace(r, body=b""), ROUTE),
    "blank_file": Kind("line ends alone", lambda r, f: replace(r, body=b"\n\n\n"), ROUTE),
    "other_file": Kind("the file of another batch", _other_file, ROUTE),
    "lines_missing": Kind("`part` of the lines are not there", _missing, ROUTE),
    "lines_doubled": Kind("`part` of the lines come twice", _doubled, ROUTE),
    "lines_foreign": Kind("lines that nobody asked for, beside all others", _foreign, ROUTE),
    "lines_shuffled": Kind("another order", _shuffled, ROUTE),
    "carriage_returns": Kind("lines end as on Windows", lambda r, f: _join(r, _lines(r), b"\r\n"), ROUTE),
    "blank_lines": Kind("a blank line after each", lambda r, f: _join(r, _lines(r), b"\n\n"), ROUTE),
    "no_last_line_end": Kind(
        "the last line has no end", lambda r, f: replace(r, body=r.body.rstrip(b"\n")), ROUTE
    ),
    "garbage_at_the_end": Kind(
        "a proxy's words after the last line",
        lambda r, f: replace(r, body=r.body + b"upstream connect error or disconnect/reset before headers"),
        ROUTE,
    ),
    "wrapped_in_html": Kind("the lines stand between HTML tags", _swapped, ROUTE),
    "utf_16": Kind("UTF-16", lambda r, f: replace(r, body=r.body.decode().encode("utf-16")), ROUTE),
    "nul_bytes": Kind(
        "zeros in place of the second half", lambda r, f: replace(r, body=_zeroed(r.body)), ROUTE
    ),
    "json_array": Kind(
        "one JSON array in place of lines",
        lambda r, f: replace(r, body=b"[" + b",".join(_lines(r)) + b"]"),
        ROUTE,
    ),
    "lines_of_a_stream": Kind(
        "`data: ` before each line, as in a stream of events",
        lambda r, f: _join(r, [b"data: " + line for line in _lines(r)]),
        ROUTE,
    ),
    "lines_torn": Kind(
        "each line lacks its last bytes", lambda r, f: _join(r, [line[:-20] for line in _lines(r)]), ROUTE
    ),
    "without_line_ends": Kind("all lines in one", lambda r, f: replace(r, body=b"".join(_lines(r))), ROUTE),
}
# A download counts as delivered when the bytes that arrive hold every answer.
WHOLE = (
    "lines_doubled",
    "lines_foreign",
    "lines_shuffled",
    "carriage_returns",
    "blank_lines",
    "no_last_line_end",
)
assert not set(FILES) & set(BYTES)


def _zeroed(data: bytes) -> bytes:
    return data[: len(data) // 2] + b"\0" * (len(data) - len(data) // 2)
