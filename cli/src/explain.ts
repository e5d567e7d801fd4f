import { ApiError, isConflict, TransportError } from '@sentinel/kube';
import { visible } from './terminal/visible.ts';

/** Describes an error in one sentence, with what to do next; never a stack. Text from the API server is escaped like any other text. */
export function explain(error: unknown): string {
  if (error instanceof ApiError) return visible(ofServer(error));
  if (error instanceof TransportError) {
    const doubt = error.mayHaveHappened ? ' Whether the request took effect is not known: look before you try again.' : '';
    return visible(`the API server did not answer: ${error.message}.${doubt}`);
  }
  return visible(error instanceof Error ? error.message : String(error));
}

const DENIED = /^admission webhook "[^"]*" denied the request: (sentinel: )?/;
const POLICY = /ValidatingAdmissionPolicy '([^']*)' with binding '[^']*' denied request: (?:sentinel: )?/;

function ofServer(error: ApiError): string {
  if (error.status === 401) return 'the API server did not accept your credentials: log in, or choose another --context';
  if (isConflict(error)) return `somebody else changed the object in the meantime; look at it again (${error.message})`;
  if (error.status === 429 || error.status >= 500)
    return `the API server cannot do it now (${error.message}); try again in a moment`;
  if (DENIED.test(error.message)) return `refused: ${error.message.replace(DENIED, '')}`;
  const policy = POLICY.exec(error.message);
  if (policy) return `refused by the policy ${policy[1]}: ${error.message.slice(policy.index + policy[0].length)}`;
  if (error.status === 403) return `you may not: ${error.message}; ask your cluster admin for the right`;
  if (error.status === 404 && error.reason === 'NotFound' && /could not find the requested resource/.test(error.message))
    return 'the cluster does not know this kind: Sentinel is not installed there (helm install), or choose another --context';
  return error.message;
}
