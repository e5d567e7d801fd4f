import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { agentPolicy, aPolicySet } from '../testing/policies.fixture.ts';
import type { Opinion } from '../verdict/verdict.ts';
import { filePatternFault, judgeFile } from './files.ts';
import { hostPatternFault, judgeHost } from './hosts.ts';
import { judgeImage } from './images.ts';
import { judgeRepository, repositoryPatternFault } from './repositories.ts';
import { judgeTool } from './tools.ts';

const set = (...specs: object[]) => aPolicySet(specs.map((spec, index) => agentPolicy(spec, `p${index}`)));

describe('A host', () => {
  const rules = { allow: ['api.github.com', '*.pkg.acme.io', '10.1.2.3'], deny: ['gist.github.com', '*.evil.pkg.acme.io'] };
  const ask = { ...rules, unfamiliar: 'RequireApproval' };
  const rows: [host: string, network: object, decision: string, rule: string][] = [
    ['api.github.com', rules, 'Allow', 'network.allow[0]'],
    ['API.GitHub.com.', rules, 'Allow', 'network.allow[0]'],
    ['npm.pkg.acme.io', rules, 'Allow', 'network.allow[1]'],
    ['a.b.pkg.acme.io', rules, 'Allow', 'network.allow[1]'],
    ['pkg.acme.io', rules, 'Deny', 'network.unfamiliar'],
    ['xpkg.acme.io', rules, 'Deny', 'network.unfamiliar'],
    ['x.evil.pkg.acme.io', rules, 'Deny', 'network.deny[1]'],
    ['gist.github.com', rules, 'Deny', 'network.deny[0]'],
    ['api.github.com.evil.io', rules, 'Deny', 'network.unfamiliar'],
    ['evil.io', ask, 'RequireApproval', 'network.unfamiliar'],
    // A network of one's own is reached by its exact name alone, and never only because it is unfamiliar.
    ['10.1.2.3', ask, 'Allow', 'network.allow[2]'],
    ['10.1.2.4', ask, 'Deny', 'network.unfamiliar'],
    ['169.254.169.254', ask, 'Deny', 'network.unfamiliar'],
    ['[::ffff:169.254.169.254]', ask, 'Deny', 'network.unfamiliar'],
    ['localhost', ask, 'Deny', 'network.unfamiliar'],
    ['kubernetes.default.svc', ask, 'Deny', 'network.unfamiliar'],
    ['redis', ask, 'Deny', 'network.unfamiliar'],
    // Other ways to write an address, which resolvers read and rules do not.
    ['0x7f000001', ask, 'Deny', 'network.unfamiliar'],
    ['2130706433', ask, 'Deny', 'network.unfamiliar'],
    ['evil.io/api.github.com', ask, 'Deny', 'network'],
    ['user@api.github.com', ask, 'Deny', 'network'],
    ['', ask, 'Deny', 'network'],
  ];
  for (const [host, network, decision, rule] of rows) {
    it(`${JSON.stringify(host)} is ${decision} by ${rule}`, () => {
      const judged = judgeHost(set({ network }), host);
      assert.deepEqual([judged.decision, judged.rule], [decision, rule], judged.message);
    });
  }

  it('is what the strictest policy says, in any order', () => {
    for (const policies of [set({ network: ask }, { network: rules }), set({ network: rules }, { network: ask })])
      assert.equal(judgeHost(policies, 'evil.io').decision, 'Deny');
  });

  it('is not reached when no policy has rules about hosts', () => assert.equal(judgeHost(set({}), 'a.io').decision, 'Deny'));

  for (const bad of ['*', '*.', '*.com', '*.co.uk', '*.10.0.0.1', 'http://a.io', 'a.*.io', 'a b.io'])
    it(`is no pattern: ${bad}`, () => assert.notEqual(hostPatternFault(bad), undefined));
  for (const good of ['a.io', '*.acme.io', '10.0.0.1', '2001:db8::1'])
    it(`is a pattern: ${good}`, () => assert.equal(hostPatternFault(good), undefined));
});

describe('An image', () => {
  const digest = `@sha256:${'a'.repeat(64)}`;
  const allow = ['registry.acme.io/agents/*', 'docker.io/library/busybox', 'registry.acme.io/tools/**', 'localhost:5000/x:1.2'];
  const rows: [image: string, images: object, decision: string][] = [
    ['registry.acme.io/agents/kubectl:1', { allow }, 'Allow'],
    [`registry.acme.io/agents/kubectl${digest}`, { allow, requireDigest: true }, 'Allow'],
    ['registry.acme.io/agents/kubectl:1', { allow, requireDigest: true }, 'Deny'],
    [`registry.acme.io/agents/kubectl@sha256:abc`, { requireDigest: true }, 'Deny'],
    ['registry.acme.io/agents/a/b', { allow }, 'Deny'],
    ['registry.acme.io/tools/a/b:2', { allow }, 'Allow'],
    ['registry.acme.io.evil.io/agents/x', { allow }, 'Deny'],
    ['agents/x', { allow }, 'Deny'],
    ['busybox', { allow }, 'Allow'],
    ['busybox:latest', { allow }, 'Allow'],
    ['evil/busybox', { allow }, 'Deny'],
    ['localhost:5000/x:1.2', { allow }, 'Allow'],
    ['localhost:5000/x:1.3', { allow }, 'Deny'],
    ['anything', {}, 'Allow'],
  ];
  for (const [image, images, decision] of rows)
    it(`${image.slice(0, 50)} is ${decision} by ${JSON.stringify(images).slice(0, 40)}`, () =>
      assert.equal(judgeImage(set({ images }), image).decision, decision));
});

describe('A tool', () => {
  const pin = (letter: string) => `sha256:${letter.repeat(64)}`;
  const wiki = { url: 'https://mcp.acme.io/wiki' };
  const jira = { url: 'https://mcp.acme.io/jira', tools: ['search', 'read'] };
  const allow = [jira, wiki];
  const pinned = [{ ...jira, schemaDigest: pin('a') }];
  // The same server twice: each entry is another way to be allowed.
  const twice = [
    { ...jira, tools: ['read'] },
    { ...jira, tools: ['write'], schemaDigest: pin('a') },
    { ...jira, tools: ['write'], schemaDigest: pin('b') },
  ];
  const rows: [tool: string, digest: string | undefined, servers: object, decision: string, rule: string][] = [
    ['jira read', undefined, { allow }, 'Allow', 'mcpServers.allow[0]'],
    ['jira delete', undefined, { allow }, 'Deny', 'mcpServers.allow'],
    ['wiki delete', undefined, { allow }, 'Allow', 'mcpServers.allow[1]'],
    ['jira/ read', undefined, { allow }, 'Deny', 'mcpServers.allow'],
    ['wiki read', undefined, { allow: [] }, 'Deny', 'mcpServers.allow'],
    ['wiki read', undefined, {}, 'Allow', 'mcpServers'],
    ['jira read', pin('a'), { allow: pinned }, 'Allow', 'mcpServers.allow[0]'],
    ['jira read', pin('b'), { allow: pinned }, 'Deny', 'mcpServers.allow[0].schemaDigest'],
    ['jira read', undefined, { allow: pinned }, 'Deny', 'mcpServers.allow[0].schemaDigest'],
    ['jira read', undefined, { allow: twice }, 'Allow', 'mcpServers.allow[0]'],
    ['jira write', pin('b'), { allow: twice }, 'Allow', 'mcpServers.allow[2]'],
    ['jira write', pin('c'), { allow: twice }, 'Deny', 'mcpServers.allow[1].schemaDigest'],
    ['jira write', undefined, { allow: twice }, 'Deny', 'mcpServers.allow[1].schemaDigest'],
    ['jira delete', undefined, { allow: twice }, 'Deny', 'mcpServers.allow'],
  ];
  for (const [asked, schemaDigest, mcpServers, decision, rule] of rows) {
    const [server, tool = ''] = asked.split(' ');
    it(`${asked} is ${decision} by ${rule}${schemaDigest ? ` with ${schemaDigest.slice(0, 8)}` : ''}`, () => {
      const judged = judgeTool(set({ mcpServers }), { server: `https://mcp.acme.io/${server}`, tool, schemaDigest });
      assert.deepEqual([judged.decision, judged.rule], [decision, rule], judged.message);
    });
  }

  it('that cannot be compared says so', () => {
    const judged = judgeTool(set({ mcpServers: { allow: pinned } }), { server: jira.url, tool: 'read' });
    assert.match(judged.message, /pins the tools .* the call has no digest/);
  });

  it('must be allowed by every policy that has a list', () => {
    const call = { server: jira.url, tool: 'write', schemaDigest: pin('a') };
    assert.equal(judgeTool(set({ mcpServers: { allow: twice } }, { mcpServers: { allow } }), call).decision, 'Deny');
    assert.equal(judgeTool(set({ mcpServers: { allow } }, { mcpServers: { allow: twice } }), call).decision, 'Deny');
  });
});

describe('What allows', () => {
  const digest = `@sha256:${'a'.repeat(64)}`;
  const rows: [name: string, judged: Opinion, policy: string, rule: string][] = [
    ['an image', judgeImage(set({}, { images: { allow: ['x/*', 'docker.io/**'] } }), 'a/b'), 'AgentPolicy/p1', 'images.allow[1]'],
    [
      'an image by digest',
      judgeImage(set({ images: { requireDigest: true } }), `a${digest}`),
      'AgentPolicy/p0',
      'images.requireDigest',
    ],
    ['any image', judgeImage(set({}), 'a'), 'Sentinel', 'images'],
    [
      'a repository',
      judgeRepository(set({ repositories: { allow: ['x/y', 'github.com/**'] } }), 'github.com/a/b'),
      'AgentPolicy/p0',
      'repositories.allow[1]',
    ],
    [
      'a repository that is not denied',
      judgeRepository(set({ repositories: { deny: ['x/y'] } }), 'github.com/a/b'),
      'AgentPolicy/p0',
      'repositories.deny',
    ],
    ['any repository', judgeRepository(set({}), 'github.com/a/b'), 'Sentinel', 'repositories'],
    ['a file', judgeFile(set({ files: { denyRead: ['x'] } }), 'read', 'a'), 'AgentPolicy/p0', 'files.denyRead'],
    ['any file', judgeFile(set({ files: { denyRead: ['x'] } }), 'write', 'a'), 'Sentinel', 'files'],
    [
      'a tool',
      judgeTool(set({ mcpServers: { allow: [{ url: 'a' }] } }), { server: 'a', tool: 'b' }),
      'AgentPolicy/p0',
      'mcpServers.allow[0]',
    ],
  ];
  for (const [name, judged, policy, rule] of rows)
    it(`${name} is named`, () => assert.deepEqual([judged.decision, judged.policy, judged.rule], ['Allow', policy, rule]));

  it('is named of every policy that must allow', () => {
    const judged = judgeImage(set({ images: { allow: ['docker.io/**'] } }, { images: { allow: ['**'] } }), 'a/b');
    assert.equal(judged.rule, 'images.allow[0]');
    assert.match(judged.message, /also by AgentPolicy\/p1 \(images\.allow\[0\]\)$/);
  });
});

describe('A file', () => {
  const files = { denyRead: ['**/.env', '**/*.pem'], protect: ['.git/**', '.github/workflows/**'] };
  const rows: [access: 'read' | 'write', path: string, decision: string][] = [
    ['read', '.env', 'Deny'],
    ['read', 'a/b/.ENV', 'Deny'],
    ['read', './a//key.pem', 'Deny'],
    ['read', 'a/env', 'Allow'],
    ['write', '.git/config', 'Deny'],
    ['write', '.github/workflows/ci.yaml', 'Deny'],
    ['write', 'docs/AGENTS.md', 'RequireApproval'],
    ['write', '.claude/settings.json', 'RequireApproval'],
    ['write', 'src/main.ts', 'Allow'],
    ['write', '../x', 'Deny'],
    ['read', '/etc/passwd', 'Deny'],
    ['read', 'a/../../x', 'Deny'],
  ];
  for (const [access, path, decision] of rows)
    it(`${access} of ${path} is ${decision}`, () => assert.equal(judgeFile(set({ files }), access, path).decision, decision));
});

describe('A pattern of files', () => {
  const rows: [pattern: string, instead: string][] = [
    ['secrets/', "'secrets/**'"],
    ['.github/', "'.github/**'"],
    ['./deploy/*.pem', "'deploy/*.pem'"],
    ['/workspace/x', "'workspace/x'"],
    ['/secrets/', "'secrets/**'"],
    ['/', "'**'"],
    ['.', "'**'"],
    ['a//b', "'a/b'"],
    ['a/./b', "'a/b'"],
    ['**/a/', "'**/a/**'"],
    ['a/**/', "'a/**'"],
    ['../x', "no '..'"],
    ['a/../x', "no '..'"],
  ];
  for (const [pattern, instead] of rows)
    it(`${pattern} can never match, and what to write is said`, () => {
      const fault = filePatternFault(pattern) ?? '';
      assert.ok(fault.startsWith(`'${pattern}' can never match: `) && fault.includes(instead), fault);
    });

  for (const pattern of ['*.pem', '**', '**/*.pem', '.env', '.*/**', 'a/**/b', '...', 'a?/x', 'secrets/**', '**/.git/**'])
    it(`${pattern} has no fault`, () => assert.equal(filePatternFault(pattern), undefined));
});

describe('A repository', () => {
  const repositories = { allow: ['github.com/acme/*'], deny: ['github.com/acme/payroll'] };
  const rows: [asked: string, decision: string][] = [
    ['github.com/acme/shop', 'Allow'],
    ['https://github.com/acme/shop.git', 'Allow'],
    ['git@github.com:acme/shop.git', 'Allow'],
    ['ssh://git@GitHub.com/acme/Shop', 'Allow'],
    ['https://token:x@github.com/acme/payroll', 'Deny'],
    ['git@github.com:acme/Payroll.git', 'Deny'],
    ['https://github.com:8443/acme/shop', 'Deny'],
    ['github.com/acme/a/b', 'Deny'],
    ['github.com/evil/shop', 'Deny'],
    ['github.com.evil.io/acme/shop', 'Deny'],
    ['https://github.com/acme/../evil/x', 'Deny'],
    ['https://github.com/acme/pay%72oll', 'Deny'],
    ['shop', 'Deny'],
  ];
  for (const [asked, decision] of rows)
    it(`${asked} is ${decision}`, () => assert.equal(judgeRepository(set({ repositories }), asked).decision, decision));

  const spellings = ['https://github.com:443/', 'ssh://git@github.com:22/', 'https://github.com./', 'git@github.com.:'];
  for (const asked of spellings.flatMap((host) => [`${host}acme/payroll`, `${host}acme/payroll.git//`]))
    it(`that is denied alone is denied as ${asked}`, () => {
      const { deny } = repositories;
      assert.equal(judgeRepository(set({ repositories: { deny } }), asked).decision, 'Deny');
    });
});

describe('A pattern of repositories', () => {
  const patterns: [pattern: string, covered: boolean][] = [
    ['https://github.com/acme/secret', true],
    ['https://ada@GitHub.com/Acme/Secret.git', true],
    ['ssh://git@github.com/acme/secret', true],
    ['ssh://git@github.com:22/acme/secret', true],
    ['git@github.com:acme/secret.git', true],
    ['git@github.com:acme/*', true],
    ['github.com/acme/secret.git', true],
    ['https://*.com/acme/s?cret', true],
    ['https://github.com/**', true],
    ['**/secret', true],
    ['**', true],
    ['*/acme/secret', true],
    ['https://github.com/acme/other', false],
    ['github.com/*', false],
  ];
  for (const [pattern, covered] of patterns)
    it(`${pattern} ${covered ? 'covers' : 'does not cover'} it in any spelling, and has no fault`, () => {
      assert.equal(repositoryPatternFault(pattern), undefined);
      for (const asked of ['github.com/acme/secret', 'https://github.com/Acme/secret.git', 'git@github.com:acme/secret'])
        assert.equal(judgeRepository(set({ repositories: { deny: [pattern] } }), asked).decision, covered ? 'Deny' : 'Allow');
    });

  const never = ['secret', '*', 'github.com', 'github.com:acme/x', 'github.com/acme/', 'github.com//x', 'github.com/a/../b'];
  for (const pattern of [
    ...never,
    'https://',
    '/srv/x',
    'git@github.com/acme/x',
    'github.com/acme/pay%72oll',
    'x y/z',
    '*://a/b',
  ])
    it(`${pattern} is a fault`, () => assert.match(repositoryPatternFault(pattern) ?? '', /can never match/));

  it('is no name of a repository that is asked about', () =>
    assert.equal(judgeRepository(set({ repositories: { allow: ['**'] } }), 'github.com/acme/*').decision, 'Deny'));
});

describe('A pattern', () => {
  it('that would take a backtracking matcher for ever is judged', () => {
    const pattern = `${'**/*a'.repeat(80)}b`;
    const judge = (end: string) =>
      judgeFile(set({ files: { protect: [pattern] } }), 'write', `${'a/'.repeat(1000)}${end}`).decision;
    assert.notEqual(judge('c'), judge('ab'));
  });
});
