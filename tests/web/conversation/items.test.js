import assert from 'node:assert/strict';
import { test } from 'node:test';
import { historyItems, userItem } from '../../../web/conversation/items.js';

test('A message holds its pictures before its words, and an id that the API takes.', () => {
  const { id, content, role } = userItem('What is it?', ['data:image/jpeg;base64,AA']);
  assert.equal(role, 'user');
  assert.ok(id.length <= 32);
  assert.deepEqual(content, [
    { type: 'input_image', image_url: 'data:image/jpeg;base64,AA' },
    { type: 'input_text', text: 'What is it?' },
  ]);
});

test('A picture alone is a message.', () => {
  assert.deepEqual(userItem('', ['data:x']).content, [{ type: 'input_image', image_url: 'data:x' }]);
});

test('A new session is told what was said, and of a cut answer what was heard.', () => {
  const turn = { text: '', audioMs: 0, heardMs: null, cut: false };
  const items = historyItems([
    { ...turn, id: 'n', role: 'notice', text: 'lost' },
    { ...turn, id: 'u', role: 'user', text: 'Hello' },
    { ...turn, id: 'e', role: 'user' },
    { ...turn, id: 'a', role: 'assistant', text: 'one two three four', audioMs: 100, heardMs: 30, cut: true },
  ]);
  assert.deepEqual(
    items.map(({ id, role, content }) => [id, role, content[0].type, content[0].text]),
    [
      ['u', 'user', 'input_text', 'Hello'],
      ['a', 'assistant', 'output_text', 'one two'],
    ],
  );
});

test('Of a long conversation the last forty turns are told.', () => {
  const turns = Array.from({ length: 90 }, (_, index) => ({
    id: String(index),
    role: 'user',
    text: 'x',
    heardMs: null,
  }));
  const items = historyItems(turns);
  assert.deepEqual([items.length, items[0].id], [40, '50']);
});
