"""Data sets and weights that may be fetched, brought into the layout that the experiments read."""
