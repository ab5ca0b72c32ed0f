"""The closing lines of benchmarks and fault tests, for people and for programs: one place for their form."""

import math


def print_bench(name: str, value: float, unit: str, ratio: float = math.nan, against: str = "none") -> None:
    """Print a benchmark's line. `ratio` compares with the peer `against` in one run; above 1 ours
    is better.
    """
    if math.isnan(ratio) != (against == "none"):
        raise ValueError(f"bench {name}: a ratio needs a peer, and a peer a ratio")
    print(f"bench {name} value={value:.6g} unit={unit} ratio={ratio:.3f} against={against}", flush=True)


def print_faults(
    kind: str, injected: int, survived: int, clear_stop: int, silent: int, double_billed: int
) -> None:
    """Print the line of a fault test: every injected fault was survived, stopped clearly, or passed
    in silence (a defect).
    """
    if survived + clear_stop + silent != injected:
        raise ValueError(
            f"faults {kind}: {survived} + {clear_stop} + {silent} are not the {injected} that were injected"
        )
    print(
        f"faults {kind} injected={injected} survived={survived} clear_stop={clear_stop} silent={silent} "
        f"double_billed={double_billed}",
        flush=True,
    )
