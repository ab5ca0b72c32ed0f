"""Policies of quality that lack what they decide by."""

from collections.abc import Iterator

from unscene.quality.scores import FROM_CONTROLS, needs_calibration


def check_quality(quality: dict) -> Iterator[str]:
    """Say a policy that lacks what it decides by, and thresholds that no edit can pass."""
    if needs_calibration(quality) and not quality["controls"]:
        from_controls = [key for key, limit in quality["thresholds"].items() if limit == FROM_CONTROLS]
        what, else_ = "policy: calibrated", ""
        if quality["policy"] != "calibrated":
            what, else_ = f"thresholds.{from_controls[0]}: controls", ", or give a number"
        yield f"quality.{what} takes its cuts from controls; set quality.controls (200){else_}"
    if quality["policy"] == "certified" and not quality["labels"]:
        yield (
            "quality.policy: certified needs labels; label edits (make label) and set quality.labels:"
            " state/labels"
        )
    for key, low in quality["thresholds"].items():
        above = "max" + key.removeprefix("min")
        high = quality["thresholds"].get(above) if key.startswith("min_") else None
        if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
            yield (
                f"quality.thresholds.{key}: {low} is above {above}, {high}, and no edit could pass both;"
                " change one, or set it to null"
            )
