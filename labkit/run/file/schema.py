"""The tables of a run's file.

Text that is JSON follows one rule: NaN is ``null``, infinite numbers are ``"Infinity"`` and
``"-Infinity"``. The bytes of numbers are little-endian. The statements below are stored in the file
with their comments, so that it explains itself to a client of SQLite.
"""

from __future__ import annotations

import sqlite3
import struct

from labkit.run.file.errors import FileError

APPLICATION_ID = 0x4C414252
"""The letters LABR in the header of the file, at byte 68."""
VERSION = 1
MAX_CHUNK_ROWS = 1024
"""Maximum number of rows in one chunk, the size of the table ``counter``."""

TABLES = {
    "facts": """CREATE TABLE facts (
  -- What is known of the run as a whole: its state, configuration, environment and progress.
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL  -- JSON
) WITHOUT ROWID""",
    "tables": """CREATE TABLE tables (
  -- Series that are read together, for example the gradient norms of all parameters.
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL
)""",
    "series": """CREATE TABLE series (
  -- The columns of the tables.
  table_id INTEGER NOT NULL,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,  -- as Run.series takes it
  label TEXT NOT NULL,  -- the name of the column in its table
  PRIMARY KEY (table_id, position)
) WITHOUT ROWID""",
    "chunks": """CREATE TABLE chunks (
  -- Rows of the tables; the view series_values shows their numbers.
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  table_id INTEGER NOT NULL,
  first_step INTEGER NOT NULL,
  row_count INTEGER NOT NULL,
  column_count INTEGER NOT NULL,
  steps BLOB,  -- step of each row minus first_step, unsigned, 4 bytes; NULL: one row for each step
  data BLOB NOT NULL  -- row_count x column_count numbers of 4 bytes (float32), row by row
)""",
    "buckets": """CREATE TABLE buckets (
  -- The older rows of a table, if they were reduced to extremes of groups of rows.
  table_id INTEGER PRIMARY KEY,
  stride INTEGER NOT NULL,  -- rows of a full group
  group_count INTEGER NOT NULL,
  column_count INTEGER NOT NULL,
  row_total INTEGER NOT NULL,  -- rows that were recorded, with those in chunks, at that time
  first BLOB NOT NULL,  -- first step of each group (int64)
  row_counts BLOB NOT NULL,  -- rows of each group (int64)
  low BLOB NOT NULL,  -- smallest value of each column (float32), group by group
  low_at BLOB NOT NULL,  -- its step (int64)
  high BLOB NOT NULL,
  high_at BLOB NOT NULL
)""",
    "graphs": """CREATE TABLE graphs (
  structure TEXT PRIMARY KEY,
  position INTEGER NOT NULL,
  graph TEXT NOT NULL  -- JSON, as ComputationGraph.to_json returns it
)""",
    "graph_spans": """CREATE TABLE graph_spans (
  -- The steps at which the graph had a structure.
  position INTEGER PRIMARY KEY,
  span TEXT NOT NULL  -- JSON
)""",
    "histograms": """CREATE TABLE histograms (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  step INTEGER NOT NULL,
  low REAL,  -- ends of the bins; NULL: bins are powers of two of the magnitude, from -30 to 10
  high REAL,
  counts TEXT NOT NULL  -- JSON
)""",
    "activations": """CREATE TABLE activations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  module TEXT NOT NULL,
  kind TEXT NOT NULL,
  step INTEGER NOT NULL,
  picture TEXT NOT NULL,  -- JSON
  data BLOB NOT NULL,  -- float32, panel by panel, row by row
  input BLOB  -- the sample of the model's input that it was made from, likewise
)""",
    "samples": """CREATE TABLE samples (
  -- Images (PNG), texts (UTF-8) and figures of plotly (JSON) that were passed to run.log.
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  step INTEGER NOT NULL,
  kind TEXT NOT NULL,
  description TEXT NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  content BLOB NOT NULL,
  UNIQUE (name, step)
)""",
    "findings": """CREATE TABLE findings (
  -- When findings came and went.
  id INTEGER PRIMARY KEY,
  rule TEXT NOT NULL,
  severity TEXT NOT NULL,
  message TEXT NOT NULL,
  step INTEGER NOT NULL,
  ended_step INTEGER,
  entry TEXT NOT NULL  -- JSON
)""",
    "events": """CREATE TABLE events (
  -- Changes that a person made to the training.
  id INTEGER PRIMARY KEY,
  step INTEGER NOT NULL,
  text TEXT NOT NULL,
  event TEXT NOT NULL  -- JSON
)""",
    "parameters": """CREATE TABLE parameters (
  -- Statistics of the parameters at the end of the run.
  name TEXT PRIMARY KEY,
  inspection TEXT NOT NULL  -- JSON
) WITHOUT ROWID""",
    "incidents": """CREATE TABLE incidents (
  -- The first step that went wrong.
  step INTEGER PRIMARY KEY,
  incident TEXT NOT NULL,  -- JSON
  random_state BLOB
)""",
    "incident_rows": """CREATE TABLE incident_rows (
  -- The rows of the steps before it.
  table_name TEXT PRIMARY KEY,
  labels TEXT NOT NULL,  -- JSON
  steps BLOB NOT NULL,  -- int64
  data BLOB NOT NULL  -- float32
) WITHOUT ROWID""",
    "counter": """CREATE TABLE counter (n INTEGER PRIMARY KEY)""",
    "byte": """CREATE TABLE byte (content BLOB PRIMARY KEY, n INTEGER) WITHOUT ROWID""",
    "float_scale": """CREATE TABLE float_scale (exponent INTEGER PRIMARY KEY, scale REAL)""",
}
"""The statement that makes each table."""


def _byte(blob: str, index: str, offset: int) -> str:
    """Return the SQL of a byte of the number at an index, as an integer."""
    place = f"4 * {index} + {offset + 1}"
    return f"(SELECT n FROM byte WHERE content = substr({blob}, {place}, 1))"  # noqa: S608


def _joined_byte(offset: int) -> str:
    place = f"4 * (r.n * c.column_count + s.position) + {offset + 1}"
    return f"CROSS JOIN byte b{offset} ON b{offset}.content = substr(c.data, {place}, 1)"


_OFFSET = " | ".join(f"({_byte('c.steps', 'r.n', each)} << {8 * each})" for each in range(4))
SERIES_VALUES = f"""CREATE VIEW series_values AS
-- The numbers in chunks, for example: SELECT step, value FROM series_values WHERE name = 'loss'.
-- A number of 4 bytes is sign * (fraction + 2^23) * 2^(exponent - 150). NaN is NULL.
SELECT s.name AS name,
  c.first_step + CASE WHEN c.steps IS NULL THEN r.n ELSE {_OFFSET} END AS step,
  CASE
    WHEN f.exponent < 255 THEN (1 - 2 * (b3.n >> 7)) * f.scale
      * (((f.exponent > 0) << 23) | ((b2.n & 127) << 16) | (b1.n << 8) | b0.n)
    WHEN (b2.n & 127) + b1.n + b0.n = 0 THEN (1 - 2 * (b3.n >> 7)) * 9e999
  END AS value
FROM series s
  JOIN chunks c ON c.table_id = s.table_id AND s.position < c.column_count
  JOIN counter r ON r.n < c.row_count
  {_joined_byte(0)}
  {_joined_byte(1)}
  {_joined_byte(2)}
  {_joined_byte(3)}
  CROSS JOIN float_scale f ON f.exponent = ((b3.n & 127) << 1) | (b2.n >> 7)"""  # noqa: S608 - no value is put in

_INDEX = "CREATE INDEX chunks_by_table ON chunks (table_id, id)"


def create(connection: sqlite3.Connection) -> None:
    """Make the tables in an empty database."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        for statement in (*TABLES.values(), _INDEX, SERIES_VALUES):
            connection.execute(statement)
        connection.executemany("INSERT INTO counter VALUES (?)", zip(range(MAX_CHUNK_ROWS)))
        connection.executemany(
            "INSERT INTO byte VALUES (?, ?)", ((bytes([n]), n) for n in range(256))
        )
        connection.executemany(
            "INSERT INTO float_scale VALUES (?, ?)",
            ((exponent, 2.0 ** (max(exponent, 1) - 150)) for exponent in range(256)),
        )


def begins_as_run(header: bytes) -> bool:
    """Return whether the first 100 bytes of a file are those of a run's file, of any version."""
    is_database = header.startswith(b"SQLite format 3\0")
    return is_database and header[68:72] == struct.pack(">I", APPLICATION_ID)


def check_header(header: bytes, name: str) -> None:
    """Check the first 100 bytes of a file, before SQLite reads it.

    Raises
    ------
    FileError
        If it is not the file of a run, or of a later version of its format.
    """
    if not header.startswith(b"SQLite format 3\0") or len(header) < 100:  # noqa: PLR2004
        raise FileError(
            f"{name} is not a file of a run: it is no SQLite database. lk.load takes what "
            'lk.watch(model, save="runs/mlp.lab") or run.save("mlp.lab") has written.'
        )
    (version,), (application,) = (struct.unpack(">I", header[at : at + 4]) for at in (60, 68))
    if application != APPLICATION_ID:
        raise FileError(
            f"{name} is a SQLite database, but not one that labkit has written. lk.load takes what "
            'lk.watch(model, save="runs/mlp.lab") or run.save("mlp.lab") has written.'
        )
    if version > VERSION:
        raise FileError(
            f"{name} was written by a later version of labkit: its format is {version}, and this "
            f"version reads up to {VERSION}. Upgrade it: pip install --upgrade labkit"
        )


def check_tables(connection: sqlite3.Connection, name: str) -> None:
    """Check that the tables are those that labkit makes: no views or triggers in their places.

    Raises
    ------
    FileError
        If one is missing or was made by another statement.
    """
    found = dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'"))
    for table, statement in TABLES.items():
        if found.get(table) != statement:
            problem = "is missing" if table not in found else "is not as labkit makes it"
            raise FileError(f"{name} is damaged: its table {table!r} {problem}.")
