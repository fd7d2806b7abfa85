"""Files and services become valid tables and kept rejects."""
