"""Maps over images in the styles of five published systems, boxes on them, and panels side by side."""
