"""What a run cost: words of the captions, and the plan against what was found."""

from unscene.report.facts import list_facts, look_up
from unscene.report.numbers import count
from unscene.report.run import Run


def describe_costs(run: Run) -> dict:
    """Return what the section's template names."""
    plan = {name: value for name, value in run.plan.items() if name != "weights"}  # told with the provenance
    return {"cost": list_facts(run.cost), "plan": list_facts(plan), "plan_rows": compare_plan(run)}


def compare_plan(run: Run) -> list[dict]:
    """Return a row a number of the plan: `label, planned` (text, is null) and `found`, None where
    nothing is counted.
    """
    found = {
        "photos": len(run.samples),
        "captions": len(run.keywords),
        "edits": int((run.edits["status"] == "ok").sum()),
        "pairs": len(run.pairs),
    }
    rows = [
        {"label": name, "planned": look_up(run.plan, ("items", name)), "found": count(number)}
        for name, number in found.items()
    ]
    for name, path in {
        "dollars": ("api", "usd"),
        "dollars, at worst": ("api", "usd_worst"),
        "device hours": ("devices", "hours"),
        "disk": ("storage", "bytes", "total"),
        "files": ("storage", "files", "total"),
    }.items():
        rows.append({"label": name, "planned": look_up(run.plan, path), "found": None})
    return rows
