// The pictures.
