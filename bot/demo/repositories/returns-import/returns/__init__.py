"""The weekly import of returned parcels."""
