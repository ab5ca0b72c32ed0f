"""The faults of `make faults KIND=api`, a row of the table per kind: what the server does wrong, how
the clock is wrong, when the run is killed. Every choice is drawn from the seed.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from batch_server.bad_calls import BYTES
from batch_server.bad_files import FILES
from batch_server.bad_lines import LINES
from batch_server.bad_replies import LISTS, REPLIES

DAY = 24 * 3600
STATUSES = (401, 400, 403, 404, 407, 418, 409, 500, 503, 529, 429)
ROUTES = (
    "files.create",
    "batches.create",
    "batches.retrieve",
    "batches.list",
    "files.content",
    "models.retrieve",
)
LASTS = {"once": {"times": 1}, "for a while": {"for_s": 900.0}, "for ever": {"times": None}}
# How a reply of `create` may be lost, so that the list must tell whether there is a batch.
LOST = ("batches.create", "drop_after", {})
POLL = {"poll_seconds": 600}


@dataclass(frozen=True)
class Scenario:
    """One injection. `plants`: route (None: where the kind belongs), kind, details. `settings`: of
    the server, taken back when the fault is lifted unless `stays`. `clock`: of the client. `kills`:
    at which share of an uninterrupted run's steps each of the first runs is killed; `away_s`: how long
    nobody runs it again then. `restores`: it is, to its end, but then `state/` is put back to what it
    was at the kill, as from a backup.
    """

    row: str
    name: str
    plants: tuple[tuple[str | None, str, dict], ...] = ()
    settings: dict = field(default_factory=dict)
    clock: dict = field(default_factory=dict)
    api: dict = field(default_factory=dict)
    kills: tuple[float, ...] = ()
    away_s: float = 0.0
    restores: bool = False
    stays: bool = False


def list_scenarios(seed: int) -> list[Scenario]:
    """Return all scenarios that are drawn from a seed."""
    draw = random.Random(seed)
    makers = (
        _errors, _slow_downs, _drops, _bytes, _files, _lines, _objects, _lists, _late,
        _fates, _money, _captions, _profiles, _at_once, _clocks, _kills,
        _gateways, _projects, _halves, _returns,
    )  # fmt: skip
    return [scenario for make in makers for scenario in make(random.Random(draw.random()))]


def _errors(draw: random.Random) -> Iterator[Scenario]:
    for route in ROUTES:
        for status in STATUSES:
            lasts = list(LASTS) if route == "files.content" else [draw.choice(list(LASTS))]
            for last in lasts:
                details = {"status": status, "nth": draw.choice((1, 1, 2)), **LASTS[last]}
                details["loses"] = status == 404 and last == "for ever"
                plants = ((route, "status", details),)
                if route == "batches.list":
                    plants = (LOST, *plants)
                yield Scenario(f"error at {route}", f"{status} {last} at {route}", plants, api=POLL)


def _slow_downs(draw: random.Random) -> Iterator[Scenario]:
    forms = {
        "seconds": {"retry_after": "7"},
        "a date": {"retry_after": "date:40"},
        "a date that is over": {"retry_after": "date:-4000"},
        "a date of next year": {"retry_after": "date:31536000"},
        "milliseconds": {"retry_after_ms": "2500"},
        "nothing": {},
        "0": {"retry_after": "0"},
        "a negative number": {"retry_after": "-30"},
        "a huge number": {"retry_after": "99999999999"},
        "rubbish": {"retry_after": "soon"},
        "infinity": {"retry_after": "inf"},
        "no number": {"retry_after": "nan"},
    }
    for name, details in forms.items():
        route = draw.choice(("files.create", "batches.create", "batches.retrieve", "files.content"))
        plant = (route, "status", {"status": 429, "times": draw.choice((1, 3)), **details})
        yield Scenario("429 and Retry-After", f"Retry-After is {name} at {route}", (plant,))
    plant = ("batches.create", "status", {"status": 429, "for_s": 5 * 3600.0, "retry_after": "60"})
    yield Scenario("429 and Retry-After", "429 at create for five hours", (plant,), api=POLL)
    yield Scenario(
        "429 and Retry-After",
        "two creates a minute",
        settings={"per_minute": {"batches.create": 2, "files.create": 2, "batches.retrieve": 4}},
        stays=True,
    )


def _drops(draw: random.Random) -> Iterator[Scenario]:
    routes = (*ROUTES, "batches.cancel")
    for route in routes:
        for kind in ("drop_before", "drop_after", "half", "status_after", "slow", "login_before"):
            details = {"nth": draw.choice((1, 2)), "times": draw.choice((1, 2, 5)), "seconds": 0.3}
            plants = [(route, kind, details)]
            if route == "batches.cancel":
                plants.append((None, "stuck_in_progress", {}))
            if route == "batches.list":
                plants.insert(0, LOST)
            yield Scenario(
                "lost and late replies", f"{kind} at {route}, {details['times']}", tuple(plants), api=POLL
            )
    for kind in ("drop_after", "status_after", "login_page", "json_empty", "id_absent"):
        plant = ("batches.create", kind, {"times": 5, "status": 502})
        yield Scenario("lost and late replies", f"five creates in a row: {kind}", (plant,), api=POLL)
    plant = ("files.create", "drop_before", {"for_s": 2 * 3600.0})
    yield Scenario("lost and late replies", "uploads fail for two hours", (plant,), api=POLL)


def _bytes(draw: random.Random) -> Iterator[Scenario]:
    for kind in BYTES:
        for route in ("batches.retrieve", "files.content"):
            details = {"nth": draw.choice((1, 2)), "times": draw.choice((1, 3)), "seconds": 7200}
            name = f"{kind} at {route}"
            yield Scenario("bytes of a reply", name, ((route, kind, details),), api=POLL)
        route = draw.choice(("files.create", "batches.create", "models.retrieve", "batches.list"))
        plants = ((route, kind, {"times": draw.choice((1, 2)), "seconds": -7200}),)
        plants = (LOST, *plants) if route == "batches.list" else plants
        yield Scenario("bytes of a reply", f"{kind} at {route}", plants, api=POLL)
    plant = ("files.content", "login_page", {"times": None})
    yield Scenario("bytes of a reply", "login_page at files.content for ever", (plant,), api=POLL)


def _files(draw: random.Random) -> Iterator[Scenario]:
    for kind in FILES:
        details = {"seed": draw.randrange(1000), "part": draw.choice((0.2, 0.5, 0.8))}
        times = draw.choice((1, 2, 3))
        plant = (None, kind, {"nth": draw.choice((1, 2)), "times": times, **details})
        yield Scenario("result file", f"{kind}, {times}", (plant,), api=POLL)
    for kind in ("other_file", "empty_file", "utf_16", "lines_missing", "json_array", "carriage_returns"):
        plant = (None, kind, {"times": None, "loses": True})
        yield Scenario("result file", f"{kind} for ever", (plant,), api=POLL)


def _lines(draw: random.Random) -> Iterator[Scenario]:
    for kind in LINES:
        plant = (None, kind, {"nth": draw.randrange(1, 9), "times": draw.choice((1, 1, 3))})
        yield Scenario("poison line", kind, (plant,), api=POLL)
    kinds = sorted(set(LINES) - {"line_giant"})
    for n in range(6):
        plants = tuple(
            (None, kind, {"share": 0.15, "times": None, "seed": draw.randrange(1000)})
            for kind in draw.sample(kinds, 4)
        )
        yield Scenario(
            "poison line", f"mixed poison {n}: {', '.join(plant[1] for plant in plants)}", plants, api=POLL
        )


def _objects(draw: random.Random) -> Iterator[Scenario]:
    for kind, entry in REPLIES.items():
        for route in entry.routes:
            if route == "batches.list" or route == "batches.cancel":
                continue
            last = draw.choice(list(LASTS)) if route == "batches.retrieve" else "once"
            plants = [(route, kind, LASTS[last])]
            if kind.startswith("errors_"):
                plants.append((None, "fails", {}))
            yield Scenario("fields of an object", f"{kind} {last} at {route}", tuple(plants), api=POLL)
        if "batches.list" in entry.routes:
            plants = (LOST, ("batches.list", kind, {"for_s": draw.choice((100.0, 7200.0))}))
            yield Scenario("fields of an object", f"{kind} at batches.list", plants, api=POLL)


def _lists(draw: random.Random) -> Iterator[Scenario]:
    for kind in LISTS:
        for times in (1, None):
            lost = ("batches.create", "drop_after", {"nth": draw.choice((1, 2))})
            seconds = {"seconds": draw.choice((100.0, 400.0, 7200.0, 20_000.0))}
            plant = ("batches.list", kind, {"times": times, "seed": draw.randrange(99), **seconds})
            yield Scenario("list", f"{kind}, {times or 'for ever'}", (lost, plant))


def _late(draw: random.Random) -> Iterator[Scenario]:
    for seconds in (180.0, 1200.0, 3 * 3600.0):
        plant = (None, "output_late", {"for_s": seconds, "nth": 1})
        yield Scenario("late results", f"no file is named for {seconds:.0f} s", (plant,))
        plants = ((None, "output_late", {"for_s": seconds}), (None, "counts_lagging", {"times": None}))
        yield Scenario("late results", f"nor counted, for {seconds:.0f} s", plants)
        for status in (403, 404):
            plant = ("files.content", "status", {"status": status, "for_s": seconds})
            yield Scenario("late results", f"{status} at the download for {seconds:.0f} s", (plant,))
            plant = ("batches.retrieve", "status", {"status": status, "for_s": seconds, "batch": 1})
            yield Scenario("late results", f"{status} for one batch for {seconds:.0f} s", (plant,))
    for route in ("batches.retrieve", "files.content"):
        plant = (route, "status", {"status": 404, "times": None, "batch": 1, "loses": True})
        yield Scenario("late results", f"404 for one batch for ever at {route}", (plant,), api=POLL)


def _fates(draw: random.Random) -> Iterator[Scenario]:
    poll = {"poll_seconds": 3600}
    for status in ("validating", "in_progress", "finalizing"):
        for seconds in (4 * 3600.0, 30 * 3600.0, None):
            plant = (None, f"stuck_{status}", {"seconds": seconds, "part": draw.choice((0.0, 0.4))})
            name = f"stuck {status} " + ("for ever" if seconds is None else f"for {seconds / 3600:.0f} h")
            yield Scenario("fate of a batch", name, (plant,), api=poll)
    for seconds in (3600.0, None):
        plants = ((None, "stuck_in_progress", {}), (None, "stuck_cancelling", {"seconds": seconds}))
        yield Scenario(
            "fate of a batch", f"stuck, cancelled, then stuck cancelling {seconds}", plants, api=poll
        )
    for part in (0.0, 0.4, 0.9):
        plant = (None, "expires", {"part": part, "times": draw.choice((1, 2))})
        yield Scenario("fate of a batch", f"expires at {part}", (plant,), api=poll)
    plant = (None, "expires", {"part": 0.0, "times": 12})
    yield Scenario("fate of a batch", "four expiries in a row", (plant,), api=poll)
    plant = (None, "expires", {"part": 0.1, "times": 12})
    yield Scenario("fate of a batch", "four expiries in a row, a little is done", (plant,), api=poll)
    yield Scenario("fate of a batch", "expires after ten minutes", ((None, "expires_early", {}),), api=POLL)
    yield Scenario(
        "fate of a batch", "cancelled by the provider", ((None, "cancelled_by_provider", {}),), api=POLL
    )
    for code in ("status_500", "status_429", "status_0", "request_timeout", "status_400", "status_401"):
        plant = (
            None,
            "lines_fail",
            {"part": draw.choice((0.5, 1.0)), "code": code, "times": draw.choice((1, 3))},
        )
        yield Scenario("fate of a batch", f"lines fail as {code}", (plant,), api=POLL)
    plant = (None, "lines_fail", {"part": 1.0, "code": "status_500", "times": 6})
    yield Scenario("fate of a batch", "all lines fail for an hour of batches", (plant,), api=POLL)


def _money(draw: random.Random) -> Iterator[Scenario]:
    row = "queue and quota"
    plant = (None, "fails", {"nth": draw.choice((1, 2))})
    yield Scenario(row, "token_limit_exceeded with a free queue", (plant,), api=POLL)
    yield Scenario(row, "token_limit_exceeded three times", ((None, "fails", {"times": 3}),), api=POLL)
    yield Scenario(
        row, "token_limit_exceeded for ever", ((None, "fails", {"times": None}),), api={"poll_seconds": 3600}
    )
    yield Scenario(row, "own queue", settings={"enqueued_tokens": 6000}, stays=True, api=POLL)
    yield Scenario(
        row, "another run's queue", settings={"enqueued_tokens": 9000, "foreign_tokens": 8000}, api=POLL
    )
    for code in (
        "billing_hard_limit_reached",
        "insufficient_quota",
        "model_not_found",
        "internal_error",
        "x",
    ):
        plant = (None, "fails", {"code": code, "nth": draw.choice((1, 2)), "times": draw.choice((1, None))})
        yield Scenario(row, f"fails with {code} {plant[2]['times']}", (plant,), api=POLL)
    yield Scenario(row, "fails and says nothing", ((None, "fails_silently", {}),), api=POLL)
    yield Scenario(
        row, "always fails and says nothing", ((None, "fails_silently", {"times": None}),), api=POLL
    )
    yield Scenario(row, "hard limit in the middle", settings={"hard_limit_usd": 0.004}, api=POLL)
    for code in ("insufficient_quota", "billing_hard_limit_reached"):
        for nth in (1, 2):
            plant = ("batches.create", "status", {"nth": nth, "times": None, "status": 429, "code": code})
            yield Scenario(row, f"{code} at create {nth}", (plant,), api=POLL)
    plant = ("files.create", "status", {"nth": 2, "times": None, "status": 429, "code": "insufficient_quota"})
    yield Scenario(row, "insufficient_quota at an upload", (plant,), api=POLL)
    plant = ("batches.create", "status", {"times": None, "status": 401, "code": "invalid_api_key"})
    yield Scenario(row, "key refused", (plant,), api=POLL)


def _captions(draw: random.Random) -> Iterator[Scenario]:
    for code in ("invalid_prompt", "content_filter"):
        for texts in (["scene 7."], ["scene 3.", "scene 4."], ["A red clock"]):
            settings = {"flagged_texts": texts, "flag_code": code}
            name = f"{code} for {', '.join(texts)}"
            yield Scenario("one caption", name, settings=settings, api=POLL, stays=True)
            for said_by in ("error", "validation"):
                told = {**settings, "refused_by": said_by}
                yield Scenario("one caption", f"{name}, by the {said_by}", (), told, api=POLL, stays=True)


def _profiles(draw: random.Random) -> Iterator[Scenario]:
    row = "other servers"
    yield Scenario(row, "no batches", settings={"batches": False})
    yield Scenario(row, "refuses store", settings={"refused_fields": ["store"]}, stays=True)
    yield Scenario(
        row,
        "refuses store and temperature",
        settings={"refused_fields": ["store", "temperature"]},
    )
    for said_by in ("response", "error", "validation"):
        for is_named in (True, False):
            settings = {"refused_fields": ["temperature"], "refused_by": said_by, "refused_param": is_named}
            words = "names it" if is_named else "does not name it"
            yield Scenario(row, f"refuses temperature in the {said_by} and {words}", settings=settings)
    yield Scenario(row, "statuses in capitals", settings={"capital_statuses": True}, stays=True)
    yield Scenario(row, "batches without an end", settings={"window_s": None}, stays=True)
    yield Scenario(
        row,
        "capitals, no end, another base",
        settings={"capital_statuses": True, "window_s": None, "base_path": "/openai/v1"},
        stays=True,
        api={"base_url": "{root}/openai/v1"},
    )
    yield Scenario(row, "the model is withdrawn", settings={"withdrawn_models": ["gpt-4o"]})


def _at_once(draw: random.Random) -> Iterator[Scenario]:
    """Answers without batches: each call is paid when it is made."""
    row, route = "answers at once", "chat.completions"
    settings, once = {"batches": False}, {"mode": "requests"}
    for kind in (
        "drop_before",
        "drop_after",
        "half",
        "status_after",
        "login_page",
        "cut_json",
        "json_null",
        "json_empty",
    ):
        plant = (route, kind, {"nth": draw.randrange(1, 6), "times": draw.choice((1, 2))})
        yield Scenario(row, kind, (plant,), settings, api=once, stays=True)
    for status in (400, 401, 404, 429, 500, 503, 529):
        last = draw.choice(list(LASTS))
        plant = (route, "status", {"status": status, "nth": draw.randrange(1, 6), **LASTS[last]})
        yield Scenario(row, f"{status} {last}", (plant,), settings, api=once, stays=True)
    for status in (408, 500, 502, 503, 504, 529):
        last = draw.choice(list(LASTS))
        plant = (route, "status_after", {"status": status, "nth": draw.randrange(1, 6), **LASTS[last]})
        name = f"{status} though the work was done, {last}"
        yield Scenario(row, name, (plant,), settings, api=once, stays=True)
    plant = (route, "status", {"status": 429, "code": "insufficient_quota", "nth": 4, "times": None})
    yield Scenario(row, "insufficient_quota", (plant,), settings, api=once, stays=True)
    yield Scenario(row, "twenty a minute", (), {**settings, "per_minute": {route: 20}}, api=once, stays=True)


def _clocks(draw: random.Random) -> Iterator[Scenario]:
    offsets = {"two hours": 7200.0, "26 hours": 26 * 3600.0, "a month": 30.0 * DAY}
    for name, seconds in offsets.items():
        for sign, word in ((1, "ahead"), (-1, "behind")):
            for plants in ((), (LOST,)):
                title = f"{name} {word}" + (", a create's reply is lost" if plants else "")
                yield Scenario("clock", title, plants, clock={"offset_s": sign * seconds})
    for rate in (0.97, 1.03, 1.5):
        yield Scenario("clock", f"a rate of {rate}", (LOST,), clock={"rate": rate})
    for seconds in (7200.0, -7200.0, 2.0 * DAY, -2.0 * DAY):
        jump = (draw.choice((20.0, 60.0)), seconds)
        yield Scenario("clock", f"jumps by {seconds:.0f} s", (LOST,), clock={"jump": jump})
        yield Scenario(
            "clock", f"the server's is {seconds:.0f} s off", (LOST,), {"clock_offset_s": seconds}, stays=True
        )
    plants = (LOST, ("batches.list", "date_far", {"seconds": 7200, "times": None}))
    yield Scenario("clock", "two hours ahead, and a proxy's Date", plants, clock={"offset_s": 7200.0})
    plants = (
        LOST,
        ("batches.list", "date_missing", {"times": None}),
        ("batches.create", "date_missing", {"times": None}),
    )
    yield Scenario("clock", "two hours ahead, and no Date", plants, clock={"offset_s": 7200.0})


def _kills(draw: random.Random) -> Iterator[Scenario]:
    for n in range(60):
        yield Scenario("killed at a step", f"step {n} of 60", kills=((n + draw.random()) / 60,))
    calls = (
        ("files.create", 1),
        ("batches.create", 1),
        ("batches.create", 2),
        ("batches.retrieve", 3),
        ("files.content", 1),
        ("files.content", 2),
    )
    for route, nth in calls:
        for kind in ("kill_before", "kill_after", "kill_half"):
            yield Scenario("killed at a call", f"{kind} at {route} {nth}", ((route, kind, {"nth": nth}),))
    for n in range(8):
        kills = tuple(draw.random() / 2 for _ in range(4))
        yield Scenario("killed four times", f"number {n}", kills=kills)
    for n in range(12):
        kind = draw.choice(("drop_after", "half", "status_after", "login_page"))
        route = draw.choice(("files.create", "batches.create", "batches.retrieve", "files.content"))
        plant = (route, kind, {"nth": draw.choice((1, 2)), "times": 2})
        kills = tuple(draw.random() for _ in range(2))
        yield Scenario("killed under a fault", f"{n}: {kind} at {route}", (plant,), kills=kills, api=POLL)


def _gateways(draw: random.Random) -> Iterator[Scenario]:
    """What stands between: it sends on, repeats calls, or keeps replies."""
    row = "gateway or cache"
    for route in ROUTES:
        for status in (302, 307):
            last = draw.choice(list(LASTS))
            plants = ((route, "redirect", {"status": status, "nth": draw.choice((1, 2)), **LASTS[last]}),)
            plants = (LOST, *plants) if route == "batches.list" else plants
            yield Scenario(row, f"redirect {status} {last} at {route}", plants, api=POLL)
    for route in ("files.create", "batches.create"):
        for times in (1, None):
            plant = (route, "acts_twice", {"times": times})
            yield Scenario(row, f"acts_twice at {route}, {times or 'for ever'}", (plant,))
    plants = (
        ("batches.create", "acts_twice", {"times": None}),
        (None, "stuck_in_progress", {"seconds": 7200}),
    )
    yield Scenario(row, "acts_twice at batches.create, and batches take hours", plants, api=POLL)
    for seconds in (600.0, 5 * 3600.0, None):
        last = {"times": None} if seconds is None else {"for_s": seconds}
        for route in ("batches.retrieve", "batches.list", "files.content"):
            plants = ((route, "stale", last),)
            plants = (LOST, *plants) if route == "batches.list" else plants
            name = f"stale at {route} " + ("for ever" if seconds is None else f"for {seconds:.0f} s")
            yield Scenario(row, name, plants, api=POLL)
    plant = ("batches.create", "drop_after", {"times": 2})
    yield Scenario(row, "a create's key is kept", (plant,), {"keeps_idempotency": True}, api=POLL, stays=True)
    for seconds in (20.0, 900.0):
        settings = {"file_ready_s": seconds}
        yield Scenario(row, f"an upload is known after {seconds:.0f} s", (), settings, api=POLL, stays=True)


def _projects(draw: random.Random) -> Iterator[Scenario]:
    """Others send hundreds of batches from the same project, so a list has pages."""
    settings = {"foreign_batches": 250}
    for kind in ("", *LISTS):
        lost = ("batches.create", "drop_after", {"nth": draw.choice((1, 2))})
        seconds = {"seconds": draw.choice((100.0, 400.0, 7200.0))}
        plant = ("batches.list", kind, {"times": None, "seed": draw.randrange(99), **seconds})
        plants = (lost, plant) if kind else (lost,)
        yield Scenario("shared project", kind or "a create's reply is lost", plants, settings, stays=True)


def _halves(draw: random.Random) -> Iterator[Scenario]:
    row = "fate of a batch"
    for part in (0.0, 0.4, 1.0):
        for late in (False, True):
            plants = [(None, "breaks_down", {"part": part, "times": draw.choice((1, 2))})]
            if late:
                plants.append(("batches.retrieve", "output_late", {"for_s": 1200.0}))
            name = f"breaks down at {part}" + (", files are named late" if late else "")
            yield Scenario(row, name, tuple(plants), api=POLL)
    for code in ("insufficient_quota", "status_403", "status_404", "status_413"):
        for nth in (1, 2, 3):
            details = {
                "part": draw.choice((0.5, 1.0)),
                "code": code,
                "nth": nth,
                "times": draw.choice((1, 2)),
            }
            yield Scenario(
                row, f"lines of batch {nth} fail as {code}", ((None, "lines_fail", details),), api=POLL
            )


def _returns(draw: random.Random) -> Iterator[Scenario]:
    for n in range(10):
        kills = ((n + draw.random()) / 10,)
        days = draw.choice((2, 29.9, 31))
        yield Scenario(
            "back later", f"killed at {kills[0]:.2f}, {days} days away", kills=kills, away_s=days * DAY
        )
        name = f"state of {kills[0]:.2f} is put back"
        yield Scenario("back later", name, kills=kills, restores=True)
