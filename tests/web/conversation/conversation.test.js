import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openCall } from '../../../web/conversation/calls.js';
import { Conversation } from '../../../web/conversation/conversation.js';

const TRANSCRIBING = {
  type: 'session.updated',
  session: { audio: { input: { transcription: { model: 'x' } } } },
};

/** A conversation that has seen these events. */
function after(...events) {
  const conversation = new Conversation();
  for (const event of events) conversation.apply(event);
  return conversation;
}

/** What a reader sees: who, what, and whether it is whole. */
function lines(conversation) {
  return conversation.turns.map(({ role, text, final }) => `${role}: ${text}${final ? '' : '…'}`);
}

const message = (id, role, content = [], rest = {}) => ({ id, type: 'message', role, content, ...rest });
const added = (item, previous_item_id) => ({ type: 'conversation.item.added', item, previous_item_id });

test('A spoken exchange, as the API tells it.', () => {
  const conversation = after(
    TRANSCRIBING,
    { type: 'input_audio_buffer.speech_started', item_id: 'u1' },
    { type: 'input_audio_buffer.speech_stopped', item_id: 'u1' },
    { type: 'input_audio_buffer.committed', item_id: 'u1', previous_item_id: null },
    added(message('u1', 'user', [{ type: 'input_audio', transcript: null }])),
    { type: 'response.created', response: { id: 'r1' } },
    { type: 'response.output_item.added', response_id: 'r1', item: message('a1', 'assistant') },
    added(message('a1', 'assistant'), 'u1'),
    { type: 'response.output_audio_transcript.delta', item_id: 'a1', delta: 'Hello' },
    { type: 'conversation.item.input_audio_transcription.delta', item_id: 'u1', delta: 'Hi' },
  );
  assert.deepEqual(lines(conversation), ['user: Hi…', 'assistant: Hello…']);
  conversation.apply({
    type: 'response.output_audio_transcript.done',
    item_id: 'a1',
    transcript: 'Hello there.',
  });
  conversation.apply({
    type: 'conversation.item.input_audio_transcription.completed',
    item_id: 'u1',
    transcript: 'Hi you. ',
  });
  assert.deepEqual(lines(conversation), ['user: Hi you.', 'assistant: Hello there.']);
});

test('Without transcription a spoken turn is whole when it is committed.', () => {
  const conversation = after(
    { type: 'input_audio_buffer.speech_started', item_id: 'u1' },
    { type: 'input_audio_buffer.committed', item_id: 'u1' },
  );
  assert.deepEqual(lines(conversation), ['user: ']);
  assert.equal(conversation.turns[0].spoken, true);
});

test('A transcription that failed says why.', () => {
  const conversation = after(
    TRANSCRIBING,
    { type: 'input_audio_buffer.committed', item_id: 'u1' },
    {
      type: 'conversation.item.input_audio_transcription.failed',
      item_id: 'u1',
      error: { message: 'too noisy' },
    },
  );
  assert.equal(conversation.turns[0].problem, 'not transcribed: too noisy');
  assert.equal(conversation.turns[0].final, true);
});

test('Cumulative transcriptions replace what they repeat.', () => {
  const type = 'conversation.item.input_audio_transcription.updated';
  const conversation = after(
    { type, item_id: 'u', transcript: 'one' },
    { type, item_id: 'u', transcript: 'one two' },
  );
  assert.deepEqual(lines(conversation), ['user: one two…']);
});

test('An item that comes late stands behind the one that it follows.', () => {
  const conversation = after(
    added(message('a', 'user', [{ type: 'input_text', text: 'first' }])),
    added(message('c', 'user', [{ type: 'input_text', text: 'third' }]), 'a'),
    added(message('b', 'user', [{ type: 'input_text', text: 'second' }]), 'a'),
  );
  assert.deepEqual(lines(conversation), ['user: first', 'user: second', 'user: third']);
});

test('What was typed is seen at once, and its echo adds nothing.', () => {
  const conversation = new Conversation();
  conversation.addTyped('t1', 'hello', ['data:image/png;base64,AA']);
  conversation.apply(added(message('t1', 'user', [{ type: 'input_text', text: 'hello' }])));
  assert.deepEqual(lines(conversation), ['user: hello']);
  assert.deepEqual(conversation.turns[0].images, ['data:image/png;base64,AA']);
});

test('Images of items that others added are shown.', () => {
  const parts = [{ type: 'input_image', image_url: 'data:image/png;base64,AA' }];
  assert.deepEqual(after(added(message('u', 'user', parts))).turns[0].images, ['data:image/png;base64,AA']);
});

test('What is said before the conversation, by the system, is not a turn.', () => {
  assert.deepEqual(
    lines(after(added(message('s', 'system', [{ type: 'input_text', text: 'be nice' }])))),
    [],
  );
});

test('An answer is heard as it is played, and whole when all was played.', () => {
  const conversation = after({
    type: 'response.output_audio_transcript.delta',
    item_id: 'a',
    delta: 'one two',
  });
  conversation.receivedAudio('a', 1000);
  const [turn] = conversation.turns;
  assert.deepEqual([turn.audioMs, turn.heardMs], [1000, 0]);
  conversation.heard('a', 400);
  assert.equal(turn.heardMs, 400);
  conversation.heardAll('a');
  assert.equal(turn.heardMs, null);
});

test('A cut stays where it was made, whatever comes after it.', () => {
  const conversation = new Conversation();
  conversation.receivedAudio('a', 1000);
  conversation.cut('a', 300);
  conversation.heard('a', 500);
  conversation.heardAll('a');
  const [turn] = conversation.turns;
  assert.deepEqual([turn.cut, turn.heardMs, turn.final], [true, 300, true]);
});

test('A cancelled answer without sound is cut, and one without anything is not seen.', () => {
  const conversation = after(
    added(message('a', 'assistant')),
    added(message('b', 'assistant')),
    { type: 'response.output_text.delta', item_id: 'a', delta: 'Well' },
    { type: 'response.done', response: { status: 'cancelled', output: [{ id: 'a' }, { id: 'b' }] } },
  );
  assert.deepEqual(lines(conversation), ['assistant: Well']);
  assert.equal(conversation.turns[0].cut, true);
});

test('A failed answer leaves a line, an incomplete one its reason.', () => {
  const failed = after({
    type: 'response.done',
    response: { status: 'failed', output: [], status_details: { error: { message: 'overloaded' } } },
  });
  assert.deepEqual(lines(failed), ['notice: The answer failed: overloaded']);
  const incomplete = after(
    { type: 'response.output_text.delta', item_id: 'a', delta: 'Long' },
    {
      type: 'response.done',
      response: {
        status: 'incomplete',
        output: [{ id: 'a' }],
        status_details: { reason: 'max_output_tokens' },
      },
    },
  );
  assert.equal(incomplete.turns[0].problem, 'stopped at the longest answer allowed');
});

test('A function call is one turn, from its arguments to its result.', () => {
  const call = { id: 'f', type: 'function_call', call_id: 'c', name: 'weather', arguments: '' };
  const conversation = after(
    { type: 'response.output_item.added', item: { ...call, status: 'in_progress' } },
    added({ ...call, status: 'in_progress' }),
    { type: 'response.function_call_arguments.delta', item_id: 'f', delta: '{"city":' },
    { type: 'response.function_call_arguments.delta', item_id: 'f', delta: '"Oslo"}' },
    {
      type: 'response.output_item.done',
      item: { ...call, arguments: '{"city":"Oslo"}', status: 'completed' },
    },
  );
  assert.deepEqual(conversation.turns[0].call, {
    kind: 'function',
    name: 'weather',
    server: '',
    callId: 'c',
    input: '{"city":"Oslo"}',
    output: null,
  });
  assert.equal(openCall(conversation.turns[0])?.callId, 'c');
  conversation.apply(added({ id: 'o', type: 'function_call_output', call_id: 'c', output: 'rain' }));
  assert.equal(conversation.turns.length, 1);
  assert.equal(conversation.turns[0].call.output, 'rain');
});

test('A request to approve waits until it is decided, and is no call to be answered with a result.', () => {
  const request = { id: 'q', type: 'mcp_approval_request', server_label: 'shop', name: 'order', arguments: '{}' };
  const conversation = after(added(request));
  assert.equal(openCall(conversation.turns[0])?.kind, 'approval');
  conversation.apply(added({ id: 's', type: 'mcp_approval_response', approval_request_id: 'q', approve: false }));
  assert.deepEqual([openCall(conversation.turns[0]), conversation.turns[0].call.output], [null, 'refused']);
});

test('A request to approve ends with its session, since no other knows it; a call that waits is retold, and does not.', () => {
  const request = { id: 'q', type: 'mcp_approval_request', server_label: 'shop', name: 'order', arguments: '{}' };
  const call = { id: 'f', type: 'function_call', call_id: 'c', name: 'look_up', arguments: '{}', status: 'completed' };
  const conversation = after(added(request), added(call, 'q'));
  conversation.settle('lost');
  assert.deepEqual(
    conversation.turns.map((turn) => [openCall(turn)?.callId, turn.problem]),
    [
      [undefined, 'its session ended before it was decided'],
      ['c', ''],
    ],
  );
});

test('A request that was decided says nothing of its session’s end.', () => {
  const request = { id: 'q', type: 'mcp_approval_request', server_label: 'shop', name: 'order', arguments: '{}' };
  const decision = { id: 's', type: 'mcp_approval_response', approval_request_id: 'q', approve: true };
  const conversation = after(added(request), added(decision));
  conversation.settle('lost');
  assert.equal(conversation.turns[0].problem, '');
});

test('No call of an answer that was cancelled waits for a result.', () => {
  const call = { id: 'f', type: 'function_call', call_id: 'c', name: 'look_up', arguments: '{"pl', status: 'incomplete' };
  const whole = { ...call, id: 'g', call_id: 'd', arguments: '{}', status: 'completed' };
  const conversation = after(
    { type: 'response.output_item.added', response_id: 'r', item: call },
    { type: 'response.output_item.done', response_id: 'r', item: whole },
    { type: 'response.done', response: { id: 'r', status: 'cancelled', output: [call, whole] } },
  );
  assert.deepEqual(
    conversation.turns.map((turn) => [openCall(turn), turn.problem]),
    [
      [null, 'its answer was cancelled'],
      [null, 'its answer was cancelled'],
    ],
  );
});

test('What an MCP server fails at is told where it was called, and tools that it does not list are missed.', () => {
  const call = { id: 'm', type: 'mcp_call', server_label: 'shop', name: 'order', arguments: '{}' };
  const conversation = after(
    added(call),
    { type: 'response.mcp_call.failed', item_id: 'm' },
    { type: 'response.output_item.done', item: { ...call, error: { type: 'http_error', code: 502, message: 'Bad gateway' } } },
    added({ id: 'l', type: 'mcp_list_tools', server_label: 'shop', tools: [] }),
    { type: 'mcp_list_tools.failed', item_id: 'l' },
  );
  assert.deepEqual([conversation.turns[0].problem, conversation.turns[0].final], ['failed: Bad gateway', true]);
  assert.equal(openCall(conversation.turns[0]), null);
  assert.match(conversation.turns[1].text, /^The tools of shop could not be listed/u);
});

test('Speech that was never committed is forgotten when its buffer is cleared.', () => {
  const conversation = after(
    { type: 'input_audio_buffer.speech_started', item_id: 'u' },
    { type: 'input_audio_buffer.cleared' },
  );
  assert.deepEqual(lines(conversation), []);
});

test('A deleted item is gone.', () => {
  const conversation = after(added(message('a', 'user', [{ text: 'x' }])), {
    type: 'conversation.item.deleted',
    item_id: 'a',
  });
  assert.deepEqual(lines(conversation), []);
});

test('What is said in a new session stands behind all that was said in the last.', () => {
  const conversation = after(added(message('a', 'user', [{ text: 'before' }])));
  conversation.addNotice('lost and restored');
  conversation.settle();
  conversation.apply(added(message('b', 'user', [{ text: 'after' }]), 'a'));
  assert.deepEqual(
    conversation.turns.map(({ text }) => text),
    ['before', 'lost and restored', 'after'],
  );
});

test('When the session ends, nothing waits any longer.', () => {
  const conversation = after(
    TRANSCRIBING,
    { type: 'input_audio_buffer.speech_started', item_id: 'u' },
    { type: 'response.output_audio_transcript.delta', item_id: 'a', delta: 'I was' },
  );
  conversation.settle();
  assert.ok(conversation.turns.every(({ final }) => final));
});

test('Events that say nothing about it, or too little, change nothing.', () => {
  const conversation = after(
    { type: 'rate_limits.updated' },
    { type: 'response.done' },
    { type: 'conversation.item.added' },
    { type: 'response.function_call_arguments.delta', item_id: 'unknown', delta: 'x' },
    { type: 'unheard.of' },
    { type: '__defineGetter__' },
  );
  assert.deepEqual(lines(conversation), []);
});

test('A conversation of hours keeps its last 500 turns.', () => {
  const conversation = new Conversation();
  for (let index = 0; index < 620; index += 1) conversation.addTyped(`t${index}`, String(index), []);
  assert.equal(conversation.turns.length, 500);
  assert.equal(conversation.turns[0].text, '120');
  assert.equal(conversation.droppedTurns, 120);
});

test('Every change of a turn changes its revision.', () => {
  const conversation = after({ type: 'response.output_text.delta', item_id: 'a', delta: 'x' });
  const [turn] = conversation.turns;
  const before = turn.revision;
  conversation.apply({ type: 'response.output_text.delta', item_id: 'a', delta: 'y' });
  assert.ok(turn.revision > before);
});

test('A session that waited and took its silence for a turn leaves no empty one.', () => {
  const spoken = message('u', 'user', [{ type: 'input_audio', transcript: null }]);
  const waited = [
    { type: 'input_audio_buffer.timeout_triggered', item_id: 'u' },
    { type: 'input_audio_buffer.committed', item_id: 'u', previous_item_id: null },
    added(spoken),
    { type: 'conversation.item.input_audio_transcription.delta', item_id: 'u', delta: '' },
    { type: 'conversation.item.input_audio_transcription.completed', item_id: 'u', transcript: ' ' },
  ];
  assert.deepEqual(lines(after(TRANSCRIBING, ...waited)), []);
  assert.deepEqual(lines(after(waited[1], ...waited)), [], 'whichever is told first');
  const words = { type: 'conversation.item.input_audio_transcription.completed', item_id: 'u', transcript: 'Hm.' };
  assert.deepEqual(lines(after(...waited, words)), ['user: Hm.']);
});

test('An answer that stopped before its first word says why.', () => {
  const response = { id: 'r', status: 'incomplete', status_details: { reason: 'content_filter' }, output: [] };
  assert.deepEqual(lines(after({ type: 'response.done', response })), [
    'notice: The answer stopped by the content filter.',
  ]);
  const empty = { ...response, output: [message('a', 'assistant')], status_details: { reason: 'new' } };
  assert.deepEqual(lines(after({ type: 'response.done', response: empty })), ['notice: The answer stopped early.']);
});

test('Answers outside the conversation are nobody’s words, but are paid for.', () => {
  const conversation = after(
    { type: 'response.created', response: { id: 'o', conversation_id: null } },
    { type: 'response.output_item.added', response_id: 'o', item: message('x', 'assistant') },
    { type: 'response.output_text.delta', response_id: 'o', item_id: 'x', delta: 'secret' },
    { type: 'response.done', response: { id: 'o', output: [message('x', 'assistant', [{ text: 'secret' }])] } },
    { type: 'relay.cost', spent_usd: '0.01' },
    { type: 'response.created', response: { id: 'r', conversation_id: 'c' } },
    { type: 'response.output_text.delta', response_id: 'r', item_id: 'a', delta: 'Hello' },
    { type: 'response.done', response: { id: 'r', output: [message('a', 'assistant')] } },
    { type: 'relay.cost', spent_usd: '0.03' },
  );
  assert.deepEqual(lines(conversation), ['assistant: Hello']);
  assert.equal(conversation.turns[0].costUsd.toFixed(2), '0.02');
});
