"""What a run cost: words of the captions, and the plan against what was found."""

from unscene.plan.comparison_power import tell_difference
from unscene.plan.rule_power import tell_part
from unscene.report.facts import list_facts, look_up
from unscene.report.numbers import count
from unscene.report.run import Run


def describe_costs(run: Run) -> dict:
    """Return what the section's template names."""
    plan = list_facts(tell_plan(run.plan))
    return {"cost": list_facts(tell_cost(run.cost)), "plan": plan, "plan_rows": compare_plan(run)}


def tell_plan(plan: dict) -> dict:
    """Return what plan.json says, but for the weights, which are told with the provenance: a difference
    that a figure cannot have is told as such.
    """
    told = {name: value for name, value in plan.items() if name != "weights"}
    figures = {
        name: {**figure, "detectable": {k: tell_difference(name, d) for k, d in figure["detectable"].items()}}
        for name, figure in plan["comparison"]["figures"].items()
    }
    parts = {name: tell_part(part) for name, part in plan["rule"]["parts"].items()}
    rule = {"power": plan["rule"]["power"], **parts}
    return {**told, "comparison": {**plan["comparison"], "figures": figures}, "rule": rule}


def tell_cost(cost: dict) -> dict:
    """Return what cost.json says of the words; where no model was asked, its price is a supposition.

    An offline backend settles nothing, so `settled` is null.
    """
    if "settled" not in cost or cost["settled"] is not None:
        return cost
    asked = {name: value for name, value in cost["estimate"].items() if name != "model"}
    return {
        "backend": f"{cost['backend']}: it costs nothing, and no model was asked",
        "captions": cost["captions"],
        "requests": cost["requests"],
        f"had {cost['model']} been asked, at prices of {cost['price_date']}": asked,
    }


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
