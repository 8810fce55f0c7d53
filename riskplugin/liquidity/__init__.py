"""How fast a book can be sold, what that costs, and what is lost until then."""
