"""``python -m walkshed.sample FOLDER`` writes the sample district."""

from __future__ import annotations

import sys

from walkshed.catalogue import text
from walkshed.sample import write_sample

ARGUMENTS = 2

if __name__ == "__main__":
    if len(sys.argv) != ARGUMENTS:
        sys.exit(text("sample.usage"))
    for path in write_sample(sys.argv[1]):
        sys.stdout.write(f"{path}\n")
