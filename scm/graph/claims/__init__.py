"""What a graph claims of data, and whether data bear it out."""
