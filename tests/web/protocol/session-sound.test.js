import assert from 'node:assert/strict';
import { test } from 'node:test';
import { A_LAW, MU_LAW } from '../../../web/audio/g711.js';
import { isKnown, readFormat, SessionSound } from '../../../web/protocol/session-sound.js';
import { amplitudeAt, tone } from '../fakes.js';

const HALF = 16_384;

/** Sound of a session with this format both ways. */
function soundOf(format) {
  const sound = new SessionSound();
  sound.learn({ audio: { input: { format }, output: { format } } });
  return sound;
}

/** A tone of 1 kHz, half a second of it, as the other side would write it. */
function written({ type, rate = 8000 }) {
  const samples = tone(1000, rate / 2, rate);
  if (type === 'audio/pcm') return new Uint8Array(samples.buffer);
  return Uint8Array.from(samples, (type === 'audio/pcmu' ? MU_LAW : A_LAW).encode);
}

for (const format of [
  { type: 'audio/pcm', rate: 24_000 },
  { type: 'audio/pcm', rate: 16_000 },
  { type: 'audio/pcm', rate: 8_000 },
  { type: 'audio/pcm', rate: 48_000 },
  { type: 'audio/pcmu' },
  { type: 'audio/pcma' },
]) {
  const name = `${format.type} at ${format.rate ?? 8000}`;

  test(`A tone in ${name} is played with its pitch, length and loudness, in whatever slices it comes.`, () => {
    const sound = soundOf(format);
    const bytes = written(format);
    const played = [];
    for (let start = 0; start < bytes.length; start += 1234)
      played.push(...sound.decode('a/0', bytes.slice(start, start + 1234)));
    assert.ok(Math.abs(played.length - 12_000) < 400, `${played.length} frames`);
    const middle = Int16Array.from(played.slice(2400, 9600));
    assert.ok(Math.abs(amplitudeAt(middle, 1000, 24_000) / HALF - 1) < 0.02);
  });

  test(`The microphone is written in ${name} with its pitch and length.`, () => {
    const sound = soundOf(format);
    const parts = [];
    for (let chunk = 0; chunk < 25; chunk += 1) parts.push(sound.encode(tone(1000, 480)));
    const sent = new SessionSound();
    sent.learn({ audio: { output: { format } } });
    const heard = sent.decode('m', Uint8Array.from(parts.flatMap((part) => [...part])));
    assert.ok(Math.abs(heard.length - 12_000) < 700, `${heard.length} frames`);
    assert.ok(Math.abs(amplitudeAt(heard.slice(2400, 9600), 1000, 24_000) / HALF - 1) < 0.02);
  });
}

test('Two answers at once have a filter each.', () => {
  const sound = soundOf({ type: 'audio/pcmu' });
  const silence = new Uint8Array(160).fill(0xff);
  sound.decode('a/0', written({ type: 'audio/pcmu' }));
  assert.ok(sound.decode('b/0', silence).every((sample) => sample === 0), 'nothing of the one rings in the other');
});

test('What a format is called, and which are known here.', () => {
  for (const [format, type, rate, known] of [
    [null, 'audio/pcm', 24_000, true],
    [{ type: 'audio/pcm' }, 'audio/pcm', 24_000, true],
    ['g711_ulaw', 'audio/pcmu', 8_000, true],
    ['pcm16', 'audio/pcm', 24_000, true],
    [{ type: 'audio/opus' }, 'audio/opus', 24_000, false],
    [{ type: 'audio/pcm', rate: 1 }, 'audio/pcm', 1, false],
    [7, 'audio/pcm', 24_000, true],
  ]) {
    assert.deepEqual(readFormat(format), { type, rate });
    assert.equal(isKnown(readFormat(format)), known);
  }
});

test('The beta’s names of formats are read, too; half a sample at the end of a delta is dropped.', () => {
  const sound = new SessionSound();
  sound.learn({ input_audio_format: 'g711_alaw', output_audio_format: 'pcm16' });
  assert.equal(sound.encode(tone(300, 480)).length < 170, true);
  assert.deepEqual(sound.decode('a/0', Uint8Array.of(1, 0, 9)), Int16Array.of(1));
});

test('Of a format that is not known nothing is played and nothing made.', () => {
  const sound = soundOf({ type: 'audio/opus' });
  assert.deepEqual([sound.decode('a/0', Uint8Array.of(1)), sound.encode(Int16Array.of(1))], [null, null]);
  assert.deepEqual(sound.unknown, ['audio/opus']);
});
