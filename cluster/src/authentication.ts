import { createHash } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { paths } from './machine/paths.ts';
import { until } from './machine/run.ts';
import { kubectl } from './status.ts';

/** A JWTAuthenticator of the AuthenticationConfiguration, as the API server reads it: https://kubernetes.io/docs/reference/access-authn-authz/authentication/ */
export type JwtAuthenticator = Readonly<Record<string, unknown>>;

/** The AuthenticationConfiguration with these issuers; the API server starts with none. */
export const authenticationConfiguration = (jwt: readonly JwtAuthenticator[]): string =>
  JSON.stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration', jwt });

/**
 * Has the API server accept the tokens of these issuers, and of no others, without a restart. Each issuer must answer already: the API
 * server reads its keys before it takes a configuration over. Resolves when it has.
 */
export async function acceptIssuers(jwt: readonly JwtAuthenticator[]): Promise<void> {
  const text = authenticationConfiguration(jwt);
  // By renaming: the API server must not read one half of it.
  await writeFile(`${paths.authentication}.new`, text);
  await rename(`${paths.authentication}.new`, paths.authentication);
  const hash = createHash('sha256').update(text).digest('hex');
  await until(
    'the API server to take the AuthenticationConfiguration over (kube-apiserver.log says why it does not)',
    90,
    async () => {
      const metrics = await kubectl('get', '--raw', '/metrics');
      return metrics
        .split('\n')
        .some((line) => line.startsWith('apiserver_authentication_config_controller_last_config_info{') && line.includes(hash));
    },
  );
}
