#!/bin/sh
# Find the passages that fit best, from some sources and a span of time.
set -eu
URL=${URL:-http://127.0.0.1:8000}

curl -fsS "$URL/v1/search" -H 'Content-Type: application/json' -d '{
  "q": "talks about Aleppo",
  "limit": 3,
  "collapse": "story",
  "filter": {"and": [
    {"source": {"in": ["AFP", "Reuters"]}},
    {"published_at": {"gte": "2016-12-01", "lt": "2017-01-01"}}
  ]}
}'
