"""The stages `train` and `predict`: a classifier, opened as a graph, and what is asked of it to explain one output."""
