import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { PageLanguage, wantedLanguage } from '../../../web/views/page-language.js';

const ROOT = resolve(import.meta.dirname, '../../..');
const LANGUAGES = ['ar', 'de', 'es', 'fr', 'ja'];
const COMMENTS = /\/\*[\s\S]*?\*\/|\/\/.*/g;
const STRINGS = /'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\])*)`/g;
/** Where sentences for a visitor stand. The rest of the developer's drawer is in English. */
const SPEAKING = [
  'protocol/endings.js',
  'protocol/ending-rows.js',
  'protocol/relay-events.js',
  'conversation/conversation.js',
  'conversation/response-endings.js',
  'conversation/calls.js',
  'conversation/call-turns.js',
  'main.js',
  ...['composer-view', 'image-sources', 'images', 'welcome-view', 'notice-view', 'call-form', 'video-view'].map((name) => `views/${name}.js`),
  ...readdirSync(join(ROOT, 'web/session')).map((name) => `session/${name}`),
];
/** What no visitor reads as it stands: the half of a sentence, which is said whole. */
const UNSEEN = new Set(['%, at most %.']);

const textsIn = (language) => JSON.parse(readFileSync(join(ROOT, `web/views/words/${language}.json`), 'utf8'));

/** Sentences among a module's strings; what differs in them is `%`. */
function sentencesIn(module) {
  const code = readFileSync(join(ROOT, 'web', module), 'utf8').replaceAll(COMMENTS, '');
  const strings = [...code.matchAll(STRINGS)].map(([, plain, template]) => plain ?? template.replaceAll(/\$\{[^}]*\}/g, '%'));
  return strings.filter((text) => /^[A-Z%].* .*[.?!…]$/u.test(text) && !UNSEEN.has(text));
}

/** Labels among what a module gives to `say`, however short, and sentences that it says. */
function labelsIn(module) {
  const code = readFileSync(join(ROOT, 'web', module), 'utf8').replaceAll(COMMENTS, '');
  const given = [...code.matchAll(/\bsay\(([^;]*?)\)(?=[,;)\s]|\.)/g)].map(([, argument]) => argument);
  return given.flatMap((argument) =>
    [...argument.replaceAll(/=== '[^']*'/g, '').matchAll(STRINGS)].map(([, plain, template]) => plain ?? template.replaceAll(/\$\{[^}]*\}/g, '%')),
  );
}

/** What the page says in its mark-up, but for the drawer, keys of the keyboard and names. */
function wordsOfMarkUp() {
  const html = readFileSync(join(ROOT, 'public/index.html'), 'utf8');
  const body = html.slice(html.indexOf('<div id="app"')).replace(/<aside id="drawer"[\s\S]*?<\/aside>/u, '');
  const bare = body.replaceAll(/<svg[\s\S]*?<\/svg>|<kbd>.*?<\/kbd>|<h1[\s\S]*?<\/h1>|<option[^>]* translate="no".*?<\/option>/gu, '<>');
  const found = [
    ...[...bare.matchAll(/>([^<>]+)</gu)].map(([, text]) => text.trim().replaceAll(/\s+/gu, ' ')),
    ...[...bare.matchAll(/ (?:aria-label|title|placeholder)="([^"]+)"/gu)].map(([, text]) => text),
  ];
  return found.filter((text) => /\p{L}{2}/u.test(text));
}

const VIEWS = readdirSync(join(ROOT, 'web/views')).filter((name) => name.endsWith('.js')).map((name) => `views/${name}`);
const SAID = new Set([...SPEAKING.flatMap(sentencesIn), ...VIEWS.flatMap(labelsIn), ...wordsOfMarkUp()]);

for (const language of LANGUAGES)
  test(`Whatever the page says to a visitor it says in ${language}.`, () => {
    const page = new PageLanguage();
    page.take(language, textsIn(language));
    const sample = (text) => text.replaceAll('%', 'x');
    const missing = [...SAID].filter((text) => page.say(text) === text && page.say(sample(text)) === sample(text));
    const same = new Set(['Volume', 'Message', 'Conversation', 'Relay', 'Microphone', 'Transcription']); // in one or other of them
    assert.deepEqual(missing.filter((text) => !same.has(text)), []);
  });

test('A label is looked for as well as a sentence.', () => {
  for (const label of ['Delete', 'Delete “%” for good', 'Play again', 'Mute', 'Settings']) assert.ok(SAID.has(label), label);
});

test('The languages say the same things, and leave out nothing that differs.', () => {
  const [first, ...others] = LANGUAGES.map(textsIn);
  for (const texts of others) assert.deepEqual(Object.keys(texts), Object.keys(first));
  const places = (text) => text.split('%').length;
  for (const texts of [first, ...others])
    for (const [english, text] of Object.entries(texts)) {
      assert.notEqual(text.trim(), '', english);
      assert.equal(places(text), places(english), english);
    }
});

test('A sentence is said with what differs in it, which may be a sentence, too.', () => {
  const page = new PageLanguage();
  page.take('de', textsIn('de'));
  const told = 'The relay has restarted. What was said before was handed on, but for older pictures; the settings tools.';
  assert.equal(
    page.say(told),
    'Das Relay ist neu gestartet. Was vorher gesagt wurde, ist weitergegeben, außer: ältere Bilder; die Einstellungen tools.',
  );
  assert.equal(page.say('Nothing answers at relay:9.'), 'Unter relay:9 antwortet niemand.');
  assert.equal(
    page.say('The model sees a picture every 5 seconds: 2 of 9. They were 1,234 tokens of its last answer.'),
    'Das Modell sieht ein Bild alle 5 Sekunden: 2 von 9. Sie machten 1,234 Token seiner letzten Antwort aus.',
  );
  assert.equal(page.say('What somebody else said.'), 'What somebody else said.');
});

test('A language is loaded once, whatever its region, and where it is away the one before stays.', async () => {
  const page = new PageLanguage();
  const asked = [];
  const load = async (address) => {
    asked.push(address.pathname.split('/').at(-1));
    return address.pathname.endsWith('ja.json') ? { ok: false } : { ok: true, json: async () => ({ Start: 'Los' }) };
  };
  assert.deepEqual([await page.choose('de-AT', load), await page.choose('de', load)], [true, false]);
  assert.equal(await page.choose('ja', load), false);
  assert.deepEqual([page.tag, page.say('Start'), page.direction, asked], ['de', 'Los', 'ltr', ['de.json', 'ja.json']]);
  assert.equal(await page.choose('en', load), true);
  assert.equal(page.say('Start'), 'Start');
});

test('What was chosen is wanted, else what the browser asks for.', () => {
  assert.deepEqual(
    [wantedLanguage('ar', ['de']), wantedLanguage('', ['de-AT', 'en']), wantedLanguage('', [])],
    ['ar', 'de-AT', 'en'],
  );
});
