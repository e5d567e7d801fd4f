import { parser } from '@prometheus-io/lezer-promql';

/** A rule of Prometheus; what a test does not touch stays as it is. */
export interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
}

/** A file of rules. */
export interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];

/**
 * The rules with time that passes `factor` times as quickly: each `for`, each range window, and each limit that is a time, is divided by it.
 * Everything else stays: what is counted, and at what count, ratio or rate an alert fires.
 */
export function scaleRules<File extends RuleFile>(file: File, factor: number): File {
  const scale = (rule: Rule): Rule => ({
    ...rule,
    expr: scaleExpression(rule.expr, factor),
    ...(rule.for === undefined ? {} : { for: scaleDuration(rule.for, factor) }),
  });
  return { ...file, groups: file.groups.map((group) => ({ ...group, rules: group.rules.map(scale) })) };
}

/** A duration as Prometheus writes it, divided by `factor`. Throws when it is not a duration, or would be shorter than a millisecond. */
export function scaleDuration(text: string, factor: number): string {
  let rest = text;
  let total = 0;
  for (const [unit, milliseconds] of UNITS) {
    const [whole, amount] = new RegExp(`^([0-9]+)${unit}(?![a-z])`).exec(rest) ?? [''];
    total += Number(amount ?? 0) * milliseconds;
    rest = rest.slice(whole.length);
  }
  let left = Math.round(total / factor);
  if (rest !== '' || left === 0) throw new Error(`'${text}' is not a duration of at least ${factor} milliseconds`);
  let scaled = '';
  for (const [unit, milliseconds] of UNITS) {
    const amount = Math.floor(left / milliseconds);
    if (amount > 0) scaled += `${amount}${unit}`;
    left %= milliseconds;
  }
  return scaled;
}

interface Part {
  readonly from: number;
  readonly to: number;
}

/** The expression with each range window, and each limit of a metric that is a time, divided by `factor`. Throws when it cannot be parsed. */
export function scaleExpression(expression: string, factor: number): string {
  const textOf = ({ from, to }: Part) => expression.slice(from, to);
  const scaled: (Part & { readonly text: string })[] = [];
  parser.parse(expression).iterate({
    enter: ({ type, node, from, to }) => {
      if (type.isError) throw new Error(`cannot be parsed at character ${from}: ${expression}`);
      if (type.name === 'NumberDurationLiteralInDurationContext')
        scaled.push({ from, to, text: scaleDuration(textOf({ from, to }), factor) });
      const { firstChild: left, lastChild: right } = node;
      const isLimit = type.name === 'BinaryExpr' && (node.getChild('Gtr') ?? node.getChild('Lss')) !== null;
      if (isLimit && left && right?.name === 'NumberDurationLiteral' && isTime(textOf(left)))
        scaled.push({ from: right.from, to: right.to, text: String(Number(textOf(right)) / factor) });
    },
  });
  // From the end, so that the places of those before stay right.
  return scaled
    .sort((a, b) => b.from - a.from)
    .reduce((text, { from, to, text: instead }) => text.slice(0, from) + instead + text.slice(to), expression);
}

/** Whether an expression is a length of time: the largest of such metrics, or a quantile of a histogram of them. */
const isTime = (expression: string): boolean =>
  /^max\b.*\([a-z_]+_seconds(?:\{[^}]*\})?\)$/.test(expression.trim()) ||
  /^histogram_quantile\(.*_seconds_bucket\b/s.test(expression);
