"""Maps over images: contact sheets, and the overlays of five published systems."""
