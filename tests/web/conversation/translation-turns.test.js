import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Conversation } from '../../../web/conversation/conversation.js';
import { TranslationTurns } from '../../../web/conversation/translation-turns.js';

const heard = (delta, elapsed_ms) => ({ type: 'session.input_transcript.delta', delta, elapsed_ms });
const said = (delta, elapsed_ms) => ({ type: 'session.output_transcript.delta', delta, elapsed_ms });

test('Words of both sides that come at the same time are a turn each.', () => {
  const conversation = new Conversation();
  for (const event of [heard('Guten ', 0), said('Good ', 200), heard('Tag.', 400), said('day.', 600)])
    conversation.apply(event);
  assert.deepEqual(
    conversation.turns.map(({ role, text, final }) => [role, text, final]),
    [
      ['user', 'Guten Tag.', false],
      ['assistant', 'Good day.', false],
    ],
  );
});

test('A pause, or the end of a long paragraph, begins a new turn and ends the one before.', () => {
  const conversation = new Conversation();
  conversation.apply(said('One.', 0));
  conversation.apply(said('Two.', 5000));
  conversation.apply(said(` ${'Long. '.repeat(60)}`, 5100));
  conversation.apply(said('Three.', 5200));
  assert.deepEqual(
    conversation.turns.map(({ text, final }) => [text.slice(0, 6), final]),
    [
      ['One.', true],
      ['Two. L', true],
      ['Three.', false],
    ],
  );
});

test('Where no time is told, the turn goes on; what has no words is none.', () => {
  const turns = new TranslationTurns();
  assert.equal(turns.apply({ type: 'session.output_transcript.delta' }), null);
  assert.equal(turns.apply({ type: 'response.done' }), null);
  const ids = [said('a'), said('b')].map((event) => turns.apply(event)?.id);
  assert.equal(ids[0], ids[1]);
});
