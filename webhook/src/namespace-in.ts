/**
 * How much of a body is read before it is known for whom it is: the namespace comes before the object, after the name. Names of stored
 * objects have 253 characters at most. The API server checks the name of a new one after the mutating webhook and before the validating
 * ones, so `/mutate` alone can be sent a longer one (tried with 5,000 characters on Kubernetes 1.36: POST, PUT and PATCH). With more than
 * about 3,500 characters its review counts for UNKNOWN_NAMESPACE: one share for all of them, and none of what they bring is stored.
 */
export const HEAD_BYTES = 4 * 1024;

/** For a body that does not say its namespace in the beginning. No namespace has this name. */
export const UNKNOWN_NAMESPACE = '?';

const TOKEN = /\s*("(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+)/y;

/**
 * The namespace of an AdmissionReview, read from the beginning of its JSON text, before the rest has arrived; '' for an object of the
 * cluster. The API server writes `request.namespace` before `operation`, and both before the object. It escapes names, so the text is read
 * by tokens: an object whose name looks like JSON must not be counted for another namespace.
 */
export function namespaceIn(head: string): string {
  const keys: string[] = [];
  let [depth, last, isValue] = [0, '', false];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(head); match; match = TOKEN.exec(head)) {
    const [, token = ''] = match;
    const isNamespace = isValue && depth === 2 && keys[1] === '"request"' && keys[2] === '"namespace"';
    if (isNamespace) return token.startsWith('"') ? textOf(token) : UNKNOWN_NAMESPACE;
    isValue = false;
    if (token === '{' || token === '[') {
      depth += 1;
      keys[depth] = '';
    } else if (token === '}' || token === ']') {
      depth -= 1;
    } else if (token === ':') {
      keys[depth] = last;
      isValue = true;
      if (depth === 2 && keys[1] === '"request"' && last === '"operation"') return '';
    }
    last = token;
  }
  return UNKNOWN_NAMESPACE;
}

function textOf(token: string): string {
  try {
    return JSON.parse(token) as string;
  } catch {
    return UNKNOWN_NAMESPACE;
  }
}
