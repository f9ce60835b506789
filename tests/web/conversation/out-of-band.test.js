import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OutOfBand } from '../../../web/conversation/out-of-band.js';

const created = (id, conversation) => ({ type: 'response.created', response: { id, conversation_id: conversation } });

test('Of two answers at once, the one outside the conversation is told apart to its end.', () => {
  const outOfBand = new OutOfBand();
  const taken = [
    created('o', null),
    created('r', 'conv'),
    { type: 'response.output_item.added', response_id: 'o', item: { id: 'x' } },
    { type: 'response.output_item.added', response_id: 'r', item: { id: 'a' } },
    { type: 'response.output_text.delta', response_id: 'o', item_id: 'x', delta: '…' },
    { type: 'response.output_text.delta', response_id: 'r', item_id: 'a', delta: '…' },
    { type: 'response.done', response: { id: 'o', output: [{ id: 'x' }] } },
    { type: 'conversation.item.done', item: { id: 'x' } },
    { type: 'input_audio_buffer.speech_started', item_id: 'u' },
    { type: 'error', error: {} },
  ].map((event) => outOfBand.takes(event));
  assert.deepEqual(taken, [true, false, true, false, true, false, true, true, false, false]);
  assert.equal(outOfBand.has({ responseId: '', itemId: 'x' }), true);
  assert.equal(outOfBand.has({ responseId: 'r', itemId: 'a' }), false);
});

test('A new session knows none of those of the last.', () => {
  const outOfBand = new OutOfBand();
  for (const event of [created('o', null), { type: 'session.created', session: {} }]) outOfBand.takes(event);
  assert.equal(outOfBand.takes({ type: 'response.done', response: { id: 'o' } }), false);
});
