"""What `unscene schema` writes: files of the checkout that are made from declarations in the code."""

from pathlib import Path

import yaml

from unscene.config.manual import MANUAL, write_manual
from unscene.config.reference import REFERENCE, write_reference
from unscene.config.schema import SCHEMA, build_schema, load_base, write_schema


def generate_files(checkout: Path) -> dict[Path, str]:
    """Return {path in the checkout: its text} of every generated file."""
    schema = build_schema(load_base(checkout))
    defaults = yaml.safe_load((checkout / "config/config.yaml").read_text(encoding="utf-8"))
    manual = (checkout / MANUAL).read_text(encoding="utf-8")
    return {
        SCHEMA: write_schema(schema),
        MANUAL: write_manual(manual, schema, defaults),
        REFERENCE: write_reference(),
    }
