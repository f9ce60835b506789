import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Outbox } from '../../../web/session/outbox.js';

test('A message is sent once to a session, and again to the next where nobody confirmed it.', () => {
  const outbox = new Outbox();
  const id = outbox.add('Hello', []);
  assert.equal(outbox.waiting, true);
  assert.deepEqual(outbox.take().map((item) => item.id), [id]);
  assert.deepEqual([outbox.waiting, outbox.take()], [false, []]);
  assert.deepEqual(outbox.lose(), [id]);
  assert.deepEqual(outbox.take().map((item) => item.id), [id]);
  outbox.apply({ type: 'conversation.item.added', item: { id } });
  assert.deepEqual([outbox.lose(), outbox.take()], [[], []]);
});

test('What others have in the conversation confirms nothing of ours.', () => {
  const outbox = new Outbox();
  const id = outbox.add('Hello', []);
  outbox.take();
  for (const event of [
    { type: 'conversation.item.added', item: { id: 'other' } },
    { type: 'conversation.item.added' },
    { type: 'conversation.item.deleted', item: { id } },
  ])
    outbox.apply(event);
  assert.deepEqual(outbox.lose(), [id]);
});

test('What cannot be sent is given back as it was written.', () => {
  const outbox = new Outbox();
  outbox.add('one', []);
  outbox.add('two', ['data:x']);
  assert.deepEqual(
    outbox.withdraw().map(({ text, images }) => [text, images]),
    [
      ['one', []],
      ['two', ['data:x']],
    ],
  );
  assert.equal(outbox.waiting, false);
});
