"""Lists of people that others send in (协查, places visited, arrivals, employers), and their clocks."""
