#!/bin/sh
# Store one article; sending it again changes nothing, sending it changed replaces it.
set -eu
URL=${URL:-http://127.0.0.1:8000}

curl -fsS "$URL/v1/articles" -H 'Content-Type: application/json' -d '{
  "external_id": "example-1",
  "title": "Lighthouse to close",
  "text": "The lighthouse at Carrow Point will close in May. Its keeper, Ada Quill, is 81.",
  "url": "https://news.example/lighthouse",
  "source": "Example",
  "lang": "en",
  "published_at": "2025-03-01T09:00:00Z"
}'
