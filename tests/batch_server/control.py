"""The routes under /_test: what a test does to the server, and what it asks about it."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from batch_server import lifecycle
from batch_server.answerers import Answerer, ErrorModel
from batch_server.catalogue import CATALOGUE
from batch_server.objects import ACTIVE
from batch_server.replies import read_json
from batch_server.store import Store


class ControlApi:
    """/_test: what a test does to the server and asks about it."""

    def __init__(self, store: Store):
        self.store = store

    async def advance(self, request: Request):
        """Let elapsed seconds pass: {"seconds": 60}; say what the clock reads."""
        self.store.clock.advance((await read_json(request))["seconds"])
        lifecycle.settle(self.store)
        return JSONResponse({"now": self.store.clock.read(), "elapsed": self.store.clock.elapsed})

    async def settings(self, request: Request):
        """Change settings by their names."""
        self.store.settings.update(await read_json(request))
        self.store.set_clock()
        return JSONResponse({})

    async def answers(self, request: Request):
        """Plant errors in answers: {"seed": 0, "errors": {"cut": 0.1}}."""
        asked = await read_json(request)
        self.store.answerer = Answerer(ErrorModel.from_dict(asked.get("errors", {})), asked.get("seed", 0))
        return JSONResponse({})

    async def plant(self, request: Request):
        """Plant a fault (faults.Fault) by the name of its kind (catalogue.py)."""
        self.store.faults.plant(await read_json(request), CATALOGUE)
        return JSONResponse({})

    async def clear(self, request: Request):
        """Take all faults away, also from batches that were created under a fate."""
        self.store.faults.planted.clear()
        for batch in self.store.batches.values():
            if batch.status in ACTIVE:
                batch.fate = type(batch.fate)()
                batch.stall_share = None
        return JSONResponse({})

    async def process(self, request: Request):
        """Allow a process to be killed: {"pid": 123, "group": false}."""
        self.store.faults.register_process(**await read_json(request))
        return JSONResponse({})

    async def calls(self, request: Request):
        """Return the routes that were called, in order, how many faults struck, each of them, and
        the errors in answers by name.
        """
        faults = self.store.faults
        planted = dict(self.store.answerer.planted)
        return JSONResponse(
            {"calls": faults.calls, "struck": len(faults.log), "faults": faults.log, "planted": planted}
        )

    async def bill(self, request: Request):
        """Return what was charged so far, and the batches that may still charge."""
        lifecycle.settle(self.store)
        list(self.store.list_files())  # those whose time is over go
        bill = self.store.bill.to_json(items=request.query_params.get("items") != "false")
        running = [batch.id for batch in self.store.batches.values() if batch.status in ACTIVE]
        money = {"currency": "play money: nothing is paid here"}
        return JSONResponse({**money, **bill, "batches": len(self.store.batches), "open_batches": running})

    def list_routes(self) -> list[Route]:
        """Return the routes, named as the methods."""
        changes = (self.advance, self.settings, self.answers, self.plant, self.clear, self.process)
        questions = (self.calls, self.bill)
        return [Route(f"/{method.__name__}", method, methods=["POST"]) for method in changes] + [
            Route(f"/{method.__name__}", method, methods=["GET"]) for method in questions
        ]
