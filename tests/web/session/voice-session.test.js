import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { MicrophoneUnavailable } from '../../../web/audio/microphone.js';
import { pcm16ToBase64 } from '../../../web/audio/pcm.js';
import { RealtimeClient } from '../../../web/protocol/realtime-client.js';
import { Connector } from '../../../web/session/connector.js';
import { VoiceSession } from '../../../web/session/voice-session.js';
import { FakeCall, FakeMicrophone, FakeSpeaker, FakeWebSocket, settle, tone } from '../fakes.js';

const URL = 'ws://relay/v1/realtime';
const SESSION = {
  id: 's',
  audio: { input: { transcription: { model: 'x' }, turn_detection: { type: 'server_vad' } } },
};

/** @type {VoiceSession[]} */
const made = [];

beforeEach(() => {
  FakeWebSocket.made.length = 0;
  globalThis.document ??= new EventTarget();
});

afterEach(() => {
  for (const voice of made.splice(0)) voice.stop(); // its timers would keep the tests from ending
});

/** A session with nothing real in it, and what it told. */
function makeSession() {
  const microphone = new FakeMicrophone();
  const speaker = new FakeSpeaker();
  const connector = new Connector({
    makeClient: (target) => new RealtimeClient({ ...target, WebSocketClass: FakeWebSocket, CallClass: FakeCall }),
  });
  const voice = new VoiceSession({ microphone, speaker, connector });
  made.push(voice);
  const notices = [];
  voice.addEventListener('notice', ({ detail }) => notices.push(detail));
  return { voice, microphone, speaker, notices };
}

/** The newest socket opens and its session begins, set up by a relay. */
async function accept(session = SESSION) {
  const socket = FakeWebSocket.last;
  socket.open();
  socket.deliver({ type: 'session.created', session: { id: 's' } });
  await settle();
  socket.deliver({ type: 'session.updated', session });
  await settle();
  return socket;
}

/** A session that has begun. */
async function startSession(options = {}) {
  const made = makeSession();
  const started = made.voice.start({ url: URL, ...options });
  const socket = await accept();
  await started;
  return { ...made, socket };
}

/** An answer's first sound. */
const audio = (frames = 480) => ({
  type: 'response.output_audio.delta',
  item_id: 'a',
  response_id: 'r',
  content_index: 0,
  delta: pcm16ToBase64(tone(300, frames)),
});

test('What is said while the connection opens is the first that is sent.', async () => {
  const { voice, microphone } = makeSession();
  voice.start({ url: URL });
  await settle();
  microphone.hear(Int16Array.of(1, 1));
  const socket = await accept();
  microphone.hear(Int16Array.of(2, 2));
  assert.deepEqual(
    socket.sent.map(({ type, audio: sound }) => [type, sound]),
    [
      ['input_audio_buffer.append', pcm16ToBase64(Int16Array.of(1, 1))],
      ['input_audio_buffer.append', pcm16ToBase64(Int16Array.of(2, 2))],
    ],
  );
});

test('A spoken exchange runs through its phases.', async () => {
  const { voice, socket, speaker } = await startSession();
  const phases = [voice.phase];
  for (const event of [
    { type: 'input_audio_buffer.speech_started', item_id: 'u' },
    { type: 'input_audio_buffer.speech_stopped', item_id: 'u' },
    { type: 'response.created', response: { id: 'r' } },
    audio(),
    { type: 'response.output_audio.done', item_id: 'a' },
    { type: 'response.done', response: { id: 'r', output: [{ id: 'a' }] } },
  ]) {
    socket.deliver(event);
    phases.push(voice.phase);
  }
  speaker.busy = false;
  phases.push(voice.phase);
  assert.deepEqual(phases, [
    'listening',
    'user-speaking',
    'thinking',
    'thinking',
    'speaking',
    'speaking',
    'speaking',
    'listening',
  ]);
  assert.deepEqual(speaker.ended, ['a', 'a']);
  voice.stop();
  assert.equal(voice.phase, 'idle');
});

test('After an interruption nothing more of that answer is played.', async () => {
  const { voice, socket, speaker } = await startSession();
  socket.deliver({ type: 'response.created', response: { id: 'r' } });
  socket.deliver(audio());
  speaker.cuts = [{ itemId: 'a', contentIndex: 0, playedMs: 12, receivedMs: 20 }];
  socket.deliver({ type: 'input_audio_buffer.speech_started', item_id: 'u' });
  socket.deliver(audio());
  await settle();
  assert.equal(speaker.enqueued.length, 1);
  assert.equal(socket.sent.at(-1).type, 'conversation.item.truncate');
  assert.equal(socket.sent.at(-1).audio_end_ms, 12);
});

test('A refused microphone ends the start with what to do, and start works again.', async () => {
  const { voice, microphone } = makeSession();
  microphone.failure = new MicrophoneUnavailable('NotAllowedError', 'denied');
  await voice.start({ url: URL });
  assert.equal(voice.phase, 'error');
  assert.match(voice.problem.title, /may not use the microphone/u);
  microphone.failure = null;
  const started = voice.start({ url: URL });
  await accept();
  assert.equal(await started, true);
  assert.equal(voice.phase, 'listening');
});

test('A relay that refuses closes the microphone and says why, once.', async () => {
  const { voice, microphone, notices } = makeSession();
  const started = voice.start({ url: URL });
  await settle();
  FakeWebSocket.last.open();
  FakeWebSocket.last.deliver({ type: 'error', error: { code: 'profile_unknown' } });
  FakeWebSocket.last.end(4000);
  assert.equal(await started, false);
  assert.equal(microphone.open, false);
  assert.equal(voice.problem.title, 'This relay has no such profile.');
  assert.deepEqual(notices, [], 'it is told in one place');
  voice.dismissProblem();
  assert.equal(voice.phase, 'idle');
});

test('Where nothing answers that is said, and not that the sound did not load either.', async () => {
  const { voice, speaker, microphone } = makeSession();
  speaker.failure = new Error('AbortError');
  microphone.failure = new MicrophoneUnavailable('AudioError', 'AbortError');
  const started = voice.start({ url: URL });
  await settle();
  for (let attempt = 0; attempt < 2; attempt += 1) {
    FakeWebSocket.last.end(1006);
    await settle();
  }
  assert.equal(await started, false);
  assert.equal(voice.problem.title, 'Nothing answers at relay.');
});

test('Sound that does not load ends a session that has begun.', async () => {
  const { voice, speaker } = makeSession();
  speaker.failure = new Error('AbortError');
  const started = voice.start({ url: URL });
  await accept();
  assert.equal(await started, false);
  assert.match(voice.problem.title, /could not open its audio output/u);
});

test('A lost session is restored, told what was said, and hears what it missed.', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { voice, socket, microphone } = await startSession();
  socket.deliver({ type: 'response.output_text.delta', item_id: 'a', delta: 'Hello' });
  socket.end(1012);
  assert.equal(voice.phase, 'reconnecting');
  microphone.hear(Int16Array.of(7));
  context.mock.timers.tick(500);
  const next = await accept();
  assert.notEqual(next, socket);
  assert.deepEqual(next.sentTypes, ['conversation.item.create', 'input_audio_buffer.append']);
  assert.equal(voice.conversation.turns.at(-1).role, 'notice');
  assert.equal(voice.phase, 'listening');
});

test('Writing needs no microphone.', async () => {
  const { voice, microphone, socket } = await startSession({ microphone: false });
  assert.deepEqual(microphone.started, []);
  assert.equal(await voice.say('Hello', []), true);
  assert.deepEqual(socket.sentTypes, ['conversation.item.create', 'response.create']);
  assert.equal(voice.conversation.turns[0].text, 'Hello');
  assert.equal(voice.phase, 'thinking');
});

test('Without a session nothing can be said in writing.', async () => {
  assert.equal(await makeSession().voice.say('Hello'), false);
});

test('What is typed while the session is lost is seen to wait, and is sent to the next one.', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { voice, socket } = await startSession();
  socket.end(1006);
  assert.equal(await voice.say('Are you there?', ['data:image/png;base64,AA==']), true);
  assert.deepEqual(
    voice.conversation.turns.map(({ text, waiting }) => [text, waiting]),
    [['Are you there?', true]],
  );
  context.mock.timers.tick(500);
  const next = await accept();
  assert.deepEqual(next.sentTypes, ['conversation.item.create', 'response.create']);
  assert.equal(next.sent[0].item.content.length, 2);
  assert.equal(voice.conversation.turns.find(({ role }) => role === 'user').waiting, false);
});

test('What is typed for a session that does not come is given back.', async () => {
  const { voice } = makeSession();
  const unsent = [];
  voice.addEventListener('unsent', ({ detail }) => unsent.push(detail));
  const started = voice.start({ url: URL, microphone: false });
  voice.say('Hello', ['data:x']);
  await settle();
  for (let attempt = 0; attempt < 2; attempt += 1) {
    FakeWebSocket.last.end(1006);
    await settle();
  }
  assert.equal(await started, false);
  assert.deepEqual(unsent, [{ text: 'Hello', images: ['data:x'] }]);
  assert.deepEqual(voice.conversation.turns, []);
});

test('Losing the session leaves the sound that is here to be heard, and then goes on.', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { voice, socket, speaker } = await startSession();
  const endedBefore = speaker.endedAll;
  socket.deliver({ type: 'response.created', response: { id: 'r' } });
  socket.deliver({ type: 'response.output_audio_transcript.delta', item_id: 'a', delta: 'It is twelve' });
  socket.deliver(audio());
  socket.end(1006);
  assert.deepEqual([speaker.flushes, speaker.endedAll - endedBefore, speaker.busy], [0, 1, true]);
  assert.match(voice.conversation.turns[0].problem, /connection was lost/u);
  speaker.dispatchEvent(new CustomEvent('position', { detail: { itemId: 'a', playedMs: 12 } }));
  assert.equal(voice.conversation.turns[0].heardMs, 12);
  context.mock.timers.tick(500);
  const next = await accept();
  const [told] = next.sent.filter(({ type }) => type === 'conversation.item.create');
  assert.deepEqual(told.item.content, [{ type: 'output_text', text: 'It' }], 'its words had run ahead of its sound');
  next.deliver({ type: 'conversation.item.added', item: told.item });
  speaker.cuts = [{ itemId: 'a', contentIndex: 0, playedMs: 12, receivedMs: 20 }];
  await voice.interrupt();
  assert.ok(!next.sentTypes.includes('conversation.item.truncate'), 'this session has none of that sound');
  assert.match(next.sent.at(-1).item.content[0].text, /^The user interrupted your last answer after “It”/u);
});

test('A session that is lost for good is heard to the end of what came.', async () => {
  const { voice, socket, speaker } = await startSession();
  socket.deliver({ type: 'response.created', response: { id: 'r' } });
  socket.deliver(audio());
  socket.deliver({ type: 'error', error: { code: 'budget_spent' } });
  socket.end(1008);
  assert.deepEqual([voice.phase, speaker.flushes, speaker.closed], ['error', 0, 0]);
  speaker.busy = false;
  speaker.dispatchEvent(new CustomEvent('idle'));
  assert.equal(speaker.closed, 1);
});

test('What was changed of a lost session is asked of the next, and calls are retold with their results.', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { voice, socket } = await startSession();
  voice.client.updateSession({ instructions: 'Whisper.', tools: [{ type: 'function', name: 'get_weather' }] });
  socket.deliver({ type: 'session.updated', session: SESSION });
  const call = { id: 'f', type: 'function_call', call_id: 'c', name: 'get_weather', arguments: '{}', status: 'completed' };
  socket.deliver({ type: 'response.output_item.done', item: call });
  socket.deliver({ type: 'conversation.item.added', item: { type: 'function_call_output', call_id: 'c', output: '"rain"' } });
  socket.end(1006);
  context.mock.timers.tick(500);
  const next = await accept();
  const [update] = next.sent;
  assert.equal(update.session.instructions, 'Whisper.');
  next.deliver({ type: 'session.updated', session: SESSION });
  await settle();
  const told = next.sent.filter(({ type }) => type === 'conversation.item.create').map(({ item }) => item.type);
  assert.deepEqual(told, ['function_call', 'function_call_output']);
});

test('A conversation goes on with the next start, unless it was cleared.', async () => {
  const { voice, socket } = await startSession({ microphone: false });
  socket.deliver({ type: 'response.output_text.delta', item_id: 'a', delta: 'Hello' });
  voice.stop();
  voice.start({ url: URL, microphone: false });
  const second = await accept();
  assert.deepEqual(second.sentTypes, ['conversation.item.create']);
  assert.match(voice.conversation.turns.at(-1).text, /^The conversation goes on\./u);
  voice.stop();
  voice.clear();
  voice.start({ url: URL, microphone: false });
  const third = await accept();
  assert.deepEqual([third.sentTypes, voice.conversation.turns], [[], []]);
});

test('A microphone that fails later is a notice, and the session goes on.', async () => {
  const { voice, microphone, notices } = await startSession({ microphone: false });
  microphone.failure = new MicrophoneUnavailable('NotFoundError', 'none');
  await voice.chooseMicrophone();
  assert.match(notices[0], /^No microphone was found\./u);
  assert.equal(voice.active, true);
});

test('Errors that end nothing are shown, but for those that only say that we came too late.', async () => {
  const { voice, socket, notices } = await startSession();
  socket.deliver({ type: 'error', error: { code: 'response_cancel_not_active', message: 'late' } });
  socket.deliver({ type: 'error', error: { code: 'other', message: 'shown' } });
  assert.deepEqual(notices, ['shown']);
});

test('A tool’s result is sent, and an answer to it awaited.', async () => {
  const { voice, socket } = await startSession();
  voice.answerCall('c', '{}');
  assert.deepEqual(socket.sent[0].item, { type: 'function_call_output', call_id: 'c', output: '{}' });
  assert.deepEqual(socket.sentTypes, ['conversation.item.create', 'response.create']);
  assert.equal(voice.phase, 'thinking');
});

test('Two calls of one answer are followed by one answer, after the last result.', async () => {
  const { voice, socket } = await startSession();
  const call = (id) => ({ id, type: 'function_call', call_id: id, name: 'look', arguments: '{}', status: 'completed' });
  socket.deliver({ type: 'response.created', response: { id: 'r' } });
  for (const id of ['a', 'b'])
    socket.deliver({ type: 'response.output_item.done', response_id: 'r', item: call(id) });
  socket.deliver({ type: 'response.done', response: { id: 'r', output: [call('a'), call('b')] } });
  assert.deepEqual(voice.openCalls.map(({ callId }) => callId), ['a', 'b']);
  assert.equal(voice.answerCall('a', '1'), true);
  assert.deepEqual(socket.sentTypes, ['conversation.item.create']);
  assert.deepEqual(voice.openCalls.map(({ callId }) => callId), ['b']);
  voice.answerCall('b', '2');
  assert.deepEqual(socket.sentTypes, ['conversation.item.create', 'conversation.item.create', 'response.create']);
});

test('What an MCP server asks for is decided, and no answer asked for: it goes on by itself.', async () => {
  const { voice, socket } = await startSession();
  const item = { id: 'q', type: 'mcp_approval_request', server_label: 'shop', name: 'order', arguments: '{}' };
  socket.deliver({ type: 'conversation.item.added', item });
  assert.equal(voice.decideCall('q', true), true);
  assert.deepEqual(socket.sent, [
    { ...socket.sent[0], item: { type: 'mcp_approval_response', approval_request_id: 'q', approve: true } },
  ]);
  assert.deepEqual(voice.openCalls, []);
});

test('Without a session no call is answered, which is said.', async () => {
  const { voice, notices } = makeSession();
  assert.deepEqual([voice.answerCall('a', '1'), voice.decideCall('q', true)], [false, false]);
  assert.deepEqual(notices, ['Start a session first.', 'Start a session first.']);
});

test('Events of any shape are passed over, not stumbled over.', async () => {
  const { voice, socket, notices } = await startSession();
  const types = [
    'session.updated', 'error', 'conversation.item.added', 'conversation.item.done', 'conversation.item.deleted',
    'input_audio_buffer.speech_started', 'input_audio_buffer.committed', 'input_audio_buffer.timeout_triggered',
    'conversation.item.input_audio_transcription.delta', 'conversation.item.input_audio_transcription.completed',
    'conversation.item.input_audio_transcription.failed', 'response.created', 'response.output_item.added',
    'response.output_item.done', 'response.output_audio_transcript.delta', 'response.output_audio.delta',
    'response.output_audio.done', 'response.output_text.done', 'response.function_call_arguments.delta',
    'response.mcp_call.failed', 'mcp_list_tools.failed', 'response.done', 'relay.cost', 'relay.draining', 'relay.stages',
    'session.output_transcript.delta', 'rate_limits.updated', 'no.such.event',
  ]; // prettier-ignore
  const junk = [null, 7, 'x', [], {}, [null], { output: [null] }, { output: 7, content: 7, audio: null, usage: [] }];
  for (const type of types)
    for (const it of [undefined, ...junk])
      socket.deliver({ type, item: it, response: it, session: it, error: it, item_id: it, response_id: it, delta: it, transcript: it, text: it });
  assert.equal(voice.active, true);
  assert.ok(notices.some((words) => words.startsWith('An event response.done came')));
});

test('Muting keeps the session.', async () => {
  const { voice, microphone } = await startSession();
  voice.muted = true;
  assert.deepEqual([voice.phase, microphone.muted, voice.active], ['muted', true, true]);
});

test('Push-to-talk chosen before the start is asked of the session when it begins.', async () => {
  const { voice } = makeSession();
  voice.pushToTalk = true;
  const started = voice.start({ url: URL });
  const socket = await accept();
  await started;
  assert.deepEqual(socket.sent[0].session, { type: 'realtime', audio: { input: { turn_detection: null } } });
  voice.press();
  assert.equal(voice.phase, 'user-speaking');
});

test('A relay that restarts says so; the session comes back by itself and knows what was said.', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] }); // first, or the session's own timer keeps the test from ending
  const { voice, socket, notices } = await startSession();
  voice.say('Hello.');
  socket.deliver({ type: 'relay.draining', seconds_left: 30 });
  assert.deepEqual(notices, [
    'The relay restarts within 30 seconds. You will be connected again by itself.',
  ]);
  socket.deliver({ type: 'error', error: { code: 'draining', message: 'The relay is restarting.' } });
  socket.end(1012);
  assert.equal(voice.phase, 'reconnecting');
  context.mock.timers.tick(500);
  const next = await accept();
  assert.deepEqual(next.sentTypes, ['conversation.item.create', 'response.create'], 'nobody had confirmed it');
  assert.match(voice.conversation.turns.at(-1).text, /^The relay has restarted\./u);
});

test('An answer outside the conversation is logged, and neither heard nor waited for.', async () => {
  const { voice, socket, speaker } = await startSession();
  const received = [];
  voice.addEventListener('received', ({ detail }) => received.push(detail.type));
  const response = { id: 'r', conversation_id: null };
  socket.deliver({ type: 'response.created', response });
  socket.deliver(audio());
  assert.deepEqual([voice.phase, voice.conversation.turns.length], ['listening', 0]);
  socket.deliver({ type: 'response.done', response });
  assert.deepEqual([speaker.enqueued, received.length], [[], 3]);
});

test('A session whose sound cannot be played says so once, and is not played as noise.', async () => {
  const session = { ...SESSION, audio: { ...SESSION.audio, output: { format: { type: 'audio/opus' } } } };
  const { voice, speaker } = makeSession();
  const started = voice.start({ url: URL });
  const socket = await accept(session);
  await started;
  assert.equal(socket.sent[0].session.audio.output.format.type, 'audio/pcm', 'it is asked for another');
  for (let times = 0; times < 2; times += 1) socket.deliver({ type: 'session.updated', session }); // a locked profile
  socket.deliver(audio());
  assert.deepEqual(speaker.enqueued, []);
  assert.deepEqual(
    voice.conversation.turns.map(({ text }) => text),
    ['The sound of this session is audio/opus, which this page can neither play nor record. Go on in writing.'],
  );
});

const OF_CALL = { transport: 'webrtc' };

test('Over a call what is said goes as a track, after what was said before it was made.', async () => {
  const { voice, microphone } = makeSession();
  const started = voice.start({ url: URL, ...OF_CALL });
  await settle();
  microphone.hear(tone(300, 480));
  const call = await accept();
  await started;
  assert.deepEqual(call.sentTypes, ['input_audio_buffer.append']);
  microphone.hear(tone(300, 480));
  assert.deepEqual([call.sent.length, call.tracks.at(-1).enabled], [1, true]);
  voice.muted = true;
  assert.equal(call.tracks.at(-1).enabled, false);
  assert.ok(voice.stats().client.sentAudioFrames >= 960);
  const [sent] = call.tracks;
  voice.stop();
  assert.deepEqual([sent.stopped, call.readyState], [true, 3]);
});

test('Over a call an answer is heard as the relay plays it: shown, kept to be heard again, timed.', async () => {
  const { voice, speaker, socket: call } = await startSession(OF_CALL);
  assert.deepEqual(speaker.streams, [call.remote]);
  call.deliver({ type: 'input_audio_buffer.speech_stopped' });
  call.deliver({ type: 'response.created', response: { id: 'r' } });
  call.deliver({ type: 'response.output_audio_transcript.delta', response_id: 'r', item_id: 'a', delta: 'One two three.' });
  call.deliver({ type: 'output_audio_buffer.started', response_id: 'r' });
  assert.deepEqual([speaker.remoteBusy, speaker.hushed], [true, [false]]);
  for (let chunk = 0; chunk < 5; chunk += 1)
    speaker.dispatchEvent(new CustomEvent('remote', { detail: tone(300, 480) }));
  const turn = voice.conversation.turns.find(({ id }) => id === 'a');
  assert.deepEqual([turn.heardMs, voice.sounds.get('a').length], [60, 5 * 480]);
  call.deliver({ type: 'output_audio_buffer.stopped', response_id: 'r' });
  assert.deepEqual([speaker.remoteBusy, turn.heardMs], [false, null]);
  assert.ok(voice.latency.toJSON().turns[0].firstHeardMs >= 0);
  await voice.measureCall();
  assert.equal(voice.stats().call.roundTripMs, 7);
  voice.stop();
  assert.deepEqual(speaker.streams, [call.remote, null]);
});

test('Over a call an interrupted answer is hushed, cleared, and cut where the relay says.', async () => {
  const { voice, speaker, socket: call } = await startSession(OF_CALL);
  call.deliver({ type: 'response.created', response: { id: 'r' } });
  call.deliver({ type: 'response.output_audio_transcript.delta', response_id: 'r', item_id: 'a', delta: 'One two three.' });
  call.deliver({ type: 'output_audio_buffer.started', response_id: 'r' });
  await voice.interrupt();
  assert.equal(speaker.flushes, 1);
  assert.deepEqual(call.sentTypes, ['response.cancel', 'output_audio_buffer.clear']);
  call.deliver({ type: 'output_audio_buffer.cleared', response_id: 'r' });
  call.deliver({ type: 'response.done', response: { id: 'r', status: 'cancelled', output: [] } });
  call.deliver({ type: 'conversation.item.truncated', item_id: 'a', content_index: 0, audio_end_ms: 320 });
  const turn = voice.conversation.turns.find(({ id }) => id === 'a');
  assert.deepEqual([turn.cut, turn.heardMs, voice.phase], [true, 320, 'listening']);
});

test('A call that is lost in the middle of an answer is made again, told what was heard, and what was said goes first.', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { voice, microphone, speaker, socket: lost } = await startSession(OF_CALL);
  lost.deliver({ type: 'response.created', response: { id: 'r' } });
  lost.deliver({ type: 'response.output_audio_transcript.delta', response_id: 'r', item_id: 'a', delta: 'One two three.' });
  lost.deliver({ type: 'output_audio_buffer.started', response_id: 'r' });
  lost.end(1006);
  assert.deepEqual([voice.phase, speaker.remoteBusy, speaker.streams.at(-1)], ['reconnecting', false, null]);
  microphone.hear(tone(300, 480));
  context.mock.timers.tick(500);
  await settle();
  const call = await accept();
  await settle();
  assert.equal(speaker.streams.at(-1), call.remote);
  assert.deepEqual(call.sentTypes.filter((type) => type.startsWith('input_audio')), ['input_audio_buffer.append']);
});
