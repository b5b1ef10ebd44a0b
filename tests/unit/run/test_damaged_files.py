"""Files of runs that are foreign, damaged, of a later version, or made to do harm."""

import json
import math
import random
import sqlite3
import struct

import pytest

import labkit as lk
from labkit.run.file import FileError
from labkit.run.file.schema import TABLES
from labkit.views.fragments import Fragmenter
from labkit.views.run_updates import RunUpdates
from labkit.views.still import run_picture
from tests.unit.run.saved_runs import full_run

FLIPS = 150
"""Number of damaged files in each of the tests below; `--files` takes another number."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Return the bytes of a sound file."""
    run = full_run(steps=200)
    path = run.save(tmp_path_factory.mktemp("sound") / "demo.lab")
    run.close()
    return path.read_bytes()


@pytest.fixture
def count(request):
    return request.config.getoption("--files") or FLIPS


def damaged(tmp_path, sound, *statements):
    """Return a file that was changed by statements of SQL."""
    path = tmp_path / "demo.lab"
    path.write_bytes(sound)
    connection = sqlite3.connect(path)
    with connection:
        for statement in statements:
            connection.execute(*((statement,) if isinstance(statement, str) else statement))
    connection.close()
    return path


def read(path):
    """Load a file, and read and draw all of it; return whether it was taken as sound."""
    try:
        run = lk.load(path)
    except FileError:
        return False
    run.state()
    for name in run.names():
        run.series(name)
    for graph in run.graphs:
        graph.to_json()
        graph.outline()
    for subject in run.activations.subjects():
        run.activations.at(*subject)
    for series in run.sample_log.series():
        run.logged_samples(series.name)
    assert list(Fragmenter().fragments(RunUpdates(run).snapshot()))
    assert run_picture.svg(run, "dashboard")
    run.close()
    return True


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no SQLite database"),
        (b"\x80\x04\x95 a pickle", "no SQLite database"),
        (b"SQLite format 3\0", "no SQLite database"),
        (b"SQLite format 3\0" + bytes(200), "not one that labkit has written"),
    ],
)
def test_what_is_no_file_of_a_run_is_refused(tmp_path, content, message):
    path = tmp_path / "demo.lab"
    path.write_bytes(content)
    with pytest.raises(FileError, match=message):
        lk.load(path)


def test_another_database_is_refused(tmp_path):
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE facts (name TEXT, value TEXT)")
    connection.close()
    with pytest.raises(FileError, match="not one that labkit has written"):
        lk.load(path)


def test_a_file_of_a_later_version_says_what_to_do(tmp_path, sound):
    path = tmp_path / "demo.lab"
    path.write_bytes(sound[:60] + struct.pack(">I", 9) + sound[64:])
    with pytest.raises(FileError, match=r"format is 9.*pip install --upgrade labkit"):
        lk.load(path)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(tmp_path, sound, share):
    path = tmp_path / "demo.lab"
    path.write_bytes(sound[: int(len(sound) * share)])
    with pytest.raises(FileError, match=r"demo\.lab"):
        lk.load(path)


ENDLESS = (
    "CREATE VIEW facts AS WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t)"
    " SELECT 'name' AS name, '1' AS value FROM t"
)


HUGE = "x'89504e470d0a1a0a0000000d494844520000ea600000ea60'"
"""The beginning of a PNG of 60,000 by 60,000 pixels."""


@pytest.mark.parametrize(
    "statements",
    [
        ("DROP TABLE facts", ENDLESS),
        ("DROP TABLE events",),
        ("ALTER TABLE events ADD COLUMN more TEXT",),
        ("DELETE FROM facts WHERE name = 'state'",),
        ("DELETE FROM facts WHERE name = 'writer'",),
        ("UPDATE facts SET value = 'not json' WHERE name = 'state'",),
        (("UPDATE facts SET value = ? WHERE name = 'note'", ("[" * 100_000,)),),
        ("UPDATE facts SET value = '[]' WHERE name = 'state'",),
        ("UPDATE facts SET value = json_set(value, '$.status', 'dancing') WHERE name = 'state'",),
        ("UPDATE facts SET value = json_set(value, '$.step', '3') WHERE name = 'state'",),
        ("UPDATE facts SET value = json_set(value, '$.step', 1e300) WHERE name = 'state'",),
        ("UPDATE chunks SET row_count = 1000000000000",),
        ("UPDATE chunks SET column_count = 0",),
        ("UPDATE chunks SET first_step = 9223372036854775807",),
        ("UPDATE chunks SET data = 'text'",),
        ("UPDATE chunks SET table_id = 99",),
        ("UPDATE tables SET kind = 'spell'",),
        ("UPDATE series SET position = position + 7",),
        ("UPDATE graphs SET graph = json_set(graph, '$.edges[0].source', 'nobody')",),
        ("UPDATE graphs SET graph = json_set(graph, '$.modules[0].parent', 'fc#1')",),
        ("UPDATE graphs SET graph = json_set(graph, '$.nodes[0].shape', json('[-1]'))",),
        ("UPDATE activations SET picture = json_set(picture, '$.shape', json('[9,9,9]'))",),
        ("UPDATE activations SET picture = json_set(picture, '$.shape', json('[-1,8,-2]'))",),
        ("UPDATE histograms SET counts = '[1]'",),
        ("UPDATE samples SET content = x'ff' WHERE kind = 'text'",),
        ("UPDATE samples SET kind = 'program'",),
        ("UPDATE samples SET width = 0 WHERE kind = 'image'",),
        ("UPDATE samples SET content = CAST('GIF89a' AS BLOB) WHERE kind = 'image'",),
        ("UPDATE samples SET content = zeroblob(30000000) WHERE kind = 'text'",),
        (f"UPDATE samples SET width=60000, height=60000, content={HUGE} WHERE kind='image'",),
        ("UPDATE parameters SET inspection = '{}'",),
        ("UPDATE incident_rows SET steps = x'00'",),
        ("INSERT INTO buckets VALUES (1, 1, -1, 1, 1, x'', x'', x'', x'', x'', x'')",),
        ("INSERT INTO buckets VALUES (1, 3, 1, 1, 1, x'', x'', x'', x'', x'', x'')",),
    ],
)
def test_contents_that_labkit_would_not_write_are_refused(tmp_path, sound, statements):
    with pytest.raises(FileError, match=r"demo\.lab"):
        lk.load(damaged(tmp_path, sound, *statements))


def test_triggers_and_further_tables_do_nothing(tmp_path, sound):
    path = damaged(
        tmp_path,
        sound,
        "CREATE TABLE notes (text TEXT)",
        "CREATE TRIGGER t AFTER UPDATE ON facts BEGIN DELETE FROM facts; END",
    )
    assert read(path)


def test_files_with_flipped_bytes_are_read_or_refused(tmp_path, sound, count):
    chance, path = random.Random(0), tmp_path / "demo.lab"
    for _ in range(count):
        content = bytearray(sound)
        for _ in range(chance.choice([1, 1, 3, 30])):
            content[chance.randrange(len(content))] = chance.randrange(256)
        path.write_bytes(content)
        read(path)


def test_files_with_exchanged_parts_are_read_or_refused(tmp_path, sound, count):
    chance, path = random.Random(1), tmp_path / "demo.lab"
    for _ in range(count):
        content = bytearray(sound)
        size = chance.choice([1, 64, 4096])
        a, b = (chance.randrange(100, len(content) - size) for _ in range(2))
        content[a : a + size] = content[b : b + size]
        path.write_bytes(content)
        read(path)


ODD = [None, True, -1, 2**70, 1e308, math.inf, "", "x" * 100_000, "</script>", [], {}, [[]], "NaN"]


def test_files_with_odd_json_are_read_or_refused(tmp_path, sound, count):
    chance = random.Random(2)
    columns = [("facts", "value"), ("graphs", "graph"), ("graph_spans", "span")]
    columns += [("findings", "entry"), ("events", "event"), ("activations", "picture")]
    columns += [("parameters", "inspection"), ("incidents", "incident"), ("histograms", "counts")]
    for _ in range(count):
        table, column = chance.choice(columns)
        path = tmp_path / "demo.lab"
        path.write_bytes(sound)
        connection = sqlite3.connect(path)
        rows = (
            connection.execute(f"SELECT rowid, {column} FROM {table}").fetchall()
            if ("WITHOUT ROWID" not in TABLES[table])
            else connection.execute(f"SELECT name, {column} FROM {table}").fetchall()
        )
        key, text = chance.choice(rows)
        name = "name" if "WITHOUT ROWID" in TABLES[table] else "rowid"
        data = json.dumps(changed(json.loads(text), chance))
        with connection:
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE {name} = ?", (data, key))
        connection.close()
        read(path)


def changed(data, chance):
    """Return data of JSON in which one value is replaced by an odd one."""
    if isinstance(data, (dict, list)) and data and chance.random() < 0.85:
        keys = list(data) if isinstance(data, dict) else range(len(data))
        key = chance.choice(keys)
        data[key] = changed(data[key], chance)
        return data
    return chance.choice(ODD)
