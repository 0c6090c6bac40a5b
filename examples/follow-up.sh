#!/bin/sh
# Ask, and then ask on: a conversation has any name that the caller chooses, and goes on with a POST.
set -eu
URL=${URL:-http://127.0.0.1:8000}

conversation="example-$$"
for question in 'who is meeting in Geneva?' 'and when?'; do
  curl -fsS "$URL/v1/ask" -H 'Accept: text/plain' -H 'Content-Type: application/json' \
    -d '{"q": "'"$question"'", "conversation": "'"$conversation"'"}'
done
