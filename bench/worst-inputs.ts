import { findInexactNumber } from '@sentinel/gateway/testing';
import { isHostile } from '@sentinel/kube';
import { maskSecrets } from '@sentinel/policy';
import { diffBudget, judgeCommand, lineDiff, policy } from '@sentinel/policy/testing';

/**
 * What the worst inputs take of the processor: `node bench/worst-inputs.ts`. The requester of an action chooses these texts, and one
 * thread serves all tenants. Each is bounded by a count in the code; here is seen what that count comes to. Ends with 1 when one takes
 * longer than its limit, in milliseconds of this process, however busy the machine is.
 */
const LIMITS = { command: 1500, visible: 3000, lines: 2000, numbers: 2000, secrets: 2000 };

const commands = policy(['Allow foo|echo|ls|kubectl', 'Deny kubectl delete']);
const nest = (open: string, inner: string, close: string, depth: number) => open.repeat(depth) + inner + close.repeat(depth);
const script = (text: string) => () => judgeCommand([commands], ['bash', '-c', text]);
const diff = (before: string, after: string) => () =>
  lineDiff({ text: before, hidden: [] }, { text: after, hidden: [] }, diffBudget());
const slow = Array.from({ length: 32 }, (_, index) => `(.{0,${60 + index}}\\d){2}$`);

const inputs: [kind: keyof typeof LIMITS, name: string, work: () => unknown][] = [
  ['command', 'open brackets', script('('.repeat(2000))],
  ['command', 'backticks', script('`'.repeat(4001))],
  ['command', 'quotes and substitutions', script(nest('"$(foo ', 'a', ')"', 60))],
  ['command', 'every reading of options', script(`kubectl ${'-x '.repeat(900)}get`)],
  ['command', 'every reading of unknown words', script(`kubectl ${'"$x" '.repeat(900)}get`)],
  ['command', 'nested loops', script(nest('while a; do x=1; ', 'foo', '; done', 24))],
  ['command', 'a here-document', script(`foo <<E\n${'$(foo)\n'.repeat(900)}E\n`)],
  ['command', 'functions', script('f() { a; }; f;'.repeat(150))],
  ['visible', 'one word of another script', () => isHostile('\u0430'.repeat(400_000))],
  ['visible', 'one word of two scripts', () => isHostile(`a${'\u0430'.repeat(400_000)}`)],
  ['visible', 'combining marks', () => isHostile('\u0300'.repeat(400_000))],
  ['lines', 'equal lines', diff('x\n'.repeat(700_000), `${'x\n'.repeat(700_000)}y\n`)],
  ['lines', 'empty lines', diff('\n'.repeat(150_000), 'a\n\n'.repeat(75_000))],
  ['lines', 'one long line', diff(',;'.repeat(300_000), ';,'.repeat(300_000))],
  ['numbers', 'one long number', () => findInexactNumber(`[1${'0'.repeat(200_000)}1e-200001]`)],
  ['numbers', 'many long numbers', () => findInexactNumber(`[${'12345678901234567000,'.repeat(40_000)}1]`)],
  ['secrets', 'a pattern that looks to the end at each match', () => maskSecrets('a'.repeat(64 * 1024), ['a(.*Z)?'])],
  ['secrets', 'many large patterns', () => maskSecrets('a'.repeat(64 * 1024), slow)],
];

for (const [kind, name, work] of inputs) {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  const ms = Math.round((user + system) / 1000);
  console.log(`${kind.padEnd(8)} ${name.padEnd(46)} ${String(ms).padStart(6)} ms`);
  if (ms > LIMITS[kind]) {
    console.log(`         longer than ${LIMITS[kind]} ms`);
    process.exitCode = 1;
  }
}
