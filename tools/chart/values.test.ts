import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { KEY_NAMES } from './definitions.ts';
import { chartReadme } from './readme.ts';
import { schemaOf } from './schema.ts';
import { readValues, type Value } from './values.ts';

const chart = join(import.meta.dirname, '..', '..', 'charts', 'sentinel');
const read = (file: string) => readFileSync(join(chart, file), 'utf8');
const values = readValues(read('values.yaml'));

const sectionsAndValues = (all: readonly Value[]): string[] =>
  all.flatMap(({ path, values: inner }) => [path, ...sectionsAndValues(inner)]);

describe('values.yaml', () => {
  it('declares each value that a template reads', () => {
    const declared = new Set(sectionsAndValues(values));
    const used = globSync('templates/**/*.{yaml,tpl,txt}', { cwd: chart }).flatMap((file) =>
      [...read(file).matchAll(/\.Values\.([a-zA-Z]+(?:\.[a-zA-Z]+)*)/g)].map(([, path = '']) => ({ file, path })),
    );
    assert.ok(used.length > 50, `${used.length}`);
    assert.deepEqual(
      used.filter(({ path }) => !declared.has(path)),
      [],
    );
  });

  it('names the objects of keys.yaml', () => {
    const names = [...read('templates/keys.yaml').matchAll(/"name" "([a-z-]+)"/g)].map(([, name]) => name);
    assert.deepEqual([...new Set(names)].sort(), [...KEY_NAMES].sort());
  });

  it('has an image with a registry, and not one of this machine', () => {
    const image = values.find(({ path }) => path === 'image')?.values ?? [];
    const defaults = Object.fromEntries(image.map(({ path, default: value }) => [path, value]));
    assert.equal(defaults['image.registry'], 'ghcr.io');
    assert.equal(defaults['image.tag'], '');
  });

  const small = `# A part.
part:
  # How many.
  # @schema {minimum: 1}
  replicas: 2
  # Labels,
  # by name.
  labels: {}
  # Ports.
  # @schema {$ref: "#/$defs/ports"}
  ports: [1]
`;

  it('is read with its comments', () => {
    const [part] = readValues(small);
    assert.deepEqual(
      part?.values.map(({ path, default: value, about, schema }) => ({ path, value, about, schema })),
      [
        { path: 'part.replicas', value: 2, about: ['How many.'], schema: { minimum: 1 } },
        { path: 'part.labels', value: {}, about: ['Labels,', 'by name.'], schema: undefined },
        { path: 'part.ports', value: [1], about: ['Ports.'], schema: { $ref: '#/$defs/ports' } },
      ],
    );
    assert.match(chartReadme(readValues(small)), /^\| `part\.labels` \| `\{\}` \| Labels, by name\. \|$/m);
  });

  const refused: readonly (readonly [string, string, RegExp])[] = [
    ['a value without a comment', 'a: 1\n', /a: a comment above it must say what it is/],
    ['a list without a schema', '# A list.\na: []\n', /a: a list needs a schema/],
    ['two schemas', '# A.\n# @schema {}\n# @schema {}\na: 1\n', /a: two schemas/],
  ];
  for (const [what, text, message] of refused)
    it(`is refused with ${what}`, () => {
      assert.throws(() => readValues(text), message);
    });

  it('is refused with a reference to nothing', () => {
    assert.throws(() => schemaOf(readValues('# A.\n# @schema {$ref: "#/$defs/nosuch"}\na: 1\n')), /a refers to '.*nosuch'/);
  });

  it('refuses unknown values at each level, in the schema that is made of it', () => {
    const open: string[] = [];
    const visit = (schema: Readonly<Record<string, unknown>>, path: string): void => {
      if (schema.properties === undefined) return;
      if (schema.additionalProperties !== false) open.push(path);
      for (const [name, one] of Object.entries(schema.properties as Record<string, Record<string, unknown>>))
        visit(one, `${path}.${name}`);
    };
    visit(JSON.parse(schemaOf(values)), '');
    assert.deepEqual(open, []);
  });
});
