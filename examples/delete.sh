#!/bin/sh
# Remove an article for good, by its id or, after ext:, by your own.
set -eu
URL=${URL:-http://127.0.0.1:8000}

curl -fsS -X DELETE "$URL/v1/articles/${1:-ext:example-1}"
