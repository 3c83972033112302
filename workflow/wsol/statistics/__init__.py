"""Resamples, intervals and tests, of any numbers: nothing here knows what a metric is."""
