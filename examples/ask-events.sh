#!/bin/sh
# Ask a question; the answer comes as events: meta, sources, answer, done.
set -eu
URL=${URL:-http://127.0.0.1:8000}

curl -fsSNG "$URL/v1/ask" -H 'Accept: text/event-stream' --data-urlencode "q=${1:-who is meeting in Geneva?}"
