"""Send the requests of a stage when the whole run fits the budget, and collect the answers into the
ledger of paid answers.

It stands in this room, since the plan knows the prompts of all stages, and stages don't know the plan.
"""

from collections.abc import Sequence

from unscene.answers.batches.terms import Terms
from unscene.answers.prices import read_prices
from unscene.answers.submitting import send_requests, summarise_answered
from unscene.machine.job import Job
from unscene.plan.estimate import make_plan, read_throughput
from unscene.run.checkout import resolve_path
from unscene.run.parts import divide_budget


def submit_requests(job: Job) -> None:
    """Drive the requests of a stage to their end. inputs: requests; outputs: summary.

    The plan is made here and no input: with its file as an `ancient` input, Snakemake 9.27 would
    not look at what else changed below the submission whenever the plan itself is due (it masks all
    that depends on a due job, by ancient files, too).
    """
    prices = read_prices(job.find("plan.prices"))
    terms = Terms(job.rule.removeprefix("submit_"), divide_budget(job.config), prices)
    plan = make_plan(job.config, prices, read_throughput())
    send_requests(job.inputs.requests, job.outputs.summary, terms, plan)


def sum_up_if_answered(rule: str, config: dict, requests: Sequence[str], summary: str) -> bool:
    """Write the summary of a rule `submit_{stage}` whose requests the ledger here has all answers of, as its
    job would, asking nobody; return whether it has.
    """
    prices = read_prices(resolve_path(config["plan"]["prices"]))
    terms = Terms(rule.removeprefix("submit_"), divide_budget(config), prices)
    return summarise_answered(requests, summary, terms)
