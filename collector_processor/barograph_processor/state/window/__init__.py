"""Which rows are judged together, and the reference that they are judged against."""
