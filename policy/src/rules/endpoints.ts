import ipaddr from 'ipaddr.js';
import { normalizeHost } from './hosts.ts';

/** An endpoint in the form that is compared, or why it is not valid. */
export type Endpoint =
  | { readonly url: string; readonly fault?: undefined }
  | { readonly url?: undefined; readonly fault: string };

const SHAPE = /^([a-z]+):\/\/(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::([0-9]+))?((?:\/[A-Za-z0-9._~-]+)*)\/?$/i;
const PORTS: Readonly<Record<string, string>> = { https: '443', http: '80' };

/**
 * Reads the address of an endpoint for comparison: scheme and host in lower case, no port that the scheme implies, no slash at the end.
 *
 * It must be written so that every client reads it the same: no user, query, fragment, escape or `..`, and no address in another
 * spelling. `https` is asked for, except on the machine itself and for a service of the cluster that is named with its namespace
 * (`NAME.NAMESPACE.svc`), where prompts cross no network but the cluster's own.
 */
export function readEndpoint(text: string): Endpoint {
  const fault = (why: string): Endpoint => ({ fault: `'${text}' ${why}` });
  const [, scheme = '', name = '', port, path = ''] = SHAPE.exec(text) ?? [];
  if (name === '') return fault("is no plain address such as 'https://models.example.com/v1', without user, query or fragment");
  const secure = scheme.toLowerCase();
  const standard = PORTS[secure];
  if (standard === undefined) return fault("must begin with 'https://'");
  const written = name
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
  const host = normalizeHost(written);
  if (host === undefined) return fault('names no host');
  if (host !== written) return fault(`must name its host as '${host}'`);
  if (port !== undefined && !isPort(port)) return fault(`has no port '${port}'`);
  if (path.split('/').some((part) => part === '.' || part === '..')) return fault("must not hold '.' or '..' in its path");
  if (secure === 'http' && !isNear(host))
    return fault(
      "must begin with 'https://': only the machine itself and services of the cluster (NAME.NAMESPACE.svc) do without",
    );
  const shown = host.includes(':') ? `[${host}]` : host;
  return { url: `${secure}://${shown}${port === undefined || port === standard ? '' : `:${port}`}${path}` };
}

const isPort = (text: string): boolean => /^[1-9][0-9]{0,4}$/.test(text) && Number(text) < 65_536;

function isNear(host: string): boolean {
  if (ipaddr.isValid(host)) return ipaddr.process(host).range() === 'loopback';
  return host === 'localhost' || /^[^.]+\.[^.]+\.svc(\.cluster\.local)?$/.test(host);
}
