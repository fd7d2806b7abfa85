"""Hundreds of districts, each in a folder of its own, told together in one table and on one map.

Dask, of the optional extra ``distributed``, is imported in this package alone.
"""

from walkshed.batch.run import KEEP, BatchResult, run_batch

__all__ = ["KEEP", "BatchResult", "run_batch"]
