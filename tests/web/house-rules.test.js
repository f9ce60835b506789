import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, posix, resolve } from 'node:path';
import { test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '../..');

/** Each room of `web/`, and the rooms that it may import. A row names none but rows above it. */
const ROOMS = new Map([
  ['audio', []],
  ['worklets', ['audio']],
  ['protocol', ['audio']],
  ['conversation', ['audio', 'protocol']],
  ['session', ['audio', 'protocol', 'conversation']],
  ['views', ['audio', 'protocol', 'conversation', 'session']],
  ['.', ['audio', 'protocol', 'conversation', 'session', 'views']], // main.js, index.js and realtime-voice.js
]);

const IMPORTS = /\b(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g; // those in the types of comments, too
const FILES = /\bnew URL\(\s*['"]([^'"]+\.(?:js|css|json))['"]/g; // worklets and styles, which load by address
const COMMENTS = /\/\*[\s\S]*?\*\/|\/\/.*/g;

const MODULES = filesIn('web', '.js');

/** The files of a folder, and of those in it, whose names end so: paths from that folder. */
function filesIn(folder, ending) {
  const paths = readdirSync(join(ROOT, folder), { recursive: true }).map((path) => path.replaceAll('\\', '/'));
  return paths.filter((path) => path.endsWith(ending)).sort();
}

function sourceOf(module) {
  return readFileSync(join(ROOT, 'web', module), 'utf8');
}

/** What a pattern finds in a module, as paths from `web/`. */
function targetsOf(module, pattern) {
  const names = [...sourceOf(module).matchAll(pattern)].map(([, name]) => name);
  return names.filter((name) => name.startsWith('.')).map((name) => posix.join(dirname(module), name));
}

/** What a pattern finds in all modules and a rule forbids, as lines to read. */
function offences(pattern, isForbidden) {
  return MODULES.flatMap((module) =>
    targetsOf(module, pattern)
      .filter((target) => isForbidden(module, target))
      .map((target) => `${module} -> ${target}`),
  );
}

test('Every folder of modules is a room with a row, and no row is empty.', () => {
  assert.deepEqual(new Set(MODULES.map(dirname)), new Set(ROOMS.keys()));
});

test('Imports between rooms run in one direction, so there are no circles of rooms.', () => {
  const rooms = [...ROOMS.keys()];
  for (const [index, [room, others]] of [...ROOMS].entries())
    for (const other of others) assert.ok(rooms.indexOf(other) < index && rooms.includes(other), `${room} -> ${other}`);
});

test('A module imports from its own room, and from those that its row names.', () => {
  const beyondItsRow = (module, target) => {
    const [from, to] = [dirname(module), dirname(target)];
    return from !== to && !ROOMS.get(from).includes(to);
  };
  assert.deepEqual(offences(IMPORTS, beyondItsRow), []);
});

test('Every module, worklet and style that a module names is there.', () => {
  const missing = (_module, target) => !existsSync(join(ROOT, 'web', target));
  assert.deepEqual([...offences(IMPORTS, missing), ...offences(FILES, missing)], []);
});

test('The page depends on no package, and on no address that a proxy may have moved.', () => {
  const foreign = MODULES.flatMap((module) => {
    const code = sourceOf(module).replaceAll(COMMENTS, '');
    return [...code.matchAll(IMPORTS)].map(([, name]) => `${module} -> ${name}`);
  }).filter((line) => !line.includes('-> .'));
  assert.deepEqual(foreign, []);
});

test('Every module begins with a comment that says what is in it.', () => {
  const silent = MODULES.filter((module) => !/^\/\*\*(?: |\n \* )[^@\s*]/.test(sourceOf(module)));
  assert.deepEqual(silent, []);
});

test('A test in a room is named for a module of that room.', () => {
  const tests = filesIn('tests/web', '.test.js').filter((path) => dirname(path) !== '.');
  const lost = tests.filter((path) => !MODULES.includes(path.replace('.test.js', '.js')));
  assert.deepEqual(lost, []);
});
