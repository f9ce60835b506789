import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asText, splitHeard } from '../../../web/conversation/transcript.js';

const base = { role: 'assistant', text: '', images: [], call: null, audioMs: 0, heardMs: null, cut: false };

for (const [title, turn, heard, unheard] of [
  ['Nobody tells what was heard: all of it was.', { text: 'one two' }, 'one two', ''],
  ['Nothing was heard yet.', { text: 'one two', audioMs: 100, heardMs: 0 }, '', 'one two'],
  ['Nobody says how long a call’s answer is: it takes as long as such words do.', { text: 'one two three', heardMs: 200 }, 'one', ' two three'],
  [
    'Half was heard, to the end of the word.',
    { text: 'one two three four', audioMs: 100, heardMs: 30 },
    'one two',
    ' three four',
  ],
  ['All was heard.', { text: 'one two', audioMs: 100, heardMs: 100 }, 'one two', ''],
  ['A last word is not divided.', { text: 'abcdef', audioMs: 100, heardMs: 50 }, 'abcdef', ''],
]) {
  test(title, () => assert.deepEqual(splitHeard({ ...base, ...turn }), { heard, unheard }));
}

test('A transcript in writing says who spoke, what was cut, and what tools did.', () => {
  const text = asText([
    { ...base, role: 'user', text: 'Look.', images: ['data:x'] },
    { ...base, text: 'one two three four', audioMs: 100, heardMs: 30, cut: true },
    { ...base, role: 'tool', call: { name: 'weather', input: '{}', output: null } },
    { ...base, role: 'tool', call: { name: 'weather', input: '{}', output: 'rain' } },
    { ...base, role: 'notice', text: 'The connection was lost.' },
    { ...base, role: 'user', text: '' },
  ]);
  assert.equal(
    text,
    [
      'You: [image] Look.',
      'Assistant: one two — [interrupted]',
      'Tool: weather({}) → no result',
      'Tool: weather({}) → rain',
      '— The connection was lost.\n',
    ].join('\n\n'),
  );
});
