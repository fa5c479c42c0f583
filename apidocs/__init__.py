"""The API's own documentation: OpenAPI 3.1 at /openapi.json, and a page to try it at /docs."""
