"""The thing that travels: barcode, tube, specimen, custody, commands, labels."""
