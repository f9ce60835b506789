import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix, resolve } from 'node:path';
import { after, before, test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '../..');
const ENTRIES = ['web/index.js', 'web/realtime-voice.js'];
const NAMES = /(?:from |import\(|new URL\()'(\.[^']+\.(?:js|css|json))'/g;

const CONSUMER = `
import { Conversation, RealtimeClient, Speaker, VoiceSession, explainEnding } from 'realtime-relay-web';
import { RealtimeVoice } from 'realtime-relay-web/element';

const client = new RealtimeClient({ url: 'wss://relay.example/v1/realtime' });
client.connect().then((session) => session.id);
client.appendAudio(new Int16Array(480));
// @ts-expect-error samples are numbers, not text
client.appendAudio('samples');

const voice = new VoiceSession({ speaker: new Speaker() });
const opened: Promise<boolean> = voice.start({ url: client.url, profile: 'guide' });
const words: string[] = new Conversation().turns.map((turn) => turn.text);
const title: string = explainEnding({ code: 1013, reason: '', error: null, opened: true }).title;
const element: HTMLElement = new RealtimeVoice();
export { element, opened, title, words };
`;
const EMBEDDER = `
import 'realtime-relay-web/element';
import type { Phase, Problem, RealtimeVoice } from 'realtime-relay-web/element';

const voice = document.querySelector('realtime-voice');
if (voice === null) throw new Error('there is none');
voice.ticket = async () => (await fetch('/ticket')).text();
voice.addEventListener('statechange', ({ detail }) => { const phase: Phase = detail; void phase; });
voice.addEventListener('problem', function ({ detail }) { const title: string = detail.title; this.muted = title === ''; });
voice.addEventListener('realtimeevent', ({ detail }) => { if (detail.type === 'response.done') voice.stop(); });
voice.addEventListener('click', (event) => event.clientX);
const onProblem = ({ detail }: CustomEvent<Problem>) => detail.advice;
voice.removeEventListener('problem', onProblem);
const made: RealtimeVoice = document.createElement('realtime-voice');
document.body.append(made);
// @ts-expect-error a phase is a word of the table
voice.addEventListener('statechange', ({ detail }) => detail === 'asleep');
`;
const STRICT = {
  compilerOptions: {
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    target: 'ESNext',
    module: 'NodeNext',
    lib: ['ESNext', 'DOM', 'DOM.Iterable'],
    types: [],
  },
  files: ['consumer.ts', 'embedder.ts'],
};

let home = '';
/** @type {any} */
let packed;

/** What a module needs, itself included, as paths from the root. */
function reachable(path, found = new Set()) {
  if (found.has(path)) return found;
  found.add(path);
  if (!path.endsWith('.js')) return found;
  for (const [, name] of readFileSync(join(ROOT, path), 'utf8').matchAll(NAMES))
    reachable(posix.join(dirname(path), name), found);
  return found;
}

function run(program, ...words) {
  return execFileSync(program, words, { cwd: home, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

before(() => {
  home = mkdtempSync(join(tmpdir(), 'consumer-'));
  [packed] = JSON.parse(run('npm', 'pack', ROOT, '--json', '--loglevel=error'));
  const place = join(home, 'node_modules', packed.name);
  mkdirSync(place, { recursive: true });
  run('tar', '-xzf', packed.filename, '-C', place, '--strip-components=1');
  writeFileSync(join(home, 'package.json'), '{ "type": "module" }');
});

after(() => rmSync(home, { recursive: true }));

test('The package holds the library, its types and its licence, and nothing that only the voice page needs.', () => {
  const expected = new Set(ENTRIES.flatMap((entry) => [...reachable(entry)]));
  const modules = packed.files.map((file) => file.path).filter((path) => path.startsWith('web/'));
  assert.deepEqual(modules.toSorted(), [...expected].toSorted());
  const rest = packed.files.map((file) => file.path).filter((path) => !/^(web|types)\//.test(path));
  assert.deepEqual(rest.toSorted(), ['LICENSE', 'README.md', 'package.json']);
  const typed = packed.files.map((file) => file.path).filter((path) => path.startsWith('types/'));
  expected.add('web/element.js'); // types that are written by hand
  for (const path of typed) assert.ok(expected.has(path.replace('types', 'web').replace('.d.ts', '.js')), path);
});

test('A dry run of npm pack lists what the package holds.', () => {
  const [dry] = JSON.parse(run('npm', 'pack', ROOT, '--dry-run', '--json', '--loglevel=error'));
  assert.deepEqual(dry.files, packed.files);
});

test('A strict TypeScript program compiles against the types in the package.', () => {
  writeFileSync(join(home, 'consumer.ts'), CONSUMER);
  writeFileSync(join(home, 'embedder.ts'), EMBEDDER);
  writeFileSync(join(home, 'tsconfig.json'), JSON.stringify(STRICT));
  run(join(ROOT, 'node_modules/.bin/tsc'), '--project', '.');
});

test('The package is imported by its name.', () => {
  const words = run('node', '--eval', "import('realtime-relay-web').then((it) => console.log(Object.keys(it).join()))");
  assert.match(words, /RealtimeClient,Recorder,Speaker,TurnPlayer,VoiceSession/);
});

test('The package has the version of the relay that it is tested with.', () => {
  const [, version] = readFileSync(join(ROOT, 'relay/version.py'), 'utf8').match(/__version__ = "(.+)"/) ?? [];
  assert.equal(packed.version, version);
});
