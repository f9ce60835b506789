import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Conversation } from '../../../web/conversation/conversation.js';
import { TurnCosts } from '../../../web/conversation/turn-costs.js';

const cost = (usd) => ({ type: 'relay.cost', spent_usd: usd, spent_share: 0 });
const done = (...ids) => ({ type: 'response.done', response: { status: 'completed', output: ids.map((id) => ({ id })) } });
const heard = (id) => ({
  type: 'conversation.item.input_audio_transcription.completed',
  item_id: id,
  transcript: 'Hello.',
});

test('What a session costs more is for the answer or the transcript that came before.', () => {
  const costs = new TurnCosts();
  const told = [done('a'), cost('0.25'), heard('u'), cost('0.3125'), done('b', 'c'), cost('0.5625')].map((event) =>
    costs.apply(event),
  );
  assert.deepEqual(told.filter(Boolean), [
    { itemId: 'a', usd: 0.25 },
    { itemId: 'u', usd: 0.0625 },
    { itemId: 'c', usd: 0.25 },
  ]);
});

test('A new session begins at nothing; what is nonsense costs nothing.', () => {
  const costs = new TurnCosts();
  costs.apply(cost('2'));
  assert.equal(costs.apply(cost('much')), null);
  assert.equal(costs.apply(cost('1')), null);
  costs.apply({ type: 'session.created' });
  assert.equal(costs.apply(cost('0.5'))?.usd, 0.5);
  assert.equal(costs.apply({ type: 'response.done', response: null }), null);
});

test('A turn has what it cost, and one that is gone has nothing.', () => {
  const conversation = new Conversation();
  conversation.apply({ type: 'response.output_text.done', item_id: 'a', text: 'Hello.' });
  conversation.apply(done('a'));
  conversation.apply(cost('0.25'));
  conversation.apply(done('gone'));
  conversation.apply(cost('0.75'));
  assert.deepEqual(conversation.turns.map(({ costUsd }) => costUsd), [0.25]);
});
