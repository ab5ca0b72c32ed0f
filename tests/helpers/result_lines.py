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
    kind: str, injected: int, survived: int, clear_stop: int, silent: int, double_billed: int, **more: int
) -> None:
    """Print the line of a fault test: every injected fault was survived, stopped clearly, passed in
    silence (a defect), or ended in one of the defects that `more` counts.
    """
    ends = (survived, clear_stop, silent, *more.values())
    if sum(ends) != injected:
        raise ValueError(
            f"faults {kind}: {' + '.join(map(str, ends))} are not the {injected} that were injected"
        )
    rest = "".join(f" {name}={count}" for name, count in more.items())
    print(
        f"faults {kind} injected={injected} survived={survived} clear_stop={clear_stop} silent={silent} "
        f"double_billed={double_billed}{rest}",
        flush=True,
    )
