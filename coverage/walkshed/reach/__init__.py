"""How far one gets: bounded searches, times, isochrones."""
