"""The networks of the field: one file per family, its forward equations and nothing else."""

from symbp.networks.mlp import mlp

__all__ = ["mlp"]
