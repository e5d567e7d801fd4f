/** What is read of a command at most. Beyond a bound the command is opaque: never an error, never an allowance. */
export const bounds = {
  /** Characters of one script. */
  script: 65_536,
  /** Nodes of all syntax trees of one command together. */
  nodes: 20_000,
  /** How deep scripts, substitutions and wrappers may lie in each other. */
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
