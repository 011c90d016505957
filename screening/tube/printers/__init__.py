"""Labels on paper: A4 sheets, badges and site sheets (pdf), Zebra (zpl) and TSC (tspl) streams."""
