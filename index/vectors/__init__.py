"""Vector indexes: one file per engine, all behind `index.types.VectorIndex`."""
