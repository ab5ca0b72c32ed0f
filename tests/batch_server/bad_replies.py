"""What may be wrong in the JSON objects of a reply: batches, files, and lists of them. Nothing is
wrong with what the server keeps.
"""

import copy
import datetime
from collections.abc import Callable

from batch_server.faults import Fault, Kind
from batch_server.objects import MOMENTS

BATCHES = ("batches.retrieve", "batches.create", "batches.list", "batches.cancel")
OBJECTS = (*BATCHES, "files.create")
TIMES = ("created_at", "expires_at", *(f"{moment}_at" for moment in MOMENTS))


def _put(name: str, value: object) -> Callable[[dict, Fault], object]:
    return lambda entry, fault: {**entry, name: value}


def _drop(name: str) -> Callable[[dict, Fault], object]:
    return lambda entry, fault: {key: value for key, value in entry.items() if key != name}


def _in_counts(change: Callable[[dict], object]) -> Callable[[dict, Fault], object]:
    return lambda entry, fault: {**entry, "request_counts": change(dict(entry["request_counts"]))}


def _in_status(change: Callable[[str], object]) -> Callable[[dict, Fault], object]:
    return lambda entry, fault: {**entry, "status": change(entry["status"])}


def _in_times(change: Callable[[int], object]) -> Callable[[dict, Fault], object]:
    return lambda entry, fault: {
        key: change(value) if key in TIMES and value is not None else value for key, value in entry.items()
    }


def _iso(moment: int) -> str:
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).isoformat()


def _has_results(entry: dict) -> bool:
    is_ended = entry.get("status") in ("completed", "expired", "cancelled")
    return is_ended or bool(entry.get("output_file_id"))  # one that broke down has some, too


def _has_usage(entry: dict) -> bool:
    return bool(entry.get("usage"))


def _has_errors(entry: dict) -> bool:
    return bool(entry.get("errors"))


def _late(entry: dict, fault: Fault) -> dict:
    return {**entry, "output_file_id": None, "error_file_id": None}


def _other(entry: dict, fault: Fault) -> dict:
    other = copy.deepcopy(entry)
    names = [name for name in ("id", "input_file_id", "output_file_id", "error_file_id") if other.get(name)]
    for name in names:
        other[name] = other[name][:-8] + f"{fault.draw.getrandbits(32):08x}"
    return {**other, "metadata": None} if "metadata" in other else other


def _kind(about: str, act: Callable, routes: tuple = BATCHES, applies: Callable = lambda entry: True) -> Kind:
    return Kind(about, act, routes, applies)


REPLIES = {
    "output_late": _kind("ended, and no file is named yet", _late, applies=_has_results),
    "error_file_id_empty": _kind(
        'error_file_id is "" where there is none',
        lambda e, f: {**e, "error_file_id": e["error_file_id"] or ""},
        applies=lambda e: _has_results(e) and not e["error_file_id"],
    ),
    "error_file_absent": _kind(
        "error_file_id names a file that is not there",
        lambda e, f: {**e, "error_file_id": "file-absent"},
        applies=lambda e: _has_results(e) and not e["error_file_id"],
    ),
    "file_ids_empty": _kind(
        'both file ids are "" until the end',
        lambda e, f: {
            **e,
            "output_file_id": e["output_file_id"] or "",
            "error_file_id": e["error_file_id"] or "",
        },
    ),
    "file_ids_early": _kind(
        "a file that cannot be read yet is named before the end",
        lambda e, f: {**e, "output_file_id": "file-not-there-yet"},
        applies=lambda e: e.get("status") in ("validating", "in_progress", "finalizing"),
    ),
    "file_ids_swapped": _kind(
        "each file id stands in the place of the other",
        lambda e, f: {**e, "output_file_id": e["error_file_id"], "error_file_id": e["output_file_id"]},
        applies=_has_results,
    ),
    "file_ids_equal": _kind(
        "both ids name the output",
        lambda e, f: {**e, "error_file_id": e["output_file_id"]},
        applies=lambda e: _has_results(e) and bool(e["output_file_id"]) and not e["error_file_id"],
    ),
    "counts_null": _kind("request_counts is null", _put("request_counts", None)),
    "counts_absent": _kind("no request_counts", _drop("request_counts")),
    "counts_list": _kind("request_counts is a list", _put("request_counts", [1, 2, 3])),
    "counts_text": _kind("counts are texts", _in_counts(lambda c: {k: str(v) for k, v in c.items()})),
    "counts_nulls": _kind("counts are null", _in_counts(dict.fromkeys)),
    "counts_partial": _kind("counts lack `failed`", _in_counts(lambda c: {"total": c["total"]})),
    "counts_negative": _kind("counts are negative", _in_counts(lambda c: {k: -1 for k in c})),
    "counts_lagging": _kind("counts stay 0", _in_counts(lambda c: {k: 0 for k in c})),
    "counts_too_many": _kind("ten times too many", _in_counts(lambda c: {k: 10 * v for k, v in c.items()})),
    "batch_status_capital": _kind("statuses such as `Completed`", _in_status(str.capitalize)),
    "batch_status_shouted": _kind("statuses such as `COMPLETED`", _in_status(str.upper)),
    "batch_status_unknown": _kind("status is `processing`", _put("status", "processing")),
    "batch_status_null": _kind("status is null", _put("status", None)),
    "batch_status_number": _kind("status is 3", _put("status", 3)),
    "batch_status_absent": _kind("no status", _drop("status")),
    "times_text": _kind("moments are ISO texts", _in_times(_iso)),
    "times_digits": _kind("moments are texts of digits", _in_times(str)),
    "times_null": _kind("moments are null", _in_times(lambda moment: None)),
    "times_float": _kind("moments are fractions", _in_times(lambda moment: moment + 0.5)),
    "times_ms": _kind("moments are milliseconds", _in_times(lambda moment: 1000 * moment)),
    "times_zero": _kind("moments are 0", _in_times(lambda moment: 0)),
    "ends_early": _kind(
        "expires_at is three hours before the batch was made",
        lambda e, f: {**e, "expires_at": e["created_at"] - 3 * 3600},
    ),
    "times_absent": _kind("no moments", lambda e, f: {k: v for k, v in e.items() if k not in TIMES}),
    "batch_usage_null": _kind("usage is null", _put("usage", None), applies=_has_usage),
    "batch_usage_absent": _kind("no usage", _drop("usage"), applies=_has_usage),
    "batch_usage_text": _kind("usage is a text", _put("usage", "none"), applies=_has_usage),
    "batch_usage_list": _kind("usage is a list", _put("usage", [1]), applies=_has_usage),
    "batch_usage_zero": _kind(
        "usage is all 0",
        lambda e, f: {**e, "usage": {k: 0 if isinstance(v, int) else v for k, v in e["usage"].items()}},
        applies=_has_usage,
    ),
    "batch_usage_other_shape": _kind(
        "usage in the shape of chat completions",
        lambda e, f: {
            **e,
            "usage": {
                "prompt_tokens": e["usage"]["input_tokens"],
                "completion_tokens": e["usage"]["output_tokens"],
            },
        },
        applies=_has_usage,
    ),
    "batch_usage_texts": _kind(
        "tokens of usage are texts",
        lambda e, f: {**e, "usage": {k: str(v) for k, v in e["usage"].items()}},
        applies=_has_usage,
    ),
    "metadata_null": _kind("metadata is null", _put("metadata", None)),
    "metadata_text": _kind("metadata is a text", _put("metadata", "{}")),
    "errors_null": _kind("failed, and errors is null", _put("errors", None), applies=_has_errors),
    "errors_text": _kind("errors is a text", _put("errors", "failed"), applies=_has_errors),
    "errors_bare": _kind(
        "errors is a bare list", lambda e, f: {**e, "errors": e["errors"]["data"]}, applies=_has_errors
    ),
    "errors_texts": _kind(
        "errors are texts",
        lambda e, f: {**e, "errors": {"object": "list", "data": [x["message"] for x in e["errors"]["data"]]}},
        applies=_has_errors,
    ),
    "model_null": _kind("model is null", _put("model", None)),
    "input_file_null": _kind("input_file_id is null", _put("input_file_id", None)),
    "id_null": _kind("id is null", _put("id", None), OBJECTS),
    "id_number": _kind("id is a number", _put("id", 12), OBJECTS),
    "id_absent": _kind("no id", _drop("id"), OBJECTS),
    "other_object": _kind("the object of somebody else", _other, OBJECTS),
    "in_a_list": _kind("the object stands in a list", lambda e, f: [e], OBJECTS),
    "in_data": _kind('the object stands in {"data": ...}', lambda e, f: {"data": e}, OBJECTS),
    "extra_fields": _kind(
        "fields that nobody knows", lambda e, f: {**e, "progress": 0.5, "x": {"y": []}}, OBJECTS
    ),
    "bytes_odd": _kind("the size of the file is null", _put("bytes", None), ("files.create",)),
    "file_error": _kind("the file's status is `error`", _put("status", "error"), ("files.create",)),
}

LIST = ("batches.list", "files.list")


def _lagging(page: dict, fault: Fault, is_new: Callable[[dict], bool]) -> dict:
    return {**page, "data": [entry for entry in page["data"] if not is_new(entry)]}


def _shuffled(page: dict, fault: Fault, is_new: Callable[[dict], bool]) -> dict:
    data = list(page["data"])
    fault.draw.shuffle(data)
    return {**page, "data": data}


def _on_page(change: Callable[[dict], dict]) -> Callable[[dict, Fault, Callable], dict]:
    return lambda page, fault, is_new: change(page)


LISTS = {
    "list_lags": Kind("what is younger than `seconds` (120) is not listed yet", _lagging, LIST),
    "list_shuffled": Kind("each page in another order", _shuffled, LIST),
    "list_reversed": Kind(
        "each page is oldest first", _on_page(lambda p: {**p, "data": p["data"][::-1]}), LIST
    ),
    "list_empty": Kind("nothing is listed", _on_page(lambda p: {**p, "data": [], "has_more": False}), LIST),
    "list_null": Kind("data is null", _on_page(lambda p: {**p, "data": None}), LIST),
    "list_absent": Kind("no data", _on_page(lambda p: {"object": "list"}), LIST),
    "list_bare": Kind("a bare list in place of a page", _on_page(lambda p: p["data"]), LIST),
    "list_doubled": Kind(
        "each entry comes twice",
        _on_page(lambda p: {**p, "data": [e for e in p["data"] for _ in "ab"]}),
        LIST,
    ),
    "list_with_null": Kind(
        "a null among the entries", _on_page(lambda p: {**p, "data": [None, *p["data"]]}), LIST
    ),
    "list_with_text": Kind(
        "a text among the entries", _on_page(lambda p: {**p, "data": ["batch", *p["data"]]}), LIST
    ),
    "more_never": Kind("has_more is false on every page", _on_page(lambda p: {**p, "has_more": False}), LIST),
    "more_always": Kind("has_more is true on every page", _on_page(lambda p: {**p, "has_more": True}), LIST),
    "more_absent": Kind(
        "no has_more", _on_page(lambda p: {k: v for k, v in p.items() if k != "has_more"}), LIST
    ),
    "cursor_ignored": Kind(
        "`after` is ignored: every page is the first, and has_more is true",
        _on_page(lambda p: {**p, "has_more": True}),
        LIST,
    ),
}
