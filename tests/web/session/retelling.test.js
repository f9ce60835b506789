import assert from 'node:assert/strict';
import { test } from 'node:test';
import { butNot, retell } from '../../../web/session/retelling.js';

/** A client that answers an update as `answer` says, and what it was sent. */
function makeClient(answer) {
  const client = Object.assign(new EventTarget(), {
    ready: true,
    sent: [],
    createItem: (item) => client.sent.push(item.id),
    updateSession(changes) {
      client.sent.push(changes);
      queueMicrotask(() => answer !== null && client.dispatchEvent(answer));
      return 'page_1';
    },
  });
  return client;
}

const TURN = { id: 'u', role: 'user', text: 'Hello', images: [], call: null, waiting: false };
const refusal = (id) => new CustomEvent('error', { detail: { error: { event_id: id } } });

test('Settings are restored before anything is said.', async () => {
  const client = makeClient(new Event('session.updated'));
  assert.deepEqual(await retell(client, { turns: [TURN], changes: { tools: [] } }), []);
  assert.deepEqual(client.sent, [{ tools: [] }, 'u']);
});

test('Settings that are refused are named, and the conversation goes on.', async () => {
  const client = makeClient(refusal('page_1'));
  const missing = await retell(client, { turns: [TURN], changes: { tools: [], instructions: 'x' } });
  assert.deepEqual(missing, ['the settings tools, instructions']);
  assert.equal(client.sent.at(-1), 'u');
  assert.equal(butNot(missing), ', but for the settings tools, instructions.');
});

test('A session that answers nothing, or another’s error, is not awaited for ever.', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const client = makeClient(refusal('other'));
  const done = retell(client, { turns: [], changes: { tools: [] } });
  await new Promise((resolve) => setImmediate(resolve));
  context.mock.timers.tick(2000);
  assert.deepEqual(await done, ['the settings tools']);
});

test('Nothing changed is nothing to restore; a session that is gone is told nothing.', async () => {
  const client = makeClient(null);
  client.ready = false;
  assert.deepEqual(await retell(client, { turns: [TURN], changes: null }), []);
  assert.deepEqual(client.sent, []);
  assert.equal(butNot([]), '.');
});
