#!/usr/bin/env bash
# Runs the tests, as last compiled, on other versions of Node. Node comes as a package from npm.
#   npm run build && npm run unit && scripts/nodes.sh 22 24 26
set -u
cd "$(dirname "$0")/.."
status=0
for version in "${@:-22 24 26}"; do
  package=node-linux-$(node -p process.arch)@$version
  echo "== $(npx -y -p "$package" -- node --version)"
  npx -y -p "$package" -- node node_modules/ava/entrypoints/cli.mjs || status=1
done
exit $status
