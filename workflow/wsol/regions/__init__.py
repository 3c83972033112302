"""The stage `localize`: a map on its canvas, cut at its levels into boxes and masks."""
