"""The gate as JUnit XML, which CI systems show: a test case for each check."""

from __future__ import annotations

from xml.etree import ElementTree

from edgekd.bench.gate import Verdict
from edgekd.bench.verdict import Report, change_name, check_name


def as_junit(report: Report) -> str:
    """The checks of the gate and the comparison with the baseline; what is undecided counts as skipped."""
    suite = ElementTree.Element("testsuite", name=f"edgekd bench {report['bundle']['name']}")
    counts = {"failures": 0, "skipped": 0, "tests": 0}

    def case(classname: str, name: str, outcome: str | None, message: str) -> None:
        one = ElementTree.SubElement(suite, "testcase", classname=classname, name=name)
        counts["tests"] += 1
        if outcome:
            ElementTree.SubElement(one, outcome, message=message)
            counts["failures" if outcome == "failure" else "skipped"] += 1

    for check in (report["gate"] or {}).get("checks", ()):
        parts = (check["what"], check["metric"], check["language"])
        outcome = {Verdict.FAIL: "failure", Verdict.UNSURE: "skipped"}.get(Verdict(check["verdict"]))
        why = f"{check['verdict']}: {check_name(check)}" + (f"; {check['reason']}" if check["reason"] else "")
        case(f"{check['target']}.{check['runtime']}", " ".join(filter(None, parts)), outcome, why)
    for change in (report["baseline"] or {}).get("changes", ()):
        outcome = "failure" if change["regressed"] else None
        name = f"baseline {change['what']} {change['name']}".strip()
        case(f"{change['target']}.{change['runtime']}", name, outcome, change_name(change))
    for name, value in counts.items():
        suite.set(name, str(value))
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"
