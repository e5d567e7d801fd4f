import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { annotations } from '@sentinel/crds';
import { DEFINITION_LIMITS, type DefinitionKind, SUSPENSIONS_MORE } from '@sentinel/policy';
import { DefinitionQuota, type DefinitionSources, measure } from './definition-quota.ts';
import { type AdmissionRequest, Denied } from './review.ts';

const MiB = 2 ** 20;
type Handler = Parameters<DefinitionSources['Playbook']['onChange']>[0];

/** No request may cost a walk through the objects of all namespaces. */
const walked = () => assert.fail('all objects were walked through');

/** Informers that hold what a test puts into them. */
function world(total = 32 * MiB) {
  let [isHealthy, now] = [true, 0];
  const held = { Playbook: new Map<string, object>(), AgentPolicy: new Map<string, object>() };
  const handlers: Record<DefinitionKind, Handler[]> = { Playbook: [], AgentPolicy: [] };
  const source = (kind: DefinitionKind) => ({
    healthy: () => isHealthy,
    store: { list: walked, get: (key: string) => held[kind].get(key) },
    onChange: (handler: Handler) => handlers[kind].push(handler),
  });
  const sources = { Playbook: source('Playbook'), AgentPolicy: source('AgentPolicy') } as unknown as DefinitionSources;
  return {
    quota: new DefinitionQuota(sources, total, () => now),
    show(kind: DefinitionKind, name: string, { namespace = 'shop', bytes = 1000, specBytes = 1000 } = {}) {
      const object = { metadata: { namespace, name }, bytes, specBytes };
      const type = held[kind].has(`${namespace}/${name}`) ? 'update' : 'add';
      held[kind].set(`${namespace}/${name}`, object);
      for (const handler of handlers[kind]) handler({ type, object } as never);
    },
    lose: () => {
      isHealthy = false;
    },
    pass: (ms: number) => {
      now += ms;
    },
  };
}

const object = (name: string | undefined, size: number, own: object = {}) => ({
  metadata: { name, generateName: name === undefined ? 'made-' : undefined, annotations: own },
  spec: { description: 'x'.repeat(size) },
});
interface Write {
  readonly name?: string | undefined;
  readonly size?: number;
  readonly before?: number;
  readonly namespace?: string;
  readonly dryRun?: boolean;
  readonly own?: object;
  readonly ownBefore?: object;
  readonly kind?: DefinitionKind;
  readonly address?: string;
}

/** The code of the refusal; undefined if the write is admitted. */
function write(
  quota: DefinitionQuota,
  { name = 'x', size = 100, before, namespace = 'shop', dryRun, own, ownBefore, kind = 'Playbook', address = 'api' }: Write = {},
) {
  const request = {
    namespace,
    dryRun,
    object: object(name === '' ? undefined : name, size, own),
    oldObject: before === undefined ? null : object(name, before, ownBefore),
  } as unknown as AdmissionRequest;
  try {
    quota.require(kind, request, address);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof Denied, String(error));
    return error.causes[0]?.reason;
  }
}

const codes = { Playbook: 'PlaybookQuotaExceeded', AgentPolicy: 'PolicyQuotaExceeded' } as const;

describe('The Playbooks and AgentPolicies of a namespace', () => {
  for (const kind of ['Playbook', 'AgentPolicy'] as const)
    it(`are no more than the limit, and another namespace has its own: ${kind}`, () => {
      const { quota, show } = world();
      for (let at = 0; at < DEFINITION_LIMITS[kind].count; at++) {
        assert.equal(write(quota, { kind, name: `p${at}` }), undefined);
        show(kind, `p${at}`);
      }
      assert.equal(write(quota, { kind, name: 'more' }), codes[kind]);
      assert.equal(write(quota, { kind, name: 'more', namespace: 'bank' }), undefined);
      const other = kind === 'Playbook' ? 'AgentPolicy' : 'Playbook';
      assert.equal(write(quota, { kind: other, name: 'more' }), undefined);
    });

  it('are counted also while no cache shows them, with generated names as well: many are created at the same moment', () => {
    const { quota, show, pass } = world();
    const { count } = DEFINITION_LIMITS.Playbook;
    for (let at = 0; at < count; at++) assert.equal(write(quota, { name: at % 2 === 0 ? '' : `p${at}` }), undefined);
    assert.equal(write(quota, { name: 'more' }), codes.Playbook);
    assert.equal(
      write(quota, { name: 'more', address: 'stranger' }),
      undefined,
      'who is not the API server uses up nothing of it',
    );
    show('Playbook', 'made-1');
    assert.equal(write(quota, { name: 'more' }), codes.Playbook, 'it is counted once, by its name');
    pass(10_001);
    assert.equal(write(quota, { name: 'more' }), undefined);
  });

  it('are counted once, however often one is created again that exists, or whose first request did not get through', () => {
    const { quota, show } = world();
    const { count } = DEFINITION_LIMITS.Playbook;
    for (let at = 0; at < count - 1; at++) show('Playbook', `p${at}`);
    for (let at = 0; at < count - 1; at++) assert.equal(write(quota, { name: `p${at}` }), undefined);
    for (const _ of [1, 2, 3]) assert.equal(write(quota, { name: 'last' }), undefined);
    assert.equal(write(quota, { name: 'last', size: 200, before: 100 }), undefined);
    assert.equal(write(quota, { name: 'more' }), codes.Playbook);
  });

  it('grow once while no cache shows the change: an update counts with what it adds', () => {
    const { quota, show } = world();
    show('Playbook', 'large', { bytes: DEFINITION_LIMITS.Playbook.bytes - 60_000 });
    show('Playbook', 'p', { bytes: 30_000 });
    for (const size of [40_000, 40_100, 40_200]) assert.equal(write(quota, { name: 'p', size, before: 30_000 }), undefined);
    assert.equal(write(quota, { name: 'small', size: 10_000 }), undefined);
    assert.equal(write(quota, { name: 'other', size: 20_000 }), codes.Playbook);
  });

  it('do not count when their creation is refused later, by the journal of acts', () => {
    const { quota } = world();
    const { count } = DEFINITION_LIMITS.Playbook;
    for (let at = 0; at < count; at++) assert.equal(write(quota, { name: at === 0 ? '' : `p${at}` }), undefined);
    assert.equal(write(quota, { name: 'more' }), codes.Playbook);
    const refused = (name: string, address: string) =>
      quota.release('Playbook', { namespace: 'shop', object: { metadata: { name } } } as unknown as AdmissionRequest, address);
    refused('p1', 'stranger');
    assert.equal(write(quota, { name: 'more' }), codes.Playbook, 'a stranger gives back nothing');
    refused('p1', 'api');
    assert.equal(write(quota, { name: 'more' }), undefined);
    refused('made-x2', 'api');
    assert.equal(write(quota, { name: 'another' }), undefined);
    assert.equal(write(quota, { name: 'third' }), codes.Playbook);
  });

  it('are not used up by dry-runs', () => {
    const { quota } = world();
    for (let at = 0; at < 500; at++) assert.equal(write(quota, { name: `p${at}`, dryRun: true }), undefined);
  });

  it('have a number of bytes, of which metadata of Playbooks are a part', () => {
    const { quota, show } = world();
    show('Playbook', 'large', { bytes: DEFINITION_LIMITS.Playbook.bytes - 1000 });
    assert.equal(write(quota, { size: 10 }), undefined);
    assert.equal(write(quota, { size: 10, name: 'y', own: { note: 'x'.repeat(1000) } }), codes.Playbook);
    show('AgentPolicy', 'large', { bytes: 3 * MiB, specBytes: DEFINITION_LIMITS.AgentPolicy.bytes - 200 });
    assert.equal(write(quota, { kind: 'AgentPolicy', size: 100 }), undefined);
    assert.equal(write(quota, { kind: 'AgentPolicy', size: 200, name: 'y' }), 'PolicySizeExceeded');
  });

  it('can shrink, be trusted and stay as they are in a namespace that is above its limits', () => {
    const { quota, show } = world();
    for (let at = 0; at < 300; at++) show('Playbook', `p${at}`, { bytes: MiB });
    assert.equal(write(quota, { name: 'p1', size: 100, before: 100, own: { [annotations.trust]: 'y'.repeat(5000) } }), undefined);
    assert.equal(write(quota, { name: 'p1', size: 99, before: 100 }), undefined);
    assert.equal(write(quota, { name: 'p1', size: 101, before: 100 }), codes.Playbook);
    assert.equal(write(quota, { name: 'p1', size: 100, before: 100, own: { note: 'y' } }), codes.Playbook);
  });

  it('count what people write under the prefix of Sentinel: only the record of trust may grow in a full namespace', () => {
    const { quota, show } = world();
    show('Playbook', 'x', { bytes: DEFINITION_LIMITS.Playbook.bytes });
    show('Playbook', 'y', { bytes: DEFINITION_LIMITS.Playbook.bytes });
    const padded = { 'sentinel.dev/padding': 'y'.repeat(40_000) };
    assert.equal(write(quota, { size: 100, before: 100, own: padded }), codes.Playbook);
    show('AgentPolicy', 'y', { specBytes: DEFINITION_LIMITS.AgentPolicy.bytes });
    const trust = { [annotations.trust]: 'y'.repeat(40_000) };
    assert.equal(write(quota, { kind: 'AgentPolicy', size: 100, before: 100, own: trust }), 'PolicySizeExceeded');
  });

  it('cannot have a larger spec in place of annotations: only the specs of policies count against their limit', () => {
    const { quota, show } = world();
    show('AgentPolicy', 'y', { specBytes: DEFINITION_LIMITS.AgentPolicy.bytes - 1000 });
    const padded = { note: 'y'.repeat(40_000) };
    assert.equal(write(quota, { kind: 'AgentPolicy', size: 100, own: padded }), undefined);
    assert.equal(write(quota, { kind: 'AgentPolicy', size: 40_000, before: 100, ownBefore: padded }), 'PolicySizeExceeded');
  });

  it('can have their kill switch turned off in a full namespace, although the word for that is longer', () => {
    const { quota, show } = world();
    show('AgentPolicy', 'y', { specBytes: DEFINITION_LIMITS.AgentPolicy.bytes });
    const at = (suspended: boolean) => ({ metadata: { name: 'x' }, spec: { description: 'x', suspended } });
    const request = { namespace: 'shop', object: at(false), oldObject: at(true) } as unknown as AdmissionRequest;
    quota.require('AgentPolicy', request, 'api');
  });

  const shell = (suspended: boolean) => ({ subjects: [{ kind: 'User', name: 'ada' }], auditOnly: true, suspended });
  function writePolicy(quota: DefinitionQuota, name: string, spec: object, before?: object) {
    const [object, oldObject] = [{ metadata: { name }, spec }, before && { metadata: { name }, spec: before }];
    try {
      quota.require('AgentPolicy', { namespace: 'shop', object, oldObject } as unknown as AdmissionRequest, 'api');
      return undefined;
    } catch (error) {
      assert.ok(error instanceof Denied, String(error));
      return error.causes[0]?.reason;
    }
  }

  it('have more of their number for policies that only suspend', () => {
    const { quota, show } = world();
    for (let at = 0; at < DEFINITION_LIMITS.AgentPolicy.count; at++) show('AgentPolicy', `p${at}`);
    assert.equal(writePolicy(quota, 'off', shell(false)), codes.AgentPolicy);
    for (let at = 0; at < SUSPENSIONS_MORE.count; at++) {
      assert.equal(writePolicy(quota, `s${at}`, shell(true)), undefined);
      if (at % 2 === 0) show('AgentPolicy', `s${at}`, { bytes: 200, specBytes: 100 });
    }
    assert.equal(writePolicy(quota, 'one-more', shell(true)), codes.AgentPolicy);
    assert.equal(write(quota, { kind: 'AgentPolicy', name: 'more' }), codes.AgentPolicy);
  });

  it('cannot turn one that only suspends into another one in a full namespace, even if it gets shorter', () => {
    const { quota, show } = world();
    for (let at = 0; at < DEFINITION_LIMITS.AgentPolicy.count; at++) show('AgentPolicy', `p${at}`);
    show('AgentPolicy', 's', { bytes: 200, specBytes: 100 });
    assert.equal(writePolicy(quota, 's', shell(false), shell(true)), undefined);
    assert.equal(writePolicy(quota, 's', { modes: ['Apply'] }, shell(true)), codes.AgentPolicy);
    assert.equal(writePolicy(quota, 's', { modes: ['Apply'] }, shell(false)), codes.AgentPolicy);
  });

  it('are measured as programs keep them: without the fields of managers, which every update may add to', () => {
    const playbook = { metadata: { name: 'x', annotations: { note: 'y' } }, spec: { description: 'x' } };
    const managed = { ...playbook, metadata: { ...playbook.metadata, managedFields: [{ manager: 'x'.repeat(40_000) }] } };
    assert.deepEqual(measure(managed as never), measure(playbook as never));
  });

  it('may grow while there is room: the one that is written is counted as it will be', () => {
    const { quota, show } = world();
    for (let at = 0; at < DEFINITION_LIMITS.Playbook.count; at++) show('Playbook', `p${at}`);
    show('Playbook', 'p1', { bytes: DEFINITION_LIMITS.Playbook.bytes - 300_000 });
    assert.equal(write(quota, { name: 'p1', size: 101, before: 100 }), undefined);
  });

  it('share what all namespaces may have: one alone cannot take it all', () => {
    const { quota, show } = world(4 * MiB);
    for (let at = 0; at < 10; at++) show('Playbook', `p${at}`, { bytes: 180_000 });
    assert.equal(write(quota, { name: 'more', size: 250_000 }), codes.Playbook);
    assert.equal(write(quota, { name: 'more', size: 250_000, namespace: 'bank' }), undefined);
  });

  it('cannot be written while they cannot be counted, unless they shrink', () => {
    const { quota, lose } = world();
    lose();
    assert.equal(write(quota), 'DefinitionsNotCounted');
    assert.equal(write(quota, { kind: 'AgentPolicy', size: 101, before: 100 }), 'DefinitionsNotCounted');
    assert.equal(write(quota, { size: 99, before: 100 }), undefined);
  });
});
