"""How fast it is beside what others do with the same work: never timed tests."""
