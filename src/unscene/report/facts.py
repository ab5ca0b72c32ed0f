"""JSON results as facts and small tables: whatever keys a step wrote, nothing is left out and every
null has its reason.
"""

from collections.abc import Sequence

from unscene.report.numbers import (
    NOT_MEASURED,
    by_name,
    count,
    interval,
    is_null,
    label,
    percent,
    plain,
    short,
)

NO_REASON = "no reason recorded"
_UNITS = ("db", "usd", "bytes", "hours", "seconds")
# An estimate is a dict with one of these and its interval; `n`, the median and so on may stand beside it.
_ESTIMATES = ("mean", "share", "auc")


def list_facts(value: dict, title: str = "", unit: str = "") -> list[dict]:
    """Return a JSON object as blocks `{title, facts, table}` in the order of its keys.

    facts: list of (label, value, is null). table: None or `{columns, rows}`; a row is a list of
    (text, is number). A null's reason stands beside it as `{key}_reason` or `reason`; a dict with
    `value` and `reason` is one fact, so is a mean, share or AUC with its interval. `unit` is the
    name of the key above, which may say what its values are.
    """
    facts, below = [], []
    used = _reason_keys(value)
    parts = {
        key: item for key, item in value.items() if isinstance(item, dict) and item and not _is_one_fact(item)
    }
    table = _as_table(parts)
    for key, item in value.items():
        name = f"{title}: {label(key)}" if title else label(key)
        if key in used or key in parts and table:
            continue
        if key in parts:
            below += list_facts(item, name, key)
        elif isinstance(item, list) and item and all(isinstance(row, dict) for row in item):
            below.append({"title": name, "facts": [], "table": _rows_table(item)})
        else:
            facts.append((label(key), *write_value(key, item, value, unit)))
    first = [{"title": title, "facts": facts, "table": table}] if facts or table else []
    return first + below


def look_up(value: dict, path: Sequence[str]) -> tuple[str, bool]:
    """Return what stands at a path of keys as (text, is null); the reason is the nearest one above
    where nothing does.
    """
    item, around = value, value
    for key in path:
        if not isinstance(item, dict) or is_null(item.get(key)):
            around = item if isinstance(item, dict) else around
            reason = around.get(f"{key}_reason") or around.get("reason") or NO_REASON
            return f"{NOT_MEASURED}: {reason}", True
        item, around = item[key], item
    return write_value(path[-1], item, around, path[-2] if len(path) > 1 else "")


def write_value(key: str, item: object, around: dict, unit: str = "") -> tuple[str, bool]:
    """Return a value as (text, is null). `around` is the dict it stands in, which may hold the
    reason of a null.
    """
    if _is_wrapped(item):
        around, item = {"reason": item.get("reason")}, item["value"]
    if _is_estimate(item):
        return _write_estimate(_with_unit(key, unit), item)
    if isinstance(item, dict):
        return ", ".join(
            f"{name} {by_name(_with_unit(name, key), part)}" for name, part in item.items()
        ) or "none", False
    if isinstance(item, list):
        return ", ".join(by_name(key, part) for part in item) or "none", False
    if is_null(item):
        reason = around.get(f"{key}_reason") or around.get("reason") or NO_REASON
        return f"{NOT_MEASURED}: {reason}", True
    return by_name(_with_unit(key, unit), item), False


def _with_unit(key: str, above: str) -> str:
    """Return a key with the unit that the key above it names, where it has none itself: `psnr_db:
    {edit: 16.3}`.
    """
    if any(word in _UNITS for word in key.split("_")):
        return key
    return "_".join([key, *(word for word in above.split("_") if word in _UNITS)])


def _write_estimate(name: str, item: dict) -> tuple[str, bool]:
    """Return an estimate as "16.3 dB (16 to 16.6, n = 28)"."""
    kind = next(kind for kind in _ESTIMATES if kind in item)
    value, low, high = item[kind], item["low"], item["high"]
    size = [f"n = {count(item['n'])}"] if "n" in item else []
    if is_null(value):
        reason = item.get("reason") or "; ".join(["no value", *size])
        return f"{NOT_MEASURED}: {reason}", True
    limits = "no interval"
    if not is_null(low) and not is_null(high):
        limits = interval(low, high) if kind == "share" else f"{short(low)} to {short(high)}"
    text = {"share": percent, "auc": plain}.get(kind, lambda mean: by_name(name, mean))(value)
    return f"{text} ({', '.join([limits, *size])})", False


def _reason_keys(value: dict) -> set[str]:
    """Return the keys that only say why another one is null."""
    keys = {f"{key}_reason" for key in value if f"{key}_reason" in value}
    if "reason" in value and any(is_null(item) for key, item in value.items() if key != "reason"):
        keys.add("reason")
    return keys


def _is_wrapped(item: object) -> bool:
    return isinstance(item, dict) and "value" in item and set(item) <= {"value", "reason"}


def _is_estimate(item: object) -> bool:
    return (
        isinstance(item, dict) and {"low", "high"} <= set(item) and any(kind in item for kind in _ESTIMATES)
    )


def _is_one_fact(item: dict) -> bool:
    return _is_wrapped(item) or _is_estimate(item)


def _holds_dicts(value: dict) -> bool:
    return all(isinstance(item, dict) and not _is_one_fact(item) for item in value.values())


def _as_table(value: dict) -> dict | None:
    """Return a dict of like dicts (scores by class, say) as a table, or None when it is no such thing.

    Like are two or more dicts that share a key and hold nothing deeper than a dict of plain values; a
    dict of facts is not like a dict of dicts.
    """
    rows = list(value.values())
    if len(rows) < 2 or not all(isinstance(row, dict) and row and not _is_one_fact(row) for row in rows):
        return None
    if not set.intersection(*(set(row) for row in rows)):
        return None
    if len({_holds_dicts(row) for row in rows}) > 1:
        return None
    if any(
        isinstance(item, dict) and any(isinstance(p, dict) for p in item.values())
        for row in rows
        for item in row.values()
    ):
        return None
    return _rows_table([{"": name.replace("_", " "), **row} for name, row in value.items()])


def _rows_table(rows: list[dict]) -> dict:
    keys = list(dict.fromkeys(key for row in rows for key in row))
    return {
        "columns": [label(key) for key in keys],
        "rows": [[_cell(key, row) for key in keys] for row in rows],
    }


def _cell(key: str, row: dict) -> tuple[str, bool]:
    if key not in row:
        return "", False
    value = row[key]
    is_number = is_null(value) or not isinstance(value, str | dict | list) or _is_estimate(value)
    return (
        (value, False)
        if isinstance(value, str)
        else (write_value(key, value, row, str(row.get("", "")).replace(" ", "_"))[0], is_number)
    )
