export { dangerousLines } from './dangerous.ts';
export { commandRuleFaults } from './faults.ts';
export type { Concern, FoundCommand } from './finder.ts';
export { type CommandReading, type CommandReason, type CommandVerdict, judgeCommand, readArgv } from './judge.ts';
export type { Line } from './lines.ts';
export type { HostExecutable } from './programs.ts';
export { type CommandPolicy, type CommandRule, type CompiledCommands, compileCommands } from './rules.ts';
export { safeLines } from './safe.ts';
export { showWord, type Unknown, type Word } from './words.ts';
