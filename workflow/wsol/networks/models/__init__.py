"""Networks of Keras and TensorFlow as people have them, each opened as a graph."""
