"""The stage `index`: a data set's annotations become targets, with their classes' outputs and every problem found."""
