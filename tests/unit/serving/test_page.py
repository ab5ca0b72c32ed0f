"""The page in a real browser, by mouse and by keyboard: what it shows, what it keeps in its address,
that nothing from outside becomes markup, and that axe finds no barrier.
"""

import re
import shutil
from urllib.parse import parse_qs, urlsplit

import pytest

from served_model import make_photos, make_service, serve, stop_index_half_way

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [
    pytest.mark.dear,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium: see tests/README.md"),
]
expect = sync_api.expect
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with serve(make_service(tmp_path_factory.mktemp("page"))) as address:
        yield address


@pytest.fixture
def open_page(browser, address):
    """Open an address of the server; at the end nothing may have been told on the console."""
    told, contexts = [], []

    def open_(path, base=address, **options):
        context = browser.new_context(**{"viewport": DESKTOP, "locale": "en-GB", **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("dialog", lambda dialog: told.append(f"dialog {dialog.message}"))
        page.on("request", lambda asked: asked.url.startswith((base, "data:")) or told.append(asked.url))
        page.goto(f"{base}{path}")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert told == []


def find_barriers(page):
    from axe_playwright_python.sync_playwright import Axe

    return [(one["id"], one["nodes"][0]["html"][:120]) for one in Axe().run(page).response["violations"]]


def query_of(page):
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def test_an_example_is_searched_by_both_models_and_counted(open_page):
    page = open_page("/")
    page.get_by_role("button", name="not red").click()
    page.wait_for_selector("#hits-tuned li")
    assert page.inner_text("#count") == "Excluded object in the first 12: base 4, tuned 4"
    assert page.locator("#hits-base li").count() == page.locator("#hits-tuned li").count() == 12
    assert page.locator("#hits-base .hit").first.get_attribute("class") == "hit shows small"
    assert page.locator("#hits-base .badge").first.inner_text() == "red"
    assert page.locator("#hits-tuned .hit").first.get_attribute("class") == "hit small"
    assert query_of(page) == {"q": "not red"}
    feet = page.locator("#hits-tuned .foot").all_inner_texts()
    assert feet == [f"top {share} %" for share in (8, 17, 25, 33, 42, 50, 58, 67, 75, 83, 92, 100)]


def test_a_search_before_the_index_is_built_says_so_and_finds_by_itself(open_page, tmp_path):
    with stop_index_half_way(tmp_path) as (service, goes_on), serve(service) as address:
        page = open_page("/?q=red+-blue", address)
        expect(page.locator("#asked")).to_have_text(re.compile("^The index is being built: 16 of 40 photos"))
        page.click("#language")
        expect(page.locator("#asked")).to_have_text(re.compile("^正在建立索引：已完成 16 / 40 张"))
        page.click("#language")
        page.fill("#q", "what I type")
        goes_on.set()
        expect(page.locator("#hits-tuned li")).to_have_count(20)
        expect(page.locator("#asked")).to_have_text("Looking for “red”, without blue")
        assert page.input_value("#q") == "what I type"


def test_the_address_is_the_state_and_back_goes_back(open_page):
    page = open_page("/?q=photo+-red")
    page.wait_for_selector("#hits-tuned li")
    assert page.input_value("#q") == "photo -red" and page.inner_text("#asked mark") == "red"
    page.fill("#q", "blue")
    page.keyboard.press("Enter")
    expect(page.locator("#asked")).to_contain_text("blue")
    page.go_back()
    expect(page.locator("#asked")).to_contain_text("photo")
    assert page.input_value("#q") == "photo -red"


def test_a_photo_opens_by_keyboard_and_finds_its_like(open_page):
    page = open_page("/?q=green")
    page.wait_for_selector("#hits-tuned li")
    page.locator("#hits-tuned .hit").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("#shown").is_visible()
    # A caption is text, whatever stands in it.
    assert page.inner_text("#shown-caption").startswith("A <b>green</b> photo & more <script>")
    assert page.locator("#shown-caption *").count() == 0
    assert "better than 91.7 % of all photos" in page.inner_text("#shown-facts")
    assert find_barriers(page) == []
    page.keyboard.press("Escape")
    assert not page.locator("#shown").is_visible()
    page.locator("#hits-tuned .hit").first.click()
    page.get_by_role("button", name="Find similar photos").click()
    page.wait_for_url("**/?like=*")
    page.wait_for_selector("#hits-tuned li")
    assert "green" in page.locator("#hits-tuned .hit").first.get_attribute("title")


def test_a_photo_of_one_s_own_is_searched_by(open_page, tmp_path):
    page = open_page("/")
    page.set_input_files("#file", make_photos(tmp_path / "own", 3) / "blue-002.jpg")
    page.wait_for_selector("#hits-tuned li")
    assert "blue" in page.locator("#hits-tuned .hit").first.get_attribute("title")
    (tmp_path / "no.jpg").write_text("no photo")
    page.set_input_files("#file", tmp_path / "no.jpg")
    expect(page.locator("#error")).to_have_text("That did not work: This photo cannot be read.")


def test_pairs_are_explored_by_keyboard(open_page):
    page = open_page("/?view=pairs")
    page.wait_for_selector("#compare")
    first = page.inner_text("#pair .id")
    assert "0.300" in page.inner_text("#pair") and page.locator("#pair table").count() == 3
    assert page.inner_text("#pair th small") == "what is left of the object"
    page.keyboard.press("j")
    expect(page.locator("#pair .id")).not_to_have_text(first)
    assert query_of(page)["pair"] != first
    page.keyboard.press("k")
    expect(page.locator("#pair .id")).to_have_text(first)
    page.keyboard.press("ArrowRight")
    assert page.input_value("#cut") == "55"
    assert page.locator("#mask").is_hidden()
    page.keyboard.press("m")
    assert page.locator("#mask").is_visible() and page.is_checked("#show-mask")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"


def test_refused_edits_tell_their_reasons_and_filters_stay_in_the_address(open_page):
    page = open_page("/?view=pairs")
    page.wait_for_selector("#compare")
    page.select_option("#state", "refused")
    page.wait_for_selector("#pair .reason")
    assert "max_residual: 0.5, limit 0.1" in page.inner_text("#pair .reason")
    assert "residual: what is left of the object" in page.inner_text("#pair")
    page.select_option("#reason", "quality: max_residual")
    assert query_of(page) == {"view": "pairs", "state": "refused", "reason": "quality: max_residual"}
    page.reload()
    page.wait_for_selector("#pair .reason")
    assert page.input_value("#reason") == "quality: max_residual"
    page.fill("#text", "nowhere")
    expect(page.locator("#pair-count")).to_contain_text("Nothing")


def test_words_of_another_script_are_told_of(open_page):
    page = open_page("/?q=rød+café")
    page.wait_for_selector("#hits-tuned li")
    assert "English" not in page.inner_text("#search-note")
    page.fill("#q", "没有狗的海滩")
    page.keyboard.press("Enter")
    expect(page.locator("#search-note")).to_contain_text("models are English")


def test_chinese_is_kept(open_page):
    page = open_page("/?q=red")
    page.wait_for_selector("#hits-tuned li")
    page.click("#language")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    assert page.inner_text("h1 >> visible=true") == "按照片里有什么、没有什么来搜索"
    page.reload()
    page.wait_for_selector("#hits-tuned li")
    assert page.inner_text("#to-pairs") == "图片对" and find_barriers(page) == []


def test_changing_the_language_adds_no_poll_and_keeps_what_is_typed(open_page):
    page = open_page("/")
    asked = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page.clock.install()
    page.fill("#q", "what I type")
    for _ in range(6):
        page.click("#language")
        page.wait_for_load_state("networkidle")
    assert page.input_value("#q") == "what I type"
    asked.clear()
    page.clock.run_for(31_000)  # a quiet index is asked after each 30 s
    page.wait_for_load_state("networkidle")
    assert asked == ["/healthz"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_no_barriers_and_nothing_sticks_out(open_page, viewport, scheme):
    for path, waited in (
        ("/?q=photo+-red", "#hits-tuned li"),
        ("/?view=pairs", "#compare"),
        ("/", "#examples button"),
    ):
        page = open_page(path, viewport=viewport, color_scheme=scheme)
        page.wait_for_selector(waited)
        assert find_barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_both_languages_say_the_same_things(open_page):
    page = open_page("/")
    english, chinese = page.evaluate("import('/page/words.js').then(({WORDS}) => Object.values(WORDS))")
    assert sorted(english) == sorted(chinese)
    for key, text in english.items():
        assert sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", chinese[key])), key
