#!/bin/sh
# The same, in pieces as they come.
set -eu
URL=${URL:-http://127.0.0.1:8000}

curl -fsSN "$URL/v1/chat/completions" -H 'Content-Type: application/json' -d '{
  "model": "dateline",
  "messages": [{"role": "user", "content": "who is meeting in Geneva?"}],
  "stream": true,
  "stream_options": {"include_usage": true}
}'
