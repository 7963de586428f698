"""Pictures of graphs: where nodes stand, how edges bend, and the drawing itself."""
