"""What trades make of the lots of a book."""
