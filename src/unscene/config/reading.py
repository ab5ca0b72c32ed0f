"""The config of a run, read as Snakemake reads it, for commands that are no rule."""

import json
from collections.abc import Sequence
from pathlib import Path

import yaml

from unscene.config.schema import SCHEMA
from unscene.run.configuration import ConfigError


def read_config(checkout: Path, overlays: Sequence[Path] = ()) -> dict:
    """Return config/config.yaml with overlays laid over it, in their order, checked by the schema.

    Raises ConfigError, with the file or the key, when one cannot be read or is not of the schema.
    """
    from jsonschema import Draft202012Validator
    from snakemake.utils import update_config

    config: dict = {}
    for path in (checkout / "config/config.yaml", *overlays):
        try:
            read = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ConfigError(f"{path}: cannot be read ({error})") from error
        if not isinstance(read, dict):
            raise ConfigError(f"{path}: is no config; it holds no keys")
        update_config(config, read)
    schema = json.loads((checkout / SCHEMA).read_text(encoding="utf-8"))
    error = next(iter(Draft202012Validator(schema).iter_errors(config)), None)
    if error:
        raise ConfigError(f"{'.'.join(map(str, error.absolute_path)) or 'config'}: {error.message[:300]}")
    return config
