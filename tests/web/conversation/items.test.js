import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endsUnanswered, historyOf, interruptionItem, userItem } from '../../../web/conversation/items.js';

const TURN = {
  role: 'user',
  text: '',
  spoken: false,
  images: [],
  call: null,
  audioMs: 0,
  heardMs: null,
  cut: false,
  waiting: false,
};

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
  const { items, missing } = historyOf([
    { ...TURN, id: 'n', role: 'notice', text: 'lost' },
    { ...TURN, id: 'u', role: 'user', text: 'Hello' },
    { ...TURN, id: 'e', role: 'user' },
    { ...TURN, id: 'a', role: 'assistant', text: 'one two three four', audioMs: 100, heardMs: 30, cut: true },
  ]);
  assert.deepEqual(
    items.map(({ id, role, content }) => [id, role, content[0].type, content[0].text]),
    [
      ['u', 'user', 'input_text', 'Hello'],
      ['a', 'assistant', 'output_text', 'one two'],
    ],
  );
  assert.deepEqual(missing, []);
});

test('Of a long conversation the last forty turns are told.', () => {
  const turns = Array.from({ length: 90 }, (_, index) => ({ ...TURN, id: String(index), text: 'x' }));
  const { items, missing } = historyOf(turns);
  assert.deepEqual([items.length, items[0].id], [40, '50']);
  assert.deepEqual(missing, ['what came before the last 40 turns']);
});

test('An answer that goes on being played is told whole; what waits to be sent is not told.', () => {
  const { items } = historyOf([
    { ...TURN, id: 'a', role: 'assistant', text: 'one two three', audioMs: 100, heardMs: 30 },
    { ...TURN, id: 'w', text: 'not sent', waiting: true },
  ]);
  assert.deepEqual(
    items.map(({ content }) => content[0].text),
    ['one two three'],
  );
});

test('Pictures, calls and their results are told again; what cannot be is named.', () => {
  const call = { name: 'get_weather', callId: 'c', input: '{}', output: '"sun"', kind: 'function' };
  const pictures = ['data:1', 'data:2', 'data:3', 'data:4', 'data:5'];
  const { items, missing } = historyOf([
    ...pictures.map((image, index) => ({ ...TURN, id: `p${index}`, images: [image] })),
    { ...TURN, id: 's', spoken: true },
    { ...TURN, id: 'f', role: 'tool', call },
    { ...TURN, id: 'g', role: 'tool', call: { ...call, callId: 'd', output: null } },
    { ...TURN, id: 'm', role: 'tool', call: { ...call, kind: 'mcp' } },
  ]);
  assert.deepEqual(items.slice(0, 4).map(({ content }) => content[0].image_url), pictures.slice(1));
  assert.deepEqual(items.slice(4), [
    { id: 'f', type: 'function_call', call_id: 'c', name: 'get_weather', arguments: '{}' },
    { type: 'function_call_output', call_id: 'c', output: '"sun"' },
    { id: 'g', type: 'function_call', call_id: 'd', name: 'get_weather', arguments: '{}' },
  ]);
  assert.deepEqual(missing, [
    'older pictures',
    'what was said without a transcript',
    'tools that the model used by itself',
  ]);
});

test('A conversation ends unanswered where the visitor had the last word.', () => {
  const user = { ...TURN, id: 'u', text: 'Well?' };
  const answer = { ...TURN, id: 'a', role: 'assistant', text: 'Yes.' };
  const notice = { ...TURN, id: 'n', role: 'notice', text: 'lost' };
  for (const [turns, expected] of [
    [[], false],
    [[answer, user, notice], true],
    [[user, answer, notice], false],
    [[answer, { ...user, waiting: true }], false],
    [[answer, { ...user, text: '' }], false],
    [[user, { ...answer, role: 'tool', call: { kind: 'function', output: '1' } }], true],
    [[user, { ...answer, role: 'tool', call: { kind: 'function', output: null } }], false],
  ])
    assert.equal(endsUnanswered(turns) ?? false, expected);
});

test('Of an answer that was lost the words are told whose sound came, and of an interrupted one what was heard of it.', () => {
  const lost = { ...TURN, id: 'a', role: 'assistant', text: 'one two three four', audioMs: 390, heardMs: 65, lost: true };
  const told = (turn) => historyOf([turn]).items[0].content[0].text;
  assert.deepEqual([told(lost), told({ ...lost, audioMs: 9000 }), told({ ...lost, cut: true })], [
    'one two',
    'one two three four',
    'one',
  ]);
});

test('A session that knows an answer as text is told where it was interrupted.', () => {
  const turn = { ...TURN, id: 'a', role: 'assistant', text: 'one two three four', audioMs: 100, heardMs: 30, cut: true };
  const { role, content } = interruptionItem(turn);
  assert.deepEqual([role, content[0].type], ['system', 'input_text']);
  assert.match(content[0].text, /after “one two”/u);
  assert.match(interruptionItem({ ...turn, heardMs: 0 }).content[0].text, /before any of it was heard/u);
});
