"""Benchmarks are commands, not tests: pytest leaves this folder alone, whatever peers are installed."""

from __future__ import annotations

collect_ignore_glob = ["*.py"]
