"""What was charged: a line for each request that was worked on, whether its answer was delivered,
and whether the provider itself lost it.
"""

import hashlib
import json
from collections import Counter, defaultdict
from dataclasses import dataclass

from batch_server.models import FREE, MODELS


@dataclass(slots=True)
class Charge:
    """One request that was worked on and paid. `lost` names the fault by which the provider lost
    the answer (None: it can be had, or was).
    """

    custom_id: str
    body_hash: str
    batch_id: str | None  # None: answered at once, at twice the price
    input_tokens: int
    output_tokens: int
    usd: float
    delivered: bool = False
    lost: str | None = None


def hash_body(body: dict) -> str:
    """Return the hash of a request's body; equal bodies are equal questions."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


class Bill:
    """All charges."""

    def __init__(self) -> None:
        self.charges: list[Charge] = []
        self.usd = 0.0

    def charge(self, request: dict, answer: dict, batch_id: str | None) -> Charge:
        """Book the answer of a request line."""
        usage, price = answer["usage"], MODELS.get(answer["model"], FREE)
        usd = usage["prompt_tokens"] * price.input + usage["completion_tokens"] * price.output
        charge = Charge(
            request["custom_id"],
            hash_body(request["body"]),
            batch_id,
            usage["prompt_tokens"],
            usage["completion_tokens"],
            (1 if batch_id else 2) * usd / 1e6,
        )
        self.charges.append(charge)
        self.usd += charge.usd
        return charge

    def to_json(self, items: bool = True) -> dict:
        """Return the totals and (items) each request's part.

        `double_billed`: requests (custom_id and body) paid more than once, `bodies_paid_twice`: the
        same by body alone; answers that the provider itself lost don't count in either.
        """
        found = defaultdict(list)
        for charge in self.charges:
            found[charge.custom_id, charge.body_hash].append(charge)
        kept = [charge for charge in self.charges if charge.lost is None]
        bodies = Counter(charge.body_hash for charge in kept)
        total = {
            "requests": len(found),
            "charges": len(self.charges),
            "double_billed": sum(n > 1 for n in Counter((c.custom_id, c.body_hash) for c in kept).values()),
            "bodies_paid_twice": sum(n > 1 for n in bodies.values()),
            "undelivered": sum(not charge.delivered for charge in self.charges),
            "lost": dict(Counter(charge.lost for charge in self.charges if charge.lost is not None)),
            "input_tokens": sum(charge.input_tokens for charge in self.charges),
            "output_tokens": sum(charge.output_tokens for charge in self.charges),
            "usd": round(self.usd, 9),
        }
        if items:
            total["items"] = [
                {
                    "custom_id": custom_id,
                    "body_hash": body_hash,
                    "charges": len(charges),
                    "input_tokens": sum(charge.input_tokens for charge in charges),
                    "output_tokens": sum(charge.output_tokens for charge in charges),
                    "usd": sum(charge.usd for charge in charges),
                    "lost": sum(charge.lost is not None for charge in charges),
                }
                for (custom_id, body_hash), charges in sorted(found.items())
            ]
        return total
