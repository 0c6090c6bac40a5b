#!/bin/sh
# Ask a question; the answer comes as text for a terminal.
set -eu
URL=${URL:-http://127.0.0.1:8000}

curl -fsSG "$URL/v1/ask" -H 'Accept: text/plain' --data-urlencode "q=${1:-who is meeting in Geneva?}"
