"""Reads a file of an export, `csv` or `xlsx`, and prints its headings and rows as JSON, every cell as text."""

import csv
import json
import sys

import openpyxl

kind, path = sys.argv[1:]
formulas = 0
if kind == "csv":
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
else:
    rows = []
    for number, sheet in enumerate(openpyxl.load_workbook(path, read_only=True)):
        cells = [list(row) for row in sheet.iter_rows()]
        formulas += sum(cell.data_type == "f" for row in cells for cell in row)
        # Each sheet has the headings once more.
        for row in cells[min(number, 1) :]:
            rows.append(["" if cell.value is None else str(cell.value) for cell in row])
json.dump({"headings": rows[0], "rows": rows[1:], "formulas": formulas}, sys.stdout)
