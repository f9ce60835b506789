import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeptConversations } from '../../../web/session/kept-conversations.js';

const RELAY = { url: 'wss://relay/v1/realtime', ticket: '' };
const TOLD = { object: 'list', data: [{ id: 'c1', begins: 'Hello', items: 4, said_at: 1700000000 }] };

/** Conversations of a relay that answers so, what it was asked, and what the visitor was told. */
function make({ relay = RELAY, status = 200, body = TOLD, stored = null } = {}) {
  const asked = [];
  const told = [];
  const storage = { value: stored, getItem: () => storage.value, setItem: (_, value) => (storage.value = value) };
  const ask = async (url, { method, headers }) => {
    asked.push([method, url, headers.Authorization]);
    return new Response(JSON.stringify(body), { status });
  };
  const kept = new KeptConversations(() => relay, { ask, getStorage: () => storage });
  kept.addEventListener('notice', ({ detail }) => told.push(detail));
  return { kept, asked, told, storage };
}

const begun = (id, replayed = 0) => ({ type: 'relay.conversation', id, replayed });

test('A relay that has never kept any is not asked.', async () => {
  const { kept, asked } = make();
  await kept.refresh();
  assert.deepEqual([asked, kept.list], [[], []]);
});

test('Which ones a relay keeps is asked with the ids that it has told, and with the visitor’s ticket.', async () => {
  const { kept, asked, storage } = make({ relay: { ...RELAY, ticket: 't' } });
  for (const id of ['c1', 'c2', 'c1']) assert.equal(kept.apply(begun(id)), '');
  await kept.refresh();
  assert.deepEqual(asked, [['GET', 'https://relay/v1/conversations?id=c1&id=c2', 'Bearer t']]);
  assert.deepEqual(kept.list, [{ id: 'c1', begins: 'Hello', items: 4, saidAt: 1700000000000 }]);
  const later = make({ stored: storage.value });
  await later.kept.refresh();
  assert.equal(later.asked.length, 1);
  const elsewhere = make({ relay: { ...RELAY, url: 'wss://other/v1/realtime' }, stored: storage.value });
  await elsewhere.kept.refresh();
  assert.deepEqual(elsewhere.asked, []);
});

test('The conversation that goes on is named to the next session, unless its kind has none.', () => {
  const { kept } = make();
  assert.equal(kept.inCurrent(RELAY), RELAY);
  kept.apply(begun('c1'));
  assert.equal(kept.inCurrent(RELAY).url, 'wss://relay/v1/realtime?conversation=c1');
  const captions = { url: 'wss://relay/v1/realtime?intent=transcription' };
  assert.equal(kept.inCurrent(captions), captions);
  const goOn = kept.leave();
  assert.equal(kept.inCurrent(RELAY), RELAY);
  goOn();
  assert.equal(kept.current, 'c1');
});

test('What is not handed on is told.', async () => {
  const { kept } = make();
  kept.apply(begun('c1'));
  await kept.refresh();
  assert.equal(kept.apply(begun('c1', 4)), '');
  assert.match(kept.apply(begun('c1', 3)), /the last 3 of 4 parts were handed on/);
  assert.match(kept.apply(begun('c1', 0)), /Nothing of this conversation is known/);
  assert.equal(kept.apply({ type: 'relay.cost' }), '');
});

test('One that is deleted is listed no more, and does not go on.', async () => {
  const { kept, asked, told } = make();
  kept.apply(begun('c1'));
  await kept.refresh();
  await kept.delete('c1');
  assert.deepEqual(asked.at(-1), ['DELETE', 'https://relay/v1/conversations/c1', undefined]);
  assert.deepEqual([kept.list, kept.current, told], [[], '', ['The conversation was deleted.']]);
});

test('A relay that does not answer has none to show, and has deleted none.', async () => {
  const { kept, told } = make({ status: 503, body: {} });
  kept.apply(begun('c1'));
  await kept.refresh();
  assert.deepEqual(kept.list, []);
  await kept.delete('c1');
  assert.deepEqual([kept.current, told], ['c1', ['The relay did not delete the conversation. Try again later.']]);
});

test('Without a storage that takes them, ids last as long as the page.', async () => {
  const refused = () => {
    throw new Error('refused');
  };
  const kept = new KeptConversations(() => RELAY, { ask: refused, getStorage: refused });
  kept.apply(begun('c1'));
  await kept.refresh();
  assert.deepEqual([kept.current, kept.list], ['c1', []]);
});
