import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SentenceReader } from '../../../web/conversation/sentences.js';

const turn = (text, final = false, role = 'assistant', id = 'a') => ({ id, role, text, final });

test('A sentence is read when it is whole, once, and the rest at the end.', () => {
  const reader = new SentenceReader();
  assert.deepEqual(reader.read([turn('Hel')]), []);
  assert.deepEqual(reader.read([turn('Hello there! How ')]), ['Hello there!']);
  assert.deepEqual(reader.read([turn('Hello there! How are you')]), []);
  assert.deepEqual(reader.read([turn('Hello there! How are you', true)]), ['How are you']);
  assert.deepEqual(reader.read([turn('Hello there! How are you', true)]), []);
});

test('What the visitor says, and what he hears, is not read over it.', () => {
  const reader = new SentenceReader();
  const spoken = { ...turn('It is twelve.', true), spoken: true };
  const notice = turn('The relay has restarted.', true, 'notice', 'n');
  assert.deepEqual(reader.read([turn('Hi.', true, 'user', 'u'), spoken, notice]), ['The relay has restarted.']);
  assert.deepEqual(reader.read([turn('Hi.', true, 'user', 'u'), spoken, notice], false), [], 'nor later');
  assert.deepEqual(new SentenceReader().read([spoken], false), ['It is twelve.'], 'the speaker is silent');
});

test('A number’s point ends no sentence; quotes belong to theirs.', () => {
  assert.deepEqual(new SentenceReader().read([turn('It is 3.14 today. “Really?” And')]), [
    'It is 3.14 today. “Really?”',
  ]);
});

test('Sentences of other scripts end too.', () => {
  assert.deepEqual(new SentenceReader().read([turn('你好。 再')]), ['你好。']);
});

test('A turn without words says nothing.', () => {
  assert.deepEqual(new SentenceReader().read([turn('', true)]), []);
});
