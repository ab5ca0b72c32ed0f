"""Numbers as the report prints them. What is null is said to be not measured, never zero."""

import math

NOT_MEASURED = "not measured"
NARROW_SPACE = "\u202f"
MINUS = "\u2212"

_SHARES = (
    "share",
    "precision",
    "recall",
    "f1",
    "accuracy",
    "score",
    "exact",
    "coverage",
    "fraction",
    "agreement",
)
_DOLLARS = ("usd", "dollars")


def is_null(value: object) -> bool:
    """Tell whether a value is null: None, NaN or pandas' NA."""
    if value is None:
        return True
    try:
        return bool(value != value)
    except TypeError:  # pandas.NA refuses to be a boolean
        return True


def count(value: object) -> str:
    """Return a whole number with thousands separators: 30,000."""
    return NOT_MEASURED if is_null(value) else f"{int(value):,}"


def percent(share: object, digits: int = 1) -> str:
    """Return a share of 1 as percent: 16.7 %."""
    return NOT_MEASURED if is_null(share) else _minus(f"{100 * share:.{digits}f}") + NARROW_SPACE + "%"


def ratio(part: float, whole: float) -> float | None:
    """Return part / whole, or None of nothing."""
    return part / whole if whole else None


def points(difference: object) -> str:
    """Return a difference of two shares in percentage points, with its sign: +12.5."""
    return NOT_MEASURED if is_null(difference) else _minus(f"{100 * difference:+.1f}")


def interval(low: object, high: object, signed: bool = False) -> str:
    """Return an interval of shares in percent or points: 50.1 to 58.9."""
    if is_null(low) or is_null(high):
        return "no interval"
    style = "+.1f" if signed else ".1f"
    return _minus(f"{100 * low:{style}} to {100 * high:{style}}")


def p_value(value: object) -> str:
    """Return a p-value with three decimals."""
    if is_null(value):
        return NOT_MEASURED
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def duration(seconds: object) -> str:
    """Return a time in the unit that a person would use."""
    if is_null(seconds):
        return NOT_MEASURED
    if seconds < 0.1:
        return f"{1000 * seconds:.2g}{NARROW_SPACE}ms"
    for limit, size, unit in ((120, 1, "s"), (7200, 60, "min"), (math.inf, 3600, "h")):
        if seconds < limit:
            return f"{_significant(seconds / size)}{NARROW_SPACE}{unit}"
    raise AssertionError("unreachable")


def megabytes(value: object) -> str:
    """Return an amount of memory given in MB."""
    if is_null(value):
        return NOT_MEASURED
    return f"{value / 1024:.1f}{NARROW_SPACE}GB" if value >= 1024 else f"{value:.0f}{NARROW_SPACE}MB"


def plain(value: object) -> str:
    """Return a number with three significant digits (whole numbers in full), or any other value as text."""
    if is_null(value):
        return NOT_MEASURED
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) or hasattr(value, "dtype") and value.dtype.kind in "iu":
        return count(value)
    if isinstance(value, float) or hasattr(value, "dtype") and value.dtype.kind == "f":
        return _significant(float(value))
    return str(value)


def short(value: object) -> str:
    """Return a number with at most three significant digits and no trailing zeros, as on an axis."""
    return NOT_MEASURED if is_null(value) else _minus(f"{value:.3g}")


def by_name(name: str, value: object) -> str:
    """Return a value in the unit that its key names: `..._usd`, `..._db`, `..._bytes`, `precision` ..."""
    if is_null(value) or isinstance(value, bool | str):
        return plain(value)
    words = name.lower().split("_")
    if any(word in _DOLLARS for word in words):
        return f"${value:,.2f}" if abs(value) >= 1 or value == 0 else f"${value:.3g}"
    if words[-1] in ("db", "psnr") or words[0] == "psnr":
        return f"{value:.1f}{NARROW_SPACE}dB"
    if words[-1] in ("seconds", "s"):
        return duration(value)
    if words[-1] == "hours":
        return f"{short(value)}{NARROW_SPACE}h"
    if words[-1] == "bytes":
        return _bytes(value)
    if isinstance(value, float) and 0 <= value <= 1 and any(word in _SHARES for word in words):
        return percent(value)
    return plain(value)


def label(name: str) -> str:
    """Return a key as words: `mask_iou` becomes `Mask IoU`."""
    spelled = {
        "api": "API",
        "auc": "AUC",
        "cpu": "CPU",
        "iou": "IoU",
        "psnr": "PSNR",
        "usd": "USD",
        "gpu": "GPU",
        "db": "dB",
        "f1": "F1",
        "clip": "CLIP",
    }
    words = [spelled.get(word, word) for word in str(name).split("_") if word]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def _significant(value: float) -> str:
    if value == 0 or not math.isfinite(value):
        return _minus(f"{value:g}")
    size = math.floor(math.log10(abs(value)))
    if size >= 15 or size < -4:
        return _minus(f"{value:.3g}")
    return _minus(f"{value:,.{max(0, 2 - size)}f}")


def _bytes(value: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if abs(value) < 1000:
            return f"{_significant(float(value)) if unit != 'B' else int(value)}{NARROW_SPACE}{unit}"
        value /= 1000
    return f"{_significant(float(value))}{NARROW_SPACE}TB"


def _minus(text: str) -> str:
    return text.replace("-", MINUS)
