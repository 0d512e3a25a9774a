"""The page as a browser shows it: nothing cut, no complaint, light and dark."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nas.report.write import write_report
from tests.browser import CHROMIUM, Browser
from tests.nas.report.small_run import HOSTILE, write_measurement, write_run, write_unfinished_run

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.xdist_group("browser"),  # one browser, and one page of each run
]

WIDTHS = (420, 1280)
CUT = """(() => {
    const cut = [];
    const pictures = [...document.querySelectorAll('svg.plot')].filter(p => p.checkVisibility());
    for (const picture of pictures) {
        const box = picture.getBoundingClientRect();
        if (box.left < 0 || box.right > innerWidth || box.height < 40)
            cut.push(picture.getAttribute('aria-label'));
        for (const text of picture.querySelectorAll('text')) {
            const own = text.getBoundingClientRect();
            if (own.left < box.left - 2 || own.right > box.right + 2 ||
                own.top < box.top - 2 || own.bottom > box.bottom + 2)
                cut.push(text.textContent);
        }
    }
    for (const table of document.querySelectorAll('.table'))
        if (table.scrollWidth > table.clientWidth + 1) cut.push(table.textContent);
    return cut;
})()"""
"""What of the page reaches out of its place."""
SEEN = "[...document.querySelectorAll('svg.plot')].filter(p => p.checkVisibility()).length"
COLOUR = "getComputedStyle(document.querySelector('{}')).{}"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    measurement = write_measurement(folder / "measurement.json")
    runs = {
        "plain": (write_run(folder / "plain"), measurement),
        "hostile": (write_run(folder / "hostile <b>", classes=HOSTILE), measurement),
        "unfinished": (write_unfinished_run(folder / "unfinished"), None),
    }
    return {name: write_report(*arguments)[1][0] for name, arguments in runs.items()}


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("name", "figures"), [("plain", 13), ("hostile", 13), ("unfinished", 7)])
def test_every_figure_is_seen_and_nothing_is_cut(
    browser: Browser, pages: dict[str, Path], name: str, figures: int, width: int, is_dark: bool
) -> None:
    browser.open(pages[name], width, is_dark)
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.evaluate(SEEN) == figures
    assert browser.evaluate(CUT) == []
    assert browser.troubles == []
    assert [own for own in browser.requests if not own.startswith(("file:", "data:"))] == []


def luminance(browser: Browser, element: str, part: str) -> float:
    """Of a colour, as the web's guidelines on contrast define it."""
    text = browser.evaluate(COLOUR.format(element, part))
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in (int(own) / 255 for own in text.removeprefix("rgb(").rstrip(")").split(","))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(
    "element", ["p.subtitle", "figcaption", "th", "tr.leader td", "p.missing", ".detail"]
)
def test_text_stands_out_from_what_is_behind_it(
    browser: Browser, pages: dict[str, Path], is_dark: bool, element: str
) -> None:
    """By 4.5 to 1 at least. Source: WCAG 2.1, success criterion 1.4.3."""
    browser.open(pages["unfinished"], 1280, is_dark)
    ink = luminance(browser, element, "color")
    paper = luminance(browser, "section", "backgroundColor")
    lighter, darker = max(ink, paper), min(ink, paper)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5
    assert (paper < 0.05) is is_dark


def test_text_of_figures_follows_the_scheme(browser: Browser, pages: dict[str, Path]) -> None:
    fills = set()
    for is_dark in (False, True):
        browser.open(pages["plain"], 1280, is_dark)
        fills.add(browser.evaluate(COLOUR.format("svg.plot text", "fill")))
    assert len(fills) == 2


def test_what_is_printed_is_dark_on_light(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["plain"], 1280, is_dark=True)
    scheme = {"name": "prefers-color-scheme", "value": "dark"}
    browser.call("Emulation.setEmulatedMedia", media="print", features=[scheme])
    assert luminance(browser, "body", "color") < 0.05
