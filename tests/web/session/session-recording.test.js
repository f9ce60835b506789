import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SessionRecording } from '../../../web/session/session-recording.js';

const CREATED = { type: 'session.created', session: { id: 'sess_1', model: 'gpt-realtime-2.1' } };
const DELTA = { type: 'response.output_audio.delta', response_id: 'r', item_id: 'a', content_index: 0 };
const MS = 24;

function begin(mostBytes = 1e6) {
  return new SessionRecording({ now: 1000, startedAt: new Date(0), profile: 'guide', mostBytes });
}

const linesOf = (recording) => [...recording.toLines()].map((line) => JSON.parse(line));
const samplesOf = (base64) => [...new Int16Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer)];

test('A session is written as the relay writes one: a header, messages with their causes, an end.', () => {
  const recording = begin();
  recording.received(CREATED, 1000);
  recording.sent({ type: 'response.create', event_id: 'page_1' }, 1250);
  recording.received({ type: 'response.created' }, 1500.5);
  recording.end(true, 2000);
  const [header, ...rest] = linesOf(recording);
  assert.equal(header.format, 'realtime-relay-recording');
  assert.deepEqual(
    [header.session_id, header.model, header.profile, header.started_at],
    ['sess_1', 'gpt-realtime-2.1', 'guide', '1970-01-01T00:00:00.000Z'],
  );
  assert.deepEqual(
    rest.slice(0, 3).map(({ at, dir, after, data }) => [at, dir, after, JSON.parse(data).type]),
    [
      [0, 'down', 0, 'session.created'],
      [0.25, 'up', 0, 'response.create'],
      [0.5005, 'down', 1, 'response.created'],
    ],
  );
  assert.deepEqual([rest[3].end, rest[3].after, rest[3].peer.by], ['peer_closed', 1, 'peer']);
  assert.equal(recording.over, true);
});

test('Sound is the API’s own event, with the fields that its event had, whatever the wire had.', () => {
  const recording = begin();
  recording.sentAudio(Int16Array.of(1, 2), 1000);
  recording.received({ ...DELTA, output_index: 3, delta: 'as it came' }, 1100);
  recording.receivedAudio(Int16Array.of(3, 4), 1100);
  const [up, down] = linesOf(recording).slice(1).map(({ data }) => JSON.parse(data));
  assert.deepEqual([up.type, samplesOf(up.audio)], ['input_audio_buffer.append', [1, 2]]);
  assert.deepEqual([down.type, down.item_id, down.output_index, samplesOf(down.delta)], [DELTA.type, 'a', 3, [3, 4]]);
});

test('A telephone’s sound is written as the session has it.', () => {
  const recording = begin();
  const phone = { format: { type: 'audio/pcmu' } };
  recording.received({ ...CREATED, session: { ...CREATED.session, audio: { input: phone, output: phone } } }, 1000);
  recording.sentAudio(new Int16Array(2400), 1100);
  recording.received(DELTA, 1200);
  recording.receivedAudio(new Int16Array(2400), 1200);
  const [, up, down] = linesOf(recording).slice(1).map(({ data }) => JSON.parse(data));
  for (const base64 of [up.audio, down.delta]) {
    const bytes = Buffer.from(base64, 'base64');
    assert.ok(bytes.length > 700 && bytes.length <= 800, String(bytes.length)); // but for the filter's beginning
    assert.ok(bytes.every((byte) => byte === 0xff));
  }
});

test('No credential is written down, and nothing that the relay said of its own.', () => {
  const recording = begin();
  const tool = { type: 'mcp', server_url: 'https://a', authorization: 'secret', headers: { a: 'secret' } };
  recording.sent({ type: 'session.update', session: { tools: [tool], client_secret: null } }, 1000);
  recording.received({ type: 'relay.cost', spent_usd: '1' }, 1000);
  const text = [...recording.toLines()].join('');
  assert.doesNotMatch(text, /secret"|relay\.cost/);
  assert.match(text, /https:\/\/a/);
  assert.equal(linesOf(recording).length, 2);
});

test('Where there is no room it stops, and says so.', () => {
  const recording = begin(8);
  recording.sentAudio(Int16Array.of(1, 2), 1000);
  recording.sentAudio(Int16Array.of(3, 4, 5), 1500);
  recording.sentAudio(Int16Array.of(6), 1600);
  recording.end(true, 2000);
  const lines = linesOf(recording);
  assert.equal(lines.length, 3);
  assert.deepEqual(lines[2], { at: 0.5, stopped: 'max_bytes' });
});

test('A lost connection was not ended by this side.', () => {
  const recording = begin();
  recording.end(false, 1500);
  assert.deepEqual(linesOf(recording)[1].upstream, { code: 1006, reason: '', by: 'upstream' });
});

test('Both voices stand where they could be heard, and what was cut is not.', () => {
  const recording = begin();
  recording.sentAudio(new Int16Array(10 * MS).fill(7), 1010);
  recording.received(DELTA, 1020);
  recording.receivedAudio(new Int16Array(40 * MS).fill(9), 1020);
  recording.sent({ type: 'conversation.item.truncate', item_id: 'a', content_index: 0, audio_end_ms: 5 }, 1030);
  const samples = new Int16Array(recording.toWav().buffer.slice(44));
  const left = samples.filter((_, index) => index % 2 === 0);
  const right = samples.filter((_, index) => index % 2 === 1);
  assert.deepEqual([left.length, left.lastIndexOf(7)], [25 * MS, 10 * MS - 1]);
  assert.deepEqual([right.indexOf(9), right.lastIndexOf(9)], [20 * MS, 25 * MS - 1]);
});
