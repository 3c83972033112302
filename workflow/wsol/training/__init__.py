"""Training from image-level labels: what is learned from, how, and where a training that was killed goes on.

No module here may reach a box or a mask: `labels.LABELS` are all that is read of a data set's targets.
"""
