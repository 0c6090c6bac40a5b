#!/bin/sh
# Ask as a client of OpenAI does; in earnest use its SDK, with base_url=$URL/v1.
set -eu
URL=${URL:-http://127.0.0.1:8000}

curl -fsS "$URL/v1/chat/completions" -H 'Content-Type: application/json' -d '{
  "model": "dateline",
  "messages": [{"role": "user", "content": "who is meeting in Geneva?"}]
}'
