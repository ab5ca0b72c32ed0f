"""Seeds that depend on what is made, never on its place in a loop."""

import hashlib


def derive_seed(*parts: object) -> int:
    """Return a seed in [0, 2**63) from the text of the parts, e.g. (config seed, edit_id, attempt)."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1
