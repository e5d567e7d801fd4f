import { campaign } from './campaign.ts';

// node policy/src/commands/fuzz/main.ts [scripts] [seed]: compares what is read of scripts with what bash executes.
const count = Number(process.argv[2] ?? 1_000);
const seed = Number(process.argv[3] ?? 1);
const result = await campaign(count, seed, 12);
const say = (text: string) => process.stdout.write(`${text}\n`);
for (const { sample, comparison } of result.misses.slice(0, 15)) {
  say(`MISSED ${JSON.stringify(comparison.missed)} in ${sample.shell} -c ${JSON.stringify(sample.script)}`);
  say(`  read: ${JSON.stringify(comparison.reading.commands.slice(1).map(({ words }) => words))}`);
}
for (const { sample, comparison } of result.opaquePlain.slice(0, 5))
  say(`OPAQUE ${JSON.stringify(comparison.reading.concerns)} in ${sample.shell} -c ${JSON.stringify(sample.script)}`);
const { misses, opaquePlain, ...figures } = result;
say(
  JSON.stringify({ seed, ...figures, missed: misses.length, plainOpaqueShare: opaquePlain.length / Math.max(1, result.plain) }),
);
process.exitCode = misses.length > 0 ? 1 : 0;
