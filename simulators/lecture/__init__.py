"""The worlds of the lecture: paradoxes, elementary graphs, doors, mediation, the ladder."""
