"""What the documentation needs of DuckDB's shell, which tests do without: `duckdb [-csv] [FILE] -c SQL`."""

from __future__ import annotations

import argparse
import csv
import sys

import duckdb


def main() -> None:
    """Print the rows of a statement, if it has any, as a table or as CSV."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", nargs="?", default=":memory:")
    parser.add_argument("-c", dest="sql", required=True)
    parser.add_argument("-csv", action="store_true")
    arguments = parser.parse_args()
    answer = duckdb.connect(arguments.file).sql(arguments.sql)
    if answer is None:
        return
    if arguments.csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(answer.columns)
        writer.writerows(answer.fetchall())
    else:
        answer.show(max_width=1000)


if __name__ == "__main__":
    main()
