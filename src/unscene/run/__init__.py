"""How a run works: lineage, configuration, tables, shards, logs and seeds."""
