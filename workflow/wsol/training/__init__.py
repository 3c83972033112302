"""Training from image-level labels: what is learned from, how, and where a training that was killed goes on.

No module here may reach a box or a mask: of a data set only the file `files/index.py:LABELS` is read, and its images.
"""
