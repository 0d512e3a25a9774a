"""The page of a run, taken apart."""

from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from nas.report.write import write_report
from tests.nas.report.small_run import write_measurement

SVG = "{http://www.w3.org/2000/svg}"


def page_of(folder: Path, *, measured: bool = True) -> Element:
    """The page of a run, parsed as XML, which every part of it must be."""
    measurement = write_measurement(folder / "measurement.json") if measured else None
    write_report(folder, measurement)
    return parsed(folder / "report.html")


def parsed(page: Path) -> Element:
    return ElementTree.fromstring(page.read_text(encoding="utf-8"))


def text_of(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def by_class(page: Element, name: str) -> list[Element]:
    return [own for own in page.iter() if name in own.get("class", "").split()]


def section(page: Element, key: str) -> Element:
    return next(own for own in page.iter("section") if own.get("id") == key)
