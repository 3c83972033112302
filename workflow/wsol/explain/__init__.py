"""Images through one network, by hand: which, what of them is explained, and what is said of it."""
