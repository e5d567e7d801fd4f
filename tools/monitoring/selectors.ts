import { parser } from '@prometheus-io/lezer-promql';

/** What an expression of PromQL takes a metric to have: the metric itself, and each label that it selects or groups by. */
export interface Use {
  readonly metric: string;
  readonly label?: string;
  /** The value that the label must be equal to, where the expression says so. */
  readonly equals?: string;
}

/** A part of an expression, by where it is in it. */
interface Part {
  readonly from: number;
  readonly to: number;
}

/** Every metric of an expression with each label that it needs. Throws when the expression cannot be parsed. */
export function usesOf(expression: string): Use[] {
  const textOf = ({ from, to }: Part) => expression.slice(from, to);
  const [selectors, groupings]: [(Part & { metric: string })[], (Part & { label: string })[]] = [[], []];
  const uses: Use[] = [];
  parser.parse(expression).iterate({
    enter: ({ type, node, from, to }) => {
      if (type.isError) throw new Error(`cannot be parsed at character ${from}: ${expression}`);
      if (type.name === 'VectorSelector') {
        const metric = node.getChild('Identifier');
        if (metric === null) throw new Error(`names no metric: ${textOf({ from, to })}`);
        selectors.push({ from, to, metric: textOf(metric) });
        uses.push({ metric: textOf(metric) });
        for (const matcher of node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []) {
          const [label, value] = [matcher.getChild('LabelName'), matcher.getChild('StringLiteral')];
          if (label === null || value === null) throw new Error(`no matcher: ${textOf(matcher)}`);
          const isEqual = matcher.getChild('MatchOp')?.getChild('EqlSingle') != null;
          uses.push({
            metric: textOf(metric),
            label: textOf(label),
            ...(isEqual ? { equals: textOf(value).slice(1, -1) } : {}),
          });
        }
      }
      if (type.name === 'AggregateExpr')
        for (const label of node.getChild('AggregateModifier')?.getChild('GroupingLabels')?.getChildren('LabelName') ?? [])
          groupings.push({ from, to, label: textOf(label) });
    },
  });
  for (const { from, to, label } of groupings)
    for (const { metric } of selectors.filter((selector) => selector.from >= from && selector.to <= to))
      uses.push({ metric, label });
  return uses;
}
