"""What a data set is: the rows that an adapter gives, and the image and mask files that they name."""
