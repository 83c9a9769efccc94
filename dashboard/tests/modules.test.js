/* eslint-disable @typescript-eslint/ban-ts-comment -- what is loaded by its path has no types here */
// @ts-nocheck
// What needs no page: the parsers, the arithmetic of rows, and whether a log is whole. Run by tests/dashboard.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createServer } from 'vite';

const VARIABLES = '/src/routes/(app)/applications/[application]/variables/dotenv.ts';
let server;
const load = (path) => server.ssrLoadModule(path);

before(async () => {
  server = await createServer({
    server: { middlewareMode: true, ws: false },
    optimizeDeps: { noDiscovery: true, include: [] },
    appType: 'custom',
    logLevel: 'error',
  });
});
after(() => server.close());

test('a .env is read as programs read it', async () => {
  const { parse } = await load(VARIABLES);
  const read = (text) => Object.fromEntries(parse(text).entries.map(({ name, value }) => [name, value]));
  assert.deepEqual(read('A=1\r\nexport B = two words # said\n\n#C=3\nD=\nE=a#b\nF=#c'), {
    A: '1',
    B: 'two words',
    D: '',
    E: 'a#b',
    F: '',
  });
  assert.deepEqual(read('A="x=\\"1\\"\\n# no comment" # one\nB=\'$HOME\\n\'\nC=`it\'s "so"`'), {
    A: 'x="1"\n# no comment',
    B: '$HOME\\n',
    C: 'it\'s "so"',
  });
  assert.deepEqual(read('KEY="-----BEGIN\nabc=\n-----END"\nNEXT=1'), {
    KEY: '-----BEGIN\nabc=\n-----END',
    NEXT: '1',
  });
  assert.deepEqual(read('\uFEFFPATH=C:\\new\nURL=postgres://u:p@h/d?a=b'), {
    PATH: 'C:\\new',
    URL: 'postgres://u:p@h/d?a=b',
  });
});

test('what is wrong with a .env is told by its line, and the rest is taken', async () => {
  const { parse } = await load(VARIABLES);
  const text = 'A=1\nnothing\n1B=2\nC="open\nD=4\nE="x" y\nA=5';
  const { entries, mistakes } = parse(text);
  assert.deepEqual(
    mistakes.map(({ line, kind }) => [line, kind]),
    [
      [2, 'noEquals'],
      [3, 'badName'],
      [4, 'afterQuote'],
      [7, 'twice'],
    ],
  );
  assert.deepEqual(
    entries.map(({ line, name, value }) => [line, name, value]),
    [[7, 'A', '5']],
  );
  const open = parse('A="open\nB=2');
  assert.deepEqual([open.mistakes[0].kind, open.entries[0].name], ['unclosed', 'B']);
});

test('escapes of a terminal are colours or nothing, and markup is text', async () => {
  const { pieces, plain, marked } = await load('/src/lib/logs/ansi.ts');
  assert.deepEqual(pieces('a \x1b[1;31mred\x1b[0m <b>'), [
    { text: 'a ', look: '' },
    { text: 'red', look: 'red bold' },
    { text: ' <b>', look: '' },
  ]);
  assert.deepEqual(
    pieces('\x1b[38;5;196mx\x1b[48;2;0;0;255my\x1b[39;49mz').map(({ look }) => look),
    ['red', 'on-blue', ''],
  );
  assert.equal(plain('\x1b]8;;http://x\x07link\x1b]8;;\x1b\\ \x1b[2K\x1b(Bok\x07\tend\r'), 'link ok\u2407\tend');
  assert.deepEqual(
    marked(pieces('ab\x1b[32mCd\x1b[0me'), 'bcd').map(({ text, hit }) => [text, hit ?? false]),
    [
      ['a', false],
      ['b', true],
      ['Cd', true],
      ['e', false],
    ],
  );
});

test('rows are found by how far down they are, however the ring turns', async () => {
  const { Rows } = await load('/src/lib/logs/rows.ts');
  let seed = 7;
  const random = (below) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (const capacity of [1, 2, 7, 64, 100]) {
    const rows = new Rows(capacity);
    const plain = [];
    for (let step = 0; step < 2_000; step += 1) {
      const doing = random(10);
      if (plain.length === capacity || (doing === 0 && plain.length))
        assert.equal(rows.shift(), plain.shift().height);
      else if (doing === 1 && plain.length) {
        const at = random(plain.length);
        plain[at].height = 1 + random(50);
        rows.resize(rows.first + at, plain[at].height);
      } else {
        plain.push({ number: step, height: 1 + random(50) });
        rows.push(step, plain.at(-1).height);
      }
      let offset = 0;
      plain.forEach(({ number, height }, at) => {
        const place = rows.first + at;
        assert.deepEqual([rows.number(place), rows.offset(place)], [number, offset]);
        assert.deepEqual([rows.at(offset), rows.at(offset + height - 1)], [place, place]);
        assert.equal(rows.placeOf(number), place);
        offset += height;
      });
      assert.equal(rows.height, offset);
    }
  }
});

test('after a cut a log has each line once, and says where some may be missing', async () => {
  const { Continuity } = await load('/src/lib/logs/continuity.ts');
  const log = new Continuity();
  const taken = (id, at, sequence) =>
    Object.values(log.take(id, at, sequence))
      .map(Number)
      .join('');
  assert.deepEqual(
    [taken('a', 1, 1), taken('b', 5, 2), taken('a', 5, 3), taken('a', 5, 4)],
    ['100', '100', '100', '100'],
  );
  assert.equal(log.newest, 5);
  // Again from 1, with two lines of the same time, and a third that is new.
  assert.deepEqual(
    [taken('a', 1, 1), taken('b', 5, 2), taken('a', 5, 3), taken('a', 5, 4), taken('a', 5, 5), taken('b', 6, 6)],
    ['010', '000', '000', '000', '100', '100'],
  );
  // What was last does not come again: nobody knows what was between.
  assert.deepEqual([taken('b', 9, 1), taken('b', 10, 2)], ['111', '100']);
  // A number is left out.
  assert.equal(taken('b', 11, 4), '101');
});
