"""The file of a run: one SQLite database, written while the run goes on and read by any client.

`labkit.run.file.schema` describes its tables. `RunFile` writes it on a thread of its own,
`write_copy` writes a finished one, and `RunReader` reads one, also while it grows.
"""

from labkit.run.file.copying import write_copy
from labkit.run.file.errors import FileError, PassingError
from labkit.run.file.rank_files import RankFiles
from labkit.run.file.reader import RunReader
from labkit.run.file.run_file import RunFile

__all__ = ["FileError", "PassingError", "RankFiles", "RunFile", "RunReader", "write_copy"]
