"""Long lists as files: made by the worker, fetched in pieces, gone after a while."""
