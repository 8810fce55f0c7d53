"""What the functions of the spreadsheet are, by subject."""
