import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PHASES } from '../../../web/session/phase.js';
import { LANGUAGES, directionOf, languageOf, wordsIn } from '../../../web/views/languages.js';

const ENGLISH = LANGUAGES.en;

for (const [language, words] of Object.entries(LANGUAGES))
  test(`The words in ${language} are complete, and none is left in English.`, () => {
    assert.deepEqual(Object.keys(words).toSorted(), Object.keys(ENGLISH).toSorted());
    for (const [key, text] of Object.entries(words)) assert.notEqual(text.trim(), '', key);
    const same = Object.keys(words).filter((key) => words[key] === ENGLISH[key]);
    if (language !== 'en') assert.ok(same.length <= 2, `${same}`); // "Volume" and "Assistant" are French, too
  });

test('Every phase has its words.', () => {
  for (const phase of PHASES) assert.ok(ENGLISH[phase], phase);
});

test('A language is known whatever its region; what is not known is English.', () => {
  assert.deepEqual(['de-AT', 'JA', 'tlh', '', 'constructor'].map(languageOf), ['de', 'ja', 'en', 'en', 'en']);
  assert.deepEqual(['ar', 'fr'].map(directionOf), ['rtl', 'ltr']);
});

test('A page’s own words stand in place of ours.', () => {
  const words = wordsIn('fr', (key) => (key === 'start' ? 'Allô ?' : null));
  assert.deepEqual([words.start, words.stop], ['Allô ?', 'Arrêter']);
});
