"""Networks of PyTorch, opened as graphs and asked by the same rules."""
