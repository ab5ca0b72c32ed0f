"""The graph of the workflow as its rules state it: which jobs make the inputs of a job.

Snakemake has no public call for this; the private names used here are why its version is pinned.
"""

from collections.abc import Iterable, Iterator

from snakemake.io import is_flagged
from snakemake.iocontainers import Wildcards
from snakemake.output_index import OutputIndex


class Graph:
    """The rules of a workflow, read when the first question comes: by then all rule files are included.

    They have the names of their rule files. Where another workflow uses this one as a module, it may add
    to the names (`use rule * from unscene as unscene_*`) and have rules of its own; those are left out.
    """

    def __init__(self, workflow):
        self._workflow, self._globals = workflow, workflow.modifier.globals
        self._before, self._after = workflow.modifier.modify_rulename("*").split("*")
        self._index: OutputIndex | None = None
        self._makers: dict[str, list[tuple[str, dict[str, str]]]] = {}

    def find_parents(self, rule: str, wildcards: dict[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
        """Yield (rule, wildcards) of the jobs that make the inputs of a job, `ancient` inputs left
        out: those decide nothing.
        """
        named = self._workflow.get_rule(f"{self._before}{rule}{self._after}")
        inputs = named.expand_input(Wildcards(fromdict=wildcards))[0]
        for file in inputs:
            if not is_flagged(file, "ancient"):
                yield from self._find_makers(str(file))

    def group_by_rule(self, files: Iterable[str]) -> dict[str, list[str]]:
        """Return the files by the rule that makes them, the rules in the order of the flow."""
        found: dict[str, list[str]] = {}
        for file in files:
            for rule, _ in self._find_makers(file):
                found.setdefault(rule, []).append(file)
        names = [self._name(rule) for rule in self._list_rules()]
        return {name: found[name] for name in names if name in found}

    def _list_rules(self) -> list:
        return [rule for rule in self._workflow.rules if rule.module_globals is self._globals]

    def _name(self, rule) -> str:
        return rule.name.removeprefix(self._before).removesuffix(self._after)

    def _find_makers(self, file: str) -> list[tuple[str, dict[str, str]]]:
        if self._index is None:
            self._index = OutputIndex(self._list_rules())
        if file not in self._makers:
            rules = self._index.match_producers(file)
            self._makers[file] = [(self._name(rule), dict(rule.get_wildcards(file))) for rule in rules]
        return self._makers[file]
