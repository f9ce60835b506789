import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Preferences } from '../../../web/session/preferences.js';

/** A store that lasts as long as the test. */
function makeStorage(initial = {}) {
  const values = new Map(Object.entries(initial));
  return { getItem: (key) => values.get(key) ?? null, setItem: (key, value) => values.set(key, value) };
}

test('What was chosen is there the next time.', () => {
  const storage = makeStorage();
  new Preferences(() => storage).change({ volume: 0.3, profile: 'support' });
  const { volume, profile, model } = new Preferences(() => storage).choices;
  assert.deepEqual([volume, profile, model], [0.3, 'support', '']);
});

test('A browser that refuses storage keeps choices as long as the page.', () => {
  const preferences = new Preferences(() => {
    throw new Error('SecurityError');
  });
  preferences.change({ volume: 0.5 });
  assert.equal(preferences.choices.volume, 0.5);
});

test('What is stored and makes no sense is passed over.', () => {
  for (const stored of ['{', 'null', '[]', '{"volume":"loud","unknown":1}']) {
    const { choices } = new Preferences(() => makeStorage({ 'realtime-relay': stored }));
    assert.equal(choices.volume, 1);
    assert.equal('unknown' in choices, false);
  }
});
