#!/bin/sh
# Copies what the pages for people load into gateway/assets from the published packages. Run in the root of the repository.
set -eu
GRAPHIQL=3.9.0
REACT=18.3.1
SWAGGER_UI=5.35.0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
assets=$PWD/gateway/assets

fetch() { # package version file...
  package=$1 version=$2
  shift 2
  archive=$(cd "$work" && npm pack --silent "$package@$version")
  for file in "$@"; do
    tar -xzOf "$work/$archive" "package/$file" >"$assets/$(basename "$file")"
  done
}

fetch graphiql "$GRAPHIQL" graphiql.min.js graphiql.min.css
fetch react "$REACT" umd/react.production.min.js
fetch react-dom "$REACT" umd/react-dom.production.min.js
fetch swagger-ui-dist "$SWAGGER_UI" swagger-ui-bundle.js swagger-ui.css
