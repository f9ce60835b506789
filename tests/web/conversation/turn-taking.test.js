import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Conversation } from '../../../web/conversation/conversation.js';
import { TurnTaking } from '../../../web/conversation/turn-taking.js';
import { FakeSpeaker, settle } from '../fakes.js';

/** Turn taking with a session whose detection is as given, and what it sent. */
function makeTaking(detection) {
  const sent = [];
  const client = {
    session: { audio: { input: { turn_detection: detection } } },
    send: (event) => sent.push(event),
    createResponse: () => sent.push({ type: 'response.create' }),
    updateSession: (session) => sent.push({ type: 'session.update', session }),
  };
  const speaker = new FakeSpeaker();
  const conversation = new Conversation();
  const taking = new TurnTaking({ getClient: () => client, speaker, conversation });
  return { taking, client, speaker, conversation, sent };
}

/** An answer that is being made, and heard up to `playedMs`. */
function startAnswer({ taking, speaker, conversation }, playedMs) {
  taking.apply({ type: 'response.created', response: { id: 'r' } });
  taking.answers.takes({ responseId: 'r', itemId: 'a' });
  conversation.receivedAudio('a', 2000);
  speaker.busy = true;
  speaker.cuts = [{ itemId: 'a', contentIndex: 0, playedMs, receivedMs: 2000 }];
}

const types = (sent) => sent.map(({ type }) => type);
const VAD = { type: 'server_vad', interrupt_response: true, create_response: true };

test('Speech over an answer silences it and says how much was heard.', async () => {
  const made = makeTaking(VAD);
  startAnswer(made, 730.6);
  made.taking.apply({ type: 'input_audio_buffer.speech_started' });
  assert.equal(made.speaker.flushes, 1);
  assert.equal(made.taking.answers.takes({ responseId: 'r', itemId: 'a' }), false);
  await settle();
  assert.deepEqual(made.sent, [
    { type: 'conversation.item.truncate', item_id: 'a', content_index: 0, audio_end_ms: 730 },
  ]);
  assert.deepEqual([made.conversation.turns[0].cut, made.conversation.turns[0].heardMs], [true, 730.6]);
});

test('Where speech is not to interrupt, it only shows; a button still cuts the answer.', async () => {
  const made = makeTaking({ ...VAD, interrupt_response: false });
  startAnswer(made, 100);
  made.taking.apply({ type: 'input_audio_buffer.speech_started' });
  await settle();
  assert.deepEqual([made.taking.userSpeaks, made.speaker.flushes, made.sent.length], [true, 0, 0]);
  assert.equal(made.taking.answers.takes({ responseId: 'r', itemId: 'a' }), true);
  await made.taking.interrupt();
  assert.deepEqual(types(made.sent), ['response.cancel', 'conversation.item.truncate']);
});

test('Where nobody says who interrupts, an answer that is heard is cancelled too.', async () => {
  const made = makeTaking(null);
  startAnswer(made, 100);
  made.taking.apply({ type: 'input_audio_buffer.speech_started' });
  await settle();
  assert.deepEqual(types(made.sent), ['response.cancel', 'conversation.item.truncate']);
});

test('Nobody speaks any more once what was said is taken, thrown away, or no longer listened for.', () => {
  const off = { audio: { input: { turn_detection: null } } };
  for (const end of [
    { type: 'input_audio_buffer.speech_stopped' },
    { type: 'input_audio_buffer.committed' },
    { type: 'input_audio_buffer.cleared' },
    { type: 'session.updated', session: off },
  ]) {
    const { taking } = makeTaking(VAD);
    taking.apply({ type: 'input_audio_buffer.speech_started' });
    taking.apply({ type: 'session.updated', session: { audio: { input: { turn_detection: VAD } } } });
    assert.equal(taking.userSpeaks, true);
    taking.apply(end);
    assert.equal(taking.userSpeaks, false, end.type);
  }
});

test('Where the other side does not interrupt and nothing is heard yet, nothing is cancelled.', async () => {
  const made = makeTaking({ ...VAD, interrupt_response: false });
  made.taking.apply({ type: 'response.created', response: { id: 'r' } });
  made.taking.apply({ type: 'input_audio_buffer.speech_started' });
  await settle();
  assert.deepEqual(made.sent, []);
  assert.equal(made.taking.answers.takes({ responseId: 'r', itemId: 'a' }), true);
});

test('The interrupt button cancels and truncates.', async () => {
  const made = makeTaking(VAD);
  startAnswer(made, 50);
  await made.taking.interrupt();
  assert.deepEqual(types(made.sent), ['response.cancel', 'conversation.item.truncate']);
});

test('An answer that is made already and still heard is truncated, and nothing cancelled.', async () => {
  const made = makeTaking(VAD);
  startAnswer(made, 50);
  made.taking.apply({ type: 'response.done', response: { id: 'r' } });
  await made.taking.interrupt();
  assert.deepEqual(types(made.sent), ['conversation.item.truncate']);
});

test('With nothing to interrupt, nothing is sent.', async () => {
  const made = makeTaking(VAD);
  await made.taking.interrupt();
  assert.deepEqual(made.sent, []);
});

test('When speech stops an answer is expected, where the other side gives one unasked.', () => {
  for (const [detection, expected] of [
    [VAD, true],
    [{ ...VAD, create_response: false }, false],
  ]) {
    const { taking } = makeTaking(detection);
    taking.apply({ type: 'input_audio_buffer.speech_started' });
    assert.equal(taking.userSpeaks, true);
    taking.apply({ type: 'input_audio_buffer.speech_stopped' });
    assert.equal(taking.userSpeaks, false);
    assert.equal(taking.answers.underWay, expected);
  }
});

test('Push-to-talk switches detection off, and its end restores what was.', () => {
  const { taking, client, sent } = makeTaking(VAD);
  taking.setPushToTalk(true);
  client.session = { audio: { input: { turn_detection: null } } };
  taking.setPushToTalk(false);
  assert.deepEqual(
    sent.map(({ session }) => session.audio.input.turn_detection),
    [null, VAD],
  );
});

test('Push-to-talk sends what is said while the button is held, and a moment after it.', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { taking, sent } = makeTaking(null);
  const chunk = new Int16Array(2400).fill(5);
  taking.setPushToTalk(true);
  assert.equal(taking.gate(chunk), null);
  taking.press();
  assert.equal(taking.gate(chunk), chunk);
  assert.equal(taking.userSpeaks, true);
  assert.equal(taking.release(), true);
  assert.equal(taking.gate(chunk), chunk);
  assert.deepEqual(sent, []);
  context.mock.timers.tick(150);
  assert.deepEqual(types(sent), ['input_audio_buffer.commit', 'response.create']);
  assert.equal(taking.gate(chunk), null);
});

test('A button that slips for a moment goes on with the same turn.', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { taking, sent } = makeTaking(null);
  taking.setPushToTalk(true);
  taking.press();
  taking.gate(new Int16Array(2400));
  taking.release();
  taking.press();
  context.mock.timers.tick(1000);
  assert.deepEqual(sent, []);
  taking.release();
  context.mock.timers.tick(150);
  assert.deepEqual(types(sent), ['input_audio_buffer.commit', 'response.create']);
});

test('A button held for less than 100 ms has said nothing.', () => {
  const { taking, sent } = makeTaking(null);
  taking.setPushToTalk(true);
  taking.press();
  taking.gate(new Int16Array(480));
  assert.equal(taking.release(), false);
  assert.deepEqual(types(sent), ['input_audio_buffer.clear']);
});

test('Where detection cannot be switched off, silence is sent between.', () => {
  const { taking, sent } = makeTaking(VAD);
  taking.setPushToTalk(true);
  sent.length = 0;
  assert.deepEqual(taking.gate(Int16Array.of(7, 7)), Int16Array.of(0, 0));
  taking.press();
  assert.deepEqual(taking.gate(Int16Array.of(7, 7)), Int16Array.of(7, 7));
  taking.release();
  assert.deepEqual(sent, []);
});

test('Pressing the button interrupts.', async () => {
  const made = makeTaking(null);
  made.taking.setPushToTalk(true);
  startAnswer(made, 10);
  made.taking.press();
  await settle();
  assert.deepEqual(types(made.sent), ['response.cancel', 'conversation.item.truncate']);
});

test('What is written waits until the answer that it interrupts is gone.', async () => {
  const made = makeTaking(VAD);
  startAnswer(made, 10);
  let waiting = true;
  const way = made.taking.interruptAndWait().then(() => (waiting = false));
  await settle();
  assert.equal(waiting, true);
  made.taking.apply({ type: 'response.done', response: { id: 'r' } });
  await way;
  assert.equal(waiting, false);
});

test('A new session begins with nobody speaking.', () => {
  const { taking } = makeTaking(null);
  taking.setPushToTalk(true);
  taking.press();
  taking.reset();
  assert.deepEqual([taking.userSpeaks, taking.held, taking.pushToTalk], [false, false, true]);
});

test('In a call the other end cuts what it plays by itself, unless it was not speech that cut it: then it is asked to.', async () => {
  const made = makeTaking(VAD);
  made.client.call = {};
  made.taking.apply({ type: 'response.created', response: { id: 'r' } });
  made.speaker.busy = true;
  made.taking.apply({ type: 'input_audio_buffer.speech_started' });
  await settle();
  assert.deepEqual([made.sent, made.speaker.flushes], [[], 1]);
  made.speaker.busy = true;
  await made.taking.interrupt();
  assert.deepEqual(types(made.sent), ['response.cancel', 'output_audio_buffer.clear']);
});

test('In a call a turn by hand begins with an empty buffer: the track has brought silence since the last.', () => {
  const made = makeTaking(null);
  made.client.call = {};
  made.taking.setPushToTalk(true);
  assert.equal(made.taking.open, false);
  made.taking.press();
  assert.equal(made.taking.open, true);
  assert.deepEqual(types(made.sent), ['output_audio_buffer.clear', 'input_audio_buffer.clear']);
  made.taking.gate(new Int16Array(4800));
  made.taking.release();
  made.taking.press(); // let go of for a moment only
  assert.equal(types(made.sent).filter((type) => type === 'input_audio_buffer.clear').length, 1);
  made.taking.reset();
});
