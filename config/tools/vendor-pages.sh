#!/bin/sh
# Copies what the pages for people load into gateway/assets from the published packages. Run in the root of the repository.
set -eu
GRAPHIQL=3.9.0
REACT=18.3.1
SWAGGER_UI=5.35.0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
assets=$PWD/gateway/assets

fetch() { # folder package version file...
  folder=$1 package=$2 version=$3
  shift 3
  mkdir -p "$folder"
  archive=$(cd "$work" && npm pack --silent "$package@$version")
  for file in "$@"; do
    tar -xzOf "$work/$archive" "package/$file" >"$folder/$(basename "$file")"
  done
}

fetch "$assets" graphiql "$GRAPHIQL" graphiql.min.js graphiql.min.css
fetch "$assets" react "$REACT" umd/react.production.min.js
fetch "$assets" react-dom "$REACT" umd/react-dom.production.min.js
fetch "$assets/swagger-ui" swagger-ui-dist "$SWAGGER_UI" index.html index.css favicon-16x16.png favicon-32x32.png \
  swagger-ui.css swagger-ui-bundle.js swagger-ui-standalone-preset.js
