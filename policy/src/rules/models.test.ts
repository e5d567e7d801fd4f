import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClusterAgentPolicySpec } from '@sentinel/crds';
import { readPolicy } from '../policyset/compile.ts';
import { clusterPolicies } from '../testing/policies.fixture.ts';
import { readEndpoint } from './endpoints.ts';
import { judgeModel } from './models.ts';

const set = (...endpoints: (object | undefined)[]) => clusterPolicies(...endpoints.map((modelEndpoint) => ({ modelEndpoint })));

describe('An endpoint', () => {
  const rows: [text: string, url: string | RegExp][] = [
    ['https://models.acme.io/v1', 'https://models.acme.io/v1'],
    ['HTTPS://Models.ACME.io.:443/v1/', 'https://models.acme.io/v1'],
    ['https://models.acme.io:8443', 'https://models.acme.io:8443'],
    ['https://models.acme.io/V1', 'https://models.acme.io/V1'],
    ['https://10.0.0.7/v1', 'https://10.0.0.7/v1'],
    ['https://[2001:db8::1]:444/v1', 'https://[2001:db8::1]:444/v1'],
    ['http://localhost:11434', 'http://localhost:11434'],
    ['http://127.0.0.1:80/v1', 'http://127.0.0.1/v1'],
    ['http://[::1]/v1', 'http://[::1]/v1'],
    ['http://vllm.models.svc:8000/v1', 'http://vllm.models.svc:8000/v1'],
    ['http://vllm.models.svc.cluster.local/v1', 'http://vllm.models.svc.cluster.local/v1'],
    // In the clear only where no network but the cluster's own is crossed.
    ['http://models.acme.io/v1', /https:\/\//],
    ['http://10.0.0.7/v1', /https:\/\//],
    ['http://vllm/v1', /https:\/\//],
    ['http://models.svc/v1', /https:\/\//],
    ['http://a.models.svc.evil.io/v1', /https:\/\//],
    ['http://localhost.evil.io', /https:\/\//],
    ['ftp://models.acme.io', /must begin with/],
    // What clients read in different ways, or what hides a key.
    ['https://user:key@models.acme.io/v1', /no plain address/],
    ['https://@models.acme.io/v1', /no plain address/],
    ['https://models.acme.io/v1?key=x', /no plain address/],
    ['https://models.acme.io/v1#x', /no plain address/],
    ['https://models.acme.io\\@evil.io/v1', /no plain address/],
    ['https://models.acme.io/%76%31', /no plain address/],
    ['https://models.acme.io//v1', /no plain address/],
    ['https://models.acme.io/a/../v1', /'\.\.'/],
    ['https://models.acme.io/v1\n', /no plain address/],
    [' https://models.acme.io/v1', /no plain address/],
    ['https:models.acme.io', /no plain address/],
    ['https://bücher.example/v1', /no plain address/],
    ['https://0x7f.1/v1', /must name its host as '127\.0\.0\.1'|names no host/],
    ['https://0177.0.0.1/v1', /must name its host as '127\.0\.0\.1'/],
    ['https://[::ffff:10.0.0.7]/v1', /must name its host as '10\.0\.0\.7'/],
    ['https://[0:0::1]/v1', /must name its host as '::1'/],
    ['https://models.acme.io:0443/v1', /no port/],
    ['https://models.acme.io:99999/v1', /no port/],
    ['models.acme.io/v1', /no plain address/],
    ['', /no plain address/],
  ];
  for (const [text, expected] of rows)
    it(`${JSON.stringify(text)} ${typeof expected === 'string' ? `is ${expected}` : 'is refused'}`, () => {
      const read = readEndpoint(text);
      if (typeof expected === 'string') assert.equal(read.url, expected, read.fault);
      else assert.match(read.fault ?? `read as ${read.url}`, expected);
    });

  it('of a policy is refused with its path', () => {
    const spec = ClusterAgentPolicySpec.parse({ modelEndpoint: { url: 'http://models.acme.io' } });
    const read = readPolicy({ kind: 'ClusterAgentPolicy', metadata: { name: 'p' }, spec });
    assert.match(read.faults.join(), /`modelEndpoint\.url`: 'http:\/\/models\.acme\.io' must begin with/);
  });
});

describe('A model', () => {
  const url = 'https://models.acme.io/v1';
  const any = { url };
  const some = { url, models: ['small', 'large'] };
  const rows: [
    name: string,
    pins: (object | undefined)[],
    asked: string,
    model: string | undefined,
    decision: string,
    rule: string,
  ][] = [
    ['where no policy names one', [undefined], url, 'small', 'Deny', 'modelEndpoint'],
    ['of any name', [any], url, 'small', 'Allow', 'modelEndpoint.url'],
    ['without a name where any is good', [any], url, undefined, 'Allow', 'modelEndpoint.url'],
    ['that is listed', [some], url, 'large', 'Allow', 'modelEndpoint.models[1]'],
    ['that is not listed', [some], url, 'Large', 'Deny', 'modelEndpoint.models'],
    ['without a name where names are listed', [some], url, undefined, 'Deny', 'modelEndpoint.models'],
    ['of a list of none', [{ url, models: [] }], url, 'small', 'Deny', 'modelEndpoint.models'],
    ['elsewhere', [any], 'https://models.acme.io/v2', 'small', 'Deny', 'modelEndpoint.url'],
    ['below the endpoint', [any], `${url}/chat/completions`, 'small', 'Deny', 'modelEndpoint.url'],
    ['in another spelling', [{ url: 'https://MODELS.acme.io:443/v1/' }], url, 'small', 'Allow', 'modelEndpoint.url'],
    ['at what is not an address', [any], `${url}?a`, 'small', 'Deny', 'modelEndpoint'],
    ['of two that agree', [any, some, undefined], url, 'small', 'Allow', 'modelEndpoint.url'],
    ['of which one has no list that has it', [any, some], url, 'huge', 'Deny', 'modelEndpoint.models'],
    ['of two that differ', [any, { url: 'https://b.io' }], url, 'small', 'Deny', 'modelEndpoint'],
    ['of two that differ, asked at the other', [any, { url: 'https://b.io' }], 'https://b.io', 'small', 'Deny', 'modelEndpoint'],
    ['where a pin cannot be read', [{ url: 'nonsense' }], url, 'small', 'Deny', 'modelEndpoint'],
  ];
  for (const [name, pins, asked, model, decision, rule] of rows)
    it(`${name} is ${decision} by ${rule}, in any order`, () => {
      for (const policies of [set(...pins), { ...set(...pins), policies: set(...pins).policies.toReversed() }]) {
        const judged = judgeModel(policies, { url: asked, model });
        assert.equal(judged.decision, decision, judged.message);
        if (pins.length === 1) assert.equal(judged.rule, rule, judged.message);
      }
    });

  it('that no policy applies to says so', () =>
    assert.match(judgeModel(set(), { url }).message, /no ClusterAgentPolicy names a model endpoint/));

  it('of policies that differ names them', () =>
    assert.match(
      judgeModel(set(any, { url: 'https://b.io' }), { url }).message,
      /must name the same .*ClusterAgentPolicy\/p0 names 'https:\/\/models.* ClusterAgentPolicy\/p1 names 'https:\/\/b\.io'/,
    ));

  it('is not given by a policy of a namespace', () => {
    const [policy] = set(any).policies;
    const policies = policy ? [{ ...policy, kind: 'AgentPolicy' as const }] : [];
    assert.equal(judgeModel({ ...set(), policies }, { url }).decision, 'Deny');
  });

  it('does not pass where everything is refused', () => {
    const refusals = [{ code: 'ClusterPolicyMissing' as const, policy: 'Sentinel', rule: 'floor', message: 'no floor' }];
    assert.equal(judgeModel({ ...set(any), refusals }, { url }).rule, 'floor');
  });

  it('is never loosened by one policy more', () => {
    const pins = [undefined, any, some, { url, models: ['huge'] }, { url: 'https://b.io' }];
    for (const a of pins.slice(1))
      for (const b of pins)
        for (const model of ['small', 'huge', undefined])
          for (const asked of [url, 'https://b.io']) {
            const before = judgeModel(set(a), { url: asked, model }).decision;
            const after = judgeModel(set(a, b), { url: asked, model }).decision;
            assert.ok(before === 'Allow' || after === 'Deny', JSON.stringify([a, b, model, asked]));
            assert.equal(judgeModel(set(b, a), { url: asked, model }).decision, after);
          }
  });
});
