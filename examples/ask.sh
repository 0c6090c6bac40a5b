#!/bin/sh
# Ask a question; the answer comes as JSON, with the place where it stands.
set -eu
URL=${URL:-http://127.0.0.1:8000}

curl -fsSG "$URL/v1/ask" --data-urlencode "q=${1:-who is meeting in Geneva?}"
