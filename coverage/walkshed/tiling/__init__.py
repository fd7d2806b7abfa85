"""One large area in tiles: each searched on its own, in this process, in others or on a cluster; the same results."""
