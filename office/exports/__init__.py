"""Lists as files: CSV and XLSX, streamed, or written by the worker and fetched by a link."""
