"""docs/file.md: its statements run, and it names the tables that there are."""

import re
import sqlite3
from pathlib import Path

from labkit.run.file.schema import APPLICATION_ID, TABLES, VERSION
from labkit.run.ranks import RankFacts
from tests.unit.run.saved_runs import full_run

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "file.md").read_text()


def names_in(section):
    """Return the names in the first column of the table below a heading."""
    text = TEXT.split(f"## {section}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]*) \|", text, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def test_every_table_is_described():
    assert names_in("Tables") == set(TABLES)
    assert f"0x{APPLICATION_ID:X}" in TEXT
    assert f"`user_version` is {VERSION}" in TEXT


def test_every_fact_is_described(tmp_path):
    run = full_run()
    run.ranks = RankFacts(0, 2, run.id)
    connection = sqlite3.connect(run.save(tmp_path / "demo.lab"))
    facts = {name for (name,) in connection.execute("SELECT name FROM facts")}
    ((began,),) = connection.execute("SELECT value FROM facts WHERE name = 'started_at'")
    connection.close()
    run.close()
    # Only a run that trains has parameter groups with present values.
    assert names_in("Facts") == facts | {"parameter_groups"}
    assert float(began) == run.started_at


def test_its_statements_run(tmp_path):
    run = full_run()
    path = run.save(tmp_path / "demo.lab")
    run.close()
    statements = re.search(r"```sql\n(.*?)```", TEXT, re.DOTALL)[1].strip().splitlines()
    connection = sqlite3.connect(path)
    found = {statement: connection.execute(statement).fetchall() for statement in statements}
    connection.close()
    assert len(found) == 5
    assert all(found.values())
    assert [step for step, _ in found[statements[0]]] == list(range(1, 301))
    assert found[statements[2]] == [("stopped", 300)]
