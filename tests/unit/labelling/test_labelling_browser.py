"""The labelling page in a real browser: scripted raters work it by the keyboard alone, and their
files are read afterwards.

Needs Chromium, its driver and the package selenium; skipped, saying so, without them. See tests/README.md.
"""

import shutil
import subprocess
import sys
from contextlib import contextmanager

import pytest

from scored_run import make_scored_run
from unscene.quality.labels import QUESTIONS, read_lines

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed: see tests/README.md")
from selenium.webdriver.common.action_chains import ActionChains  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.wait import WebDriverWait  # noqa: E402

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.dear,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="no Chromium with its driver: see tests/README.md"),
]
EDITS = 7  # the first was not made, so six are asked for


@pytest.fixture
def finished(tmp_path):
    return make_scored_run(tmp_path, EDITS, side=240)


@pytest.fixture
def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "window-size=1200,900"):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=DRIVER))
    yield driver
    driver.quit()


@contextmanager
def serve(run, rater, checkout):
    """Run the command of `make label`; yield the page's address."""
    command = [sys.executable, "-m", "unscene", "label", "--directory", str(run), "--rater", rater]
    process = subprocess.Popen(command, cwd=checkout / "src", stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.wait(timeout=60)


class Rater:
    """Someone before the page, with a keyboard and eyes."""

    def __init__(self, driver, address):
        self.driver = driver
        driver.get(address)
        self.wait_until_it_listens()

    def wait_until_it_listens(self):
        script = "return document.body.getAttribute('aria-busy') === 'false'"
        WebDriverWait(self.driver, 10).until(lambda driver: driver.execute_script(script))

    def wait_for(self, selector, holds):
        WebDriverWait(self.driver, 10).until(lambda _: holds(self.read(selector)))

    def read(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector).text

    def press(self, *keys):
        """Press keys once the page listens: it does not while it asks the server or loads a photo."""
        self.wait_until_it_listens()
        ActionChains(self.driver).send_keys(*keys).perform()

    def is_shown(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector).is_displayed()

    def get_done(self):
        return int(self.read("#count").split()[0])

    def get_pressed(self):
        """Return {question: answer} as the buttons show them."""
        pressed = self.driver.find_elements(By.CSS_SELECTOR, "button[aria-pressed=true]")
        return {
            name: answer == "yes"
            for answer, name in (each.get_attribute("id").split("-") for each in pressed)
        }

    def get_photo(self):
        """Return the address of the photo once it is there; fails when it cannot be shown."""
        photo = self.driver.find_element(By.ID, "photo")
        WebDriverWait(self.driver, 10).until(lambda _: photo.get_property("complete"))
        assert photo.get_property("naturalWidth") == 360
        return photo.get_attribute("src").rsplit("/", 2)[1:]

    def rate(self, answers):
        """Answer the questions and go on to the next edit."""
        done = self.get_done()
        self.press(*("y" if answer else "n" for answer in answers), Keys.ENTER)
        self.wait_for("#count", lambda text: text.startswith(f"{done + 1} of"))


def read_answers(run, rater):
    """Return the answers in a rater's file as tuples, without those that were taken back."""
    kept = {}
    for record in read_lines(run / f"state/labels/{rater}.jsonl"):
        kept.pop(record["edit_id"], None)
        if not record.get("undone"):
            kept[record["edit_id"]] = tuple(record[name] for name in QUESTIONS)
    return kept


def test_two_raters_label_a_run_by_keyboard(finished, browser, checkout):
    wanted = {
        "script-anna": [(n % 2 == 0, n % 3 == 0, n % 5 == 0, n % 4 == 0) for n in range(6)],
        "script-bert": [(True, True, n < 3, n > 1) for n in range(6)],
    }
    for rater, answers in wanted.items():
        with serve(finished, rater, checkout) as address:
            page = Rater(browser, address)
            for answer in answers[:2]:
                page.rate(answer)
            browser.refresh()  # what is stored stays stored
            page.wait_for("#count", lambda text: text.startswith("2 of 6"))
            page.rate(answers[2])
        with serve(finished, rater, checkout) as address:  # and on another day it goes on from there
            page = Rater(browser, address)
            assert page.get_done() == 3
            for answer in answers[3:]:
                page.rate(answer)
            assert page.read("#title").startswith("All done")
            assert not page.is_shown("#questions") and not page.is_shown("#view")
            page.press("y", "y", "y", "y", Keys.ENTER, " ", "b", "+")  # nothing is left to be said
            assert page.get_done() == 6
            assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
        assert list(read_answers(finished, rater).values()) == answers
    kept = [read_answers(finished, rater) for rater in wanted]
    assert set(kept[0]) == set(kept[1]) == {f"t_{n}-dog" for n in range(1, EDITS)}
    assert list(kept[0]) != list(kept[1])


def test_an_answer_is_turned_round_and_taken_back(finished, browser, checkout):
    with serve(finished, "script-anna", checkout) as address:
        page = Rater(browser, address)
        page.press("y", "n", Keys.ENTER)  # a question is open: nothing is sent
        assert page.get_pressed() == {"gone": True, "nothing_new": False} and page.get_done() == 0
        page.press("y", "2")
        assert page.get_pressed() == {"gone": True, "nothing_new": True, "natural": True}
        # The caption's question is about the whole photo, and names the word.
        assert "In the whole photo" in page.read("#q-none") and "dog" in page.read("#q-none")
        page.press("y")
        page.press(Keys.ENTER)
        page.wait_for("#count", lambda text: text.startswith("1 of"))
        assert page.get_pressed() == {}
        assert page.get_photo()[0] == "1"
        page.press("u")
        page.wait_for("#count", lambda text: text.startswith("0 of"))
        assert page.get_photo()[0] == "0"
        page.press("u")  # nothing is left to be taken back
        page.rate((False, False, False, False))
        for answer in [(True, True, True, True)] * 5:
            page.rate(answer)
        page.press("u")  # from the end, too
        page.wait_for("#count", lambda text: text.startswith("5 of"))
        assert page.is_shown("#questions") and page.is_shown("#view")
        page.rate((True, False, True, False))
    answers = list(read_answers(finished, "script-anna").values())
    assert answers == [(False,) * 4] + [(True,) * 4] * 4 + [(True, False, True, False)]


def test_original_box_and_zoom(finished, browser, checkout):
    with serve(finished, "script-anna", checkout) as address:
        page = Rater(browser, address)
        assert page.get_photo() == ["0", "edited"] and page.read("#shown") == "edit"
        page.press(" ")
        assert page.get_photo() == ["0", "original"] and page.read("#shown") == "original"
        photo, box = (browser.find_element(By.ID, name) for name in ("photo", "box"))
        scale = photo.rect["width"] / 360
        left, width = box.rect["x"] - photo.rect["x"], box.rect["width"]
        assert left == pytest.approx(40 * scale, abs=3) and width == pytest.approx(120 * scale, abs=3)
        assert photo.rect["width"] / photo.rect["height"] == pytest.approx(1.5, abs=0.01)
        page.press("b")
        assert not page.is_shown("#box")
        before = photo.rect["width"]
        page.press("+")
        assert photo.rect["width"] == pytest.approx(1.5 * before, abs=2)
        page.press("0")
        assert photo.rect["width"] == pytest.approx(before, abs=2)
        # All of it is on the screen without scrolling, the questions and what the keys mean as well.
        assert browser.execute_script("return document.documentElement.scrollHeight <= innerHeight")


def test_a_stopped_server_is_said_and_nothing_is_lost(finished, browser, checkout):
    with serve(finished, "script-anna", checkout) as address:
        page = Rater(browser, address)
        page.rate((True, True, True, True))
        page.press("y", "n", "y", "y")
    page.press(Keys.ENTER)
    page.wait_for("#error", lambda text: text.startswith("Not stored"))
    assert page.get_pressed() == {"gone": True, "nothing_new": False, "natural": True, "none": True}
    assert list(read_answers(finished, "script-anna").values()) == [(True, True, True, True)]
