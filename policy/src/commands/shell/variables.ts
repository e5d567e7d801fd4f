import { note, type Place } from '../analyze/finder.ts';

// What these hold is code, a path to it, or decides how the shell reads what follows.
const names = new Set(
  `PATH IFS ENV PS4 PS0 PROMPT_COMMAND SHELLOPTS BASHOPTS CDPATH HOME SHELL FPATH fpath path ZDOTDIR TMPPREFIX NULLCMD READNULLCMD
PAGER EDITOR VISUAL FCEDIT BROWSER MANPAGER LESSOPEN LESSCLOSE LESS SYSTEMD_EDITOR SYSTEMD_PAGER SSH_ASKPASS SUDO_ASKPASS
JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS MAVEN_OPTS GRADLE_OPTS CLASSPATH GCONV_PATH TERMINFO TERMCAP RES_OPTIONS HOSTALIASES
LOCPATH NLSPATH MALLOC_TRACE VIMINIT EXINIT MAKEFLAGS MAKEFILES MFLAGS GNUMAKEFLAGS TAR_OPTIONS GREP_OPTIONS WGETRC CURL_HOME
OPENSSL_CONF OPENSSL_MODULES OPENSSL_ENGINES SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE PHPRC PHP_INI_SCAN_DIR R_PROFILE
R_PROFILE_USER GEM_HOME GEM_PATH BUNDLE_GEMFILE CARGO_HOME RUSTC_WRAPPER CC CXX LD AR GOFLAGS GOPATH GOPROXY HTTP_PROXY HTTPS_PROXY ALL_PROXY
http_proxy https_proxy all_proxy no_proxy NO_PROXY EXECIGNORE FUNCNEST GLOBIGNORE HISTFILE MAIL MAILPATH POSIXLY_CORRECT COMP_WORDBREAKS
TEXTDOMAIN TEXTDOMAINDIR LANGUAGE SSLKEYLOGFILE CURL_CA_BUNDLE ZIPOPT TAPE SVN_SSH HGRCPATH RSYNC_RSH AWKPATH AWKLIBPATH GNUPGHOME GODEBUG
GOCOVERDIR DOTNET_STARTUP_HOOKS ftp_proxy NETRC REGISTRY_AUTH_FILE INPUTRC`.split(/\s+/),
);
const beginnings =
  /^(LD_|DYLD_|BASH_|GIT_|KUBE|PYTHON|NODE_|NPM_|npm_|YARN_|PERL|RUBY|LUA_|HELM_|DOCKER_|CONTAINER|TF_|AWS_|AZURE_|GOOGLE_|CLOUDSDK_|XDG_|RIPGREP_|GCC_|ANSIBLE_|VAULT_|SENTINEL_|GLIBC_|ARGOCD_|FLUX_|GH_|GITHUB_|PIP_|UV_|COMPOSER_|DENO_|BUN_|SYSTEMD_)/;

// Which bytes are a character decides how the shell and others part text; these all agree on what is a quote or a backslash.
const locales = /^(LANG|LC_[A-Z]+)$/;
const plainLocale = /^(|C|POSIX|(C|[a-z]{2}_[A-Z]{2})\.(UTF-8|utf8))$/;

/** Whether a variable changes what other programs are or do; without a value, whether any value might. */
export const isSignificant = (name: string, value?: string): boolean =>
  names.has(name) || beginnings.test(name) || (locales.test(name) && !plainLocale.test(value ?? '?'));

/** Variables whose value is not what was assigned. */
const special =
  /^(_|RANDOM|SRANDOM|SECONDS|LINENO|PPID|UID|EUID|GROUPS|OPTIND|OPTARG|OPTERR|REPLY|PWD|OLDPWD|HOSTNAME|HOSTTYPE|OSTYPE|MACHTYPE|SHLVL|DIRSTACK|FUNCNAME|PIPESTATUS|HIST.*|EPOCH.*|COPROC.*|COMP.*|MAPFILE|READLINE.*|COLUMNS|LINES|argv|ARGC|status|pipestatus|GID|EGID|USERNAME|TTYIDLE)$/;

// The shell evaluates what is assigned to these as arithmetic, or hands it on to arithmetic as it is.
const integers =
  /^(RANDOM|SRANDOM|SECONDS|LINENO|PPID|UID|EUID|GID|EGID|BASHPID|OPTIND|SHLVL|MAILCHECK|EPOCHSECONDS|EPOCHREALTIME|HISTCMD|HISTSIZE|SAVEHIST|TTYIDLE|ERRNO|KEYTIMEOUT|LISTMAX|LOGCHECK|BAUD|DIRSTACKSIZE|ARGC)$/;

/** Whether a value is a number, so that to evaluate it runs nothing. */
export const isNumber = (value: string | undefined): boolean => /^-?(0|[1-9][0-9]*)$/.test(value ?? '');

/** Whether a variable keeps the value that a script gives it. */
export const keepsValue = (name: string): boolean => !special.test(name) && !isSignificant(name) && /^[A-Za-z_]\w*$/.test(name);

/** Notes that a variable gets a value; `undefined` when the value is not certain. */
export function assign(place: Place, name: string, value: string | undefined): void {
  if (integers.test(name) && !isNumber(value))
    note(place, 'Opaque', name, 'its new value is evaluated as arithmetic and may not be a number');
  take(place, name, value);
}

/** Notes that a variable gets a value for one command alone. */
export function assignFor(place: Place, name: string, value: string | undefined): void {
  if (!locales.test(name) || isSignificant(name, value)) assign(place, name, undefined);
}

/** Notes that a variable gets a number, or that it is declared without a value. */
export const assignNumber = (place: Place, name: string): void => take(place, name, undefined);

function take(place: Place, name: string, value: string | undefined): void {
  if (isSignificant(name, value)) note(place, 'Variable', name, 'it changes which programs run, or what they do');
  else if (!/^[A-Za-z_]\w*$/.test(name)) note(place, 'Opaque', name, 'which variable it sets is not certain');
  if (!place.scope) return;
  // zsh keeps the arguments of the script in it.
  if (name === 'argv') place.scope.positional = undefined;
  place.scope.given.add(name);
  if (value !== undefined && keepsValue(name)) place.scope.values.set(name, value);
  else place.scope.values.delete(name);
}
