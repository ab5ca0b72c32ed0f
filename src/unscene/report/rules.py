"""The rules of the workflow and their stages, in the order of the flow, read from where they are declared."""

import re
from functools import cache
from pathlib import Path

from unscene.run.checkout import CHECKOUT

_INCLUDE = re.compile(r'^include: "(workflow/rules/(\w+)\.smk)"$', re.MULTILINE)
_RULE = re.compile(
    r"^\s*(?:(?:rule|checkpoint) (?P<own>\w+)\s*:|use rule \w+ as (?P<like>\w+))", re.MULTILINE
)


@cache
def list_rules(checkout: Path = CHECKOUT) -> dict[str, str]:
    """Return rule -> stage. A rule's stage is the name of its file; the files are included in the
    order of the flow.

    Rules that this run's config leaves out are there as well.
    """
    snakefile = (checkout / "Snakefile").read_text(encoding="utf-8")
    return {
        match["own"] or match["like"]: stage
        for path, stage in _INCLUDE.findall(snakefile)
        for match in _RULE.finditer((checkout / path).read_text(encoding="utf-8"))
    }
