#!/bin/sh
# A vector for each text, from the model that the search uses.
set -eu
URL=${URL:-http://127.0.0.1:8000}

model=$(curl -fsS "$URL/version" | sed 's/.*"embed": *"\([^"]*\)".*/\1/')
curl -fsS "$URL/v1/embeddings" -H 'Content-Type: application/json' \
  -d "{\"model\": \"$model\", \"input\": [\"who is meeting in Geneva?\"]}"
