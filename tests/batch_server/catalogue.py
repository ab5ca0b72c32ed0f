"""All faults that can be planted, by place and name, and the list of them for people."""

from batch_server.bad_calls import CALLS
from batch_server.bad_files import FILES
from batch_server.bad_lines import LINES
from batch_server.bad_replies import LISTS, REPLIES
from batch_server.fates import FATES
from batch_server.faults import Kind

# In the order in which a reply suffers them.
CATALOGUE: dict[str, dict[str, Kind]] = {
    "call": CALLS,
    "list": LISTS,
    "reply": REPLIES,
    "file": FILES,
    "line": LINES,
    "fate": FATES,
}
HEADINGS = {
    "call": "On a call or the bytes of its reply (any route)",
    "list": "In a list (batches.list, files.list)",
    "reply": "In an object of a reply (batches.retrieve, create, list, cancel; some in files.create)",
    "file": "In place of a result file (files.content)",
    "line": "In place of a line of a result file",
    "fate": "Of a whole batch",
}


def write_list() -> str:
    """Return the list of all faults as Markdown: a line each."""
    parts = []
    for place, kinds in CATALOGUE.items():
        parts.append(f"### {HEADINGS[place]}\n")
        parts += [f"- `{name}`: {kind.about}" for name, kind in kinds.items()]
        parts.append("")
    return "\n".join(parts)
