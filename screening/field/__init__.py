"""The one door for field facts: journals, receipts, slices, desk sessions."""
