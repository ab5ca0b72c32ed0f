"""The code hash that belongs to the version number of each dear rule: `python tests/frozen_code.py`
records it anew.

The lineage of a dear rule holds a version number instead of its code, so that a harmless
refactoring re-runs no GPU-days. Whoever changes that code decides: raise `version=` in the rule
when outputs change, and record the new pair in either case.
"""

import json
import re
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
RECORD = Path(__file__).with_name("frozen_code.json")


def list_dear_rules() -> dict[str, list]:
    """Return {rule: [version, hash of its code]} of all rules that state a version."""
    from unscene.run.lineage import code_hash

    text = "\n".join(path.read_text() for path in sorted((CHECKOUT / "workflow/rules").glob("*.smk")))
    stated = re.findall(r'lineage\(\s*"(\w+)"(?:(?!lineage\().)*?version=(\d+)', text, re.DOTALL)
    return {rule: [int(version), code_hash(rule)] for rule, version in stated}


if __name__ == "__main__":
    sys.path[:0] = [str(CHECKOUT / folder) for folder in ("src", "tests", "tests/helpers")]
    RECORD.write_text(json.dumps(list_dear_rules(), indent=1) + "\n")
    print(RECORD.read_text())
