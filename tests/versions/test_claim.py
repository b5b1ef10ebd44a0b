"""What the project promises to run on is what `make versions` tested last."""

import re

import pytest

from labkit import doctor
from tests.versions.claim import ROOT, numbers, read_claim
from tests.versions.results import Outcome, counts, record, recorded, table

CLAIM = read_claim()
RAN = [row for row in recorded() if row["passed"]]
REPORT = """<testsuites><testsuite errors="1" failures="2" skipped="3" tests="10"/></testsuites>"""


def minor(version):
    return numbers(version)[:2]


def minors(name):
    """Return the tested versions of Python or of torch, major and minor, in order."""
    return sorted({minor(row[name]) for row in RAN})


def test_every_recorded_run_passed():
    assert all(row["failed"] == 0 for row in RAN)


@pytest.mark.parametrize("name", ["python", "torch"])
def test_the_oldest_version_promised_is_the_oldest_tested(name):
    assert minor(getattr(CLAIM, name)) == minors(name)[0]


def test_the_pinned_torch_was_tested_on_the_oldest_and_the_newest_python():
    pythons = sorted({minor(row["python"]) for row in RAN if row["torch"] == CLAIM.pinned_torch})
    assert [pythons[0], pythons[-1]] == [minors("python")[0], minors("python")[-1]]


def test_the_readme_names_what_was_tested():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pythons, torches = minors("python"), minors("torch")

    def name(version):
        return ".".join(map(str, version))

    assert f"With Python {name(pythons[0])} or later" in readme
    assert f"Needs torch {name(torches[0])} or later" in readme
    said = re.findall(r"tested with Python (.+?) and torch (.+?) \(`make versions`\)", readme)
    assert said == [(" and ".join(map(name, pythons)), " and ".join(map(name, torches)))]


def test_the_doctor_asks_for_the_oldest_torch_promised(monkeypatch):
    monkeypatch.setattr("torch.__version__", "2.0.0")
    (check,) = doctor._torch()
    assert check.advice == f"Install torch {CLAIM.torch} or later."
    monkeypatch.setattr("torch.__version__", CLAIM.torch)
    assert doctor._torch()[0].state == "ok"


def test_a_report_is_counted(tmp_path):
    (tmp_path / "report.xml").write_text(REPORT)
    assert counts(tmp_path / "report.xml") == (4, 3, 3)
    assert counts(tmp_path / "none.xml") == (0, 0, 0)


def test_the_table_says_why_a_combination_was_not_tested():
    rows = [
        Outcome("3.11.7", "2.13.0", passed=1700, skipped=2, seconds=90),
        Outcome("3.15", "any", reason="pip has no torch for it"),
    ]
    assert table(rows).splitlines() == [
        "Python   torch    passed failed skipped    time",
        "3.11.7   2.13.0     1700      0       2 1.5 min",
        "3.15     any           -      -       -       -  pip has no torch for it",
    ]


def test_a_result_takes_the_place_of_the_last_one_of_its_combination(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.versions.results.RECORD", tmp_path / "tested.json")
    record([Outcome("3.11.7", "2.13.0", passed=5), Outcome("3.14.1", "2.13.0", passed=5)])
    record([Outcome("3.11.9", "2.13.0", passed=6), Outcome("3.11.9", "2.10.0", passed=6)])
    rows = [(row["python"], row["torch"], row["passed"]) for row in recorded()]
    assert rows == [("3.11.9", "2.10.0", 6), ("3.11.9", "2.13.0", 6), ("3.14.1", "2.13.0", 5)]
