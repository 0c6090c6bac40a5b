#!/bin/sh
# Store any number of articles, one JSON object a line; a line of result comes for each.
set -eu
URL=${URL:-http://127.0.0.1:8000}

curl -fsS "$URL/v1/articles/import" -H 'Content-Type: application/jsonl' --data-binary "@${1:--}" <<'LINES'
{"external_id": "example-2", "title": "Ferry delayed", "text": "The ferry to Holm leaves at nine."}
{"external_id": "example-3", "title": "Bridge open", "text": "The bridge at Tarn is open again."}
LINES
