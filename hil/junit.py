"""Verdicts as JUnit XML, which CI systems show. Pure.

The form is the one of the Maven Surefire reports that Jenkins, GitLab and GitHub actions read.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias
from xml.etree.ElementTree import Comment, Element, SubElement, indent, tostring

from firmware.errors import SdkError
from firmware.output_files import MARK
from firmware.printable import printable_lines
from hil.judge import Verdict

Outcome: TypeAlias = Sequence[Verdict] | SdkError
_NO_XML = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


def junit(model: str, outcomes: Mapping[str, Outcome]) -> str:
    """One test suite for each board, with a test case for each check, or the error."""
    root = Element("testsuites", name=_clean(model))
    root.append(Comment(f" {MARK} "))
    for board, outcome in outcomes.items():
        suite = SubElement(root, "testsuite", name=_clean(f"{model} on {board}"))
        if isinstance(outcome, SdkError):
            case = _case(suite, model, "measurement")
            kind = type(outcome).__name__
            _say(case, "error", str(outcome), kind)
        else:
            for verdict in outcome:
                _add_checks(suite, f"{model}.{verdict.project.runtime}", verdict)
        _count(suite)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _add_checks(suite: Element, group: str, verdict: Verdict) -> None:
    for check in verdict.checks:
        case = _case(suite, group, check.quantity)
        text = f"promised {check.promised}, measured {check.measured}"
        if check.holds is None:
            SubElement(case, "skipped", message="not promised")
        elif not check.holds:
            _say(case, "failure", text, "refuted")
        SubElement(case, "system-out").text = _clean(text)


def _case(suite: Element, group: str, name: str) -> Element:
    return SubElement(suite, "testcase", classname=_clean(group), name=_clean(name))


def _say(case: Element, what: str, text: str, kind: str) -> None:
    SubElement(case, what, message=_clean(text), type=kind).text = _clean(text)


def _count(suite: Element) -> None:
    cases = suite.findall("testcase")
    for kind, plural in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        suite.set(plural, str(sum(case.find(kind) is not None for case in cases)))
    suite.set("tests", str(len(cases)))


def _clean(text: str) -> str:
    """Text without invisible characters and characters that XML does not allow."""
    held = _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
    return printable_lines(held.expandtabs(4).replace("\r", ""))
