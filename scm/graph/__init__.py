"""Causal graphs: edges and marks, the questions they answer, and how they are drawn (no JAX)."""

from scm.graph.classes.cpdag import CPDAG as CPDAG
from scm.graph.graph import Graph as Graph
