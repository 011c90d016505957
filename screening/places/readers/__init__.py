"""Files in: tables of any office program, and the file of areas."""
