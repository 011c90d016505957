"""Files of persons in: columns, rows, duplicates. Pure but for the tree of areas handed in."""
