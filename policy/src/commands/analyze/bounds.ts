/** The bounds for analyzing a command. A command above a bound is opaque: never an error, never allowed. */
export const bounds = {
  /** Characters of one script. */
  script: 65_536,
  /** Nodes of all syntax trees of one command together. */
  nodes: 20_000,
  /** The maximum nesting of scripts, substitutions and wrappers. */
  depth: 16,
  /** How deep a syntax tree may be. */
  tree: 160,
  /** Words of one simple command. */
  words: 1_024,
  /** Operands of one kubectl command that are written out. */
  operands: 64,
  /** Simple commands that one command may hold. */
  commands: 1_000,
  /** Different things that are listed as opaque. */
  concerns: 64,
} as const;
