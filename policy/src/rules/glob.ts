import { RE2JS } from 're2js';

const compiled = new Map<string, RE2JS>();
const COMPILED_MAX = 2000;

/**
 * Whether a pattern covers a whole text: '*' stands for anything but '/', '?' for one such character, '**' for anything; everything
 * else for itself. RE2 takes time linear in the text whatever the pattern, which the libraries for globs do not promise.
 */
export function covers(pattern: string, text: string, { anyCase = false } = {}): boolean {
  const key = `${anyCase ? 'i' : ''}:${pattern}`;
  let expression = compiled.get(key);
  if (!expression) {
    if (compiled.size >= COMPILED_MAX) compiled.clear();
    expression = RE2JS.compile(toExpression(pattern), RE2JS.DOTALL | (anyCase ? RE2JS.CASE_INSENSITIVE : 0));
    compiled.set(key, expression);
  }
  return expression.matches(text);
}

function toExpression(pattern: string): string {
  return pattern.replace(/\*\*\/|\*\*|\*|\?|[^*?]+/g, (part) => {
    if (part === '**/') return '(?:.*/)?';
    if (part === '**') return '.*';
    if (part === '*') return '[^/]*';
    if (part === '?') return '[^/]';
    return RE2JS.quote(part);
  });
}
