"""Cells of files that no spreadsheet takes for a formula: the house's one maker."""

from screening.exports.rules import csv_line as csv_line
from screening.exports.rules import neutral as neutral
