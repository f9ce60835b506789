import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PlaybackQueue } from '../../../web/audio/playback-queue.js';
import { tone } from '../fakes.js';

const BLOCK = 128;

/** Pulls so many blocks, and gives all their samples. */
function play(queue, blocks) {
  const samples = new Float32Array(blocks * BLOCK);
  for (let block = 0; block < blocks; block += 1) {
    queue.pull(samples.subarray(block * BLOCK, (block + 1) * BLOCK));
  }
  return samples;
}

/** The largest step from one sample to the next. */
function largestStep(samples) {
  return samples.reduce(
    (largest, sample, index) => (index === 0 ? 0 : Math.max(largest, Math.abs(sample - samples[index - 1]))),
    0,
  );
}

test('Nothing given is silence.', () => {
  assert.ok(play(new PlaybackQueue(), 3).every((sample) => sample === 0));
});

test('Chunks of whatever length join without a step between them.', () => {
  const queue = new PlaybackQueue();
  const samples = tone(1000, 24000);
  for (let start = 0, size = 500; start < samples.length; start += size, size += 37) {
    queue.push('a', 0, samples.slice(start, start + size));
  }
  queue.end('a');
  const played = play(queue, 187);
  played.forEach((sample, index) => assert.equal(sample, samples[index] / 32768));
  assert.equal(queue.underruns, 0);
});

test('The played position is exact to the sample, of each answer.', () => {
  const queue = new PlaybackQueue();
  queue.push('a', 0, tone(300, 1000));
  queue.push('b', 0, tone(300, 5000));
  queue.end('a');
  play(queue, 10);
  assert.deepEqual(queue.flush(), [
    { itemId: 'b', contentIndex: 0, playedFrames: 280, receivedFrames: 5000 },
  ]);
  assert.equal(queue.playedFrames, 1280);
});

test('An answer that waits behind another is cut at 0.', () => {
  const queue = new PlaybackQueue();
  queue.push('a', 0, tone(300, 1000));
  queue.push('b', 1, tone(300, 500));
  play(queue, 2);
  assert.deepEqual(queue.flush(), [
    { itemId: 'a', contentIndex: 0, playedFrames: 256, receivedFrames: 1000 },
    { itemId: 'b', contentIndex: 1, playedFrames: 0, receivedFrames: 500 },
  ]);
});

test('A flush is silence before the next block is over, without a click.', () => {
  const queue = new PlaybackQueue();
  queue.push('a', 0, tone(1000, 24000));
  const before = play(queue, 10);
  queue.flush();
  const after = play(queue, 2);
  assert.ok(after.subarray(32).every((sample) => sample === 0));
  assert.ok(largestStep([...before.slice(-2), ...after]) < 0.14); // the tone's own largest step is 0.13
  assert.equal(queue.playing, false);
});

test('What was played to its end is not cut by a flush.', () => {
  const queue = new PlaybackQueue();
  queue.push('a', 0, tone(300, 500));
  queue.end('a');
  play(queue, 6);
  assert.deepEqual(queue.flush(), []);
});

test('Playing waits for 20 ms, or for the end of something shorter.', () => {
  const queue = new PlaybackQueue();
  queue.push('a', 0, tone(300, 300));
  play(queue, 1);
  assert.equal(queue.playing, false);
  queue.end('a');
  play(queue, 1);
  assert.equal(queue.playing, true);
});

test('A store that runs dry inside an answer is one underrun, however long it lasts.', () => {
  const queue = new PlaybackQueue();
  queue.push('a', 0, tone(1000, 1000));
  const samples = play(queue, 40);
  assert.equal(queue.underruns, 1);
  assert.ok(largestStep(samples) < 0.14);
});

test('After an underrun playing waits for 100 ms, then goes on where it was.', () => {
  const queue = new PlaybackQueue();
  queue.push('a', 0, tone(300, 1000));
  play(queue, 10);
  queue.push('a', 0, tone(300, 1000));
  play(queue, 5);
  assert.equal(queue.playedFrames, 1000);
  assert.equal(queue.depthFrames, 2400);
  queue.push('a', 0, tone(300, 1400));
  play(queue, 1);
  assert.equal(queue.playedFrames, 1128);
});

test('An answer without an underrun halves the depth again, down to 20 ms.', () => {
  const queue = new PlaybackQueue();
  queue.push('a', 0, tone(300, 1000));
  play(queue, 10);
  for (const [itemId, expected] of [
    ['a', 1200],
    ['b', 600],
    ['c', 480],
  ]) {
    queue.push(itemId, 0, tone(300, 3000));
    queue.end(itemId);
    play(queue, 40);
    assert.equal(queue.depthFrames, expected);
  }
});

test('Running dry before the end is told is no underrun when the end is told.', () => {
  const queue = new PlaybackQueue();
  queue.push('a', 0, tone(300, 1000));
  play(queue, 20);
  queue.end('a');
  assert.equal(queue.underruns, 0);
  assert.equal(queue.current, null);
});

test('What arrives after a flush is played anew.', () => {
  const queue = new PlaybackQueue();
  queue.push('a', 0, tone(300, 1000));
  play(queue, 2);
  queue.flush();
  queue.push('b', 0, tone(300, 600));
  play(queue, 1);
  assert.equal(queue.current.itemId, 'b');
  assert.equal(queue.current.playedFrames, 128);
});

test('A minute that comes in bursts with 150 ms of jitter plays without an underrun.', () => {
  const queue = new PlaybackQueue();
  const answer = tone(440, 60 * 24000);
  let arrived = 0;
  for (let block = 0; block * BLOCK < answer.length; block += 1) {
    const elapsedMs = (block * BLOCK) / 24;
    const late = 150 * (0.5 + 0.5 * Math.sin(block * 12.9898)); // anything between 0 and 150 ms
    const due = Math.min(answer.length, Math.max(0, Math.floor((elapsedMs * 1.5 - late) / 400) + 1) * 9600);
    if (due > arrived) {
      queue.push('a', 0, answer.slice(arrived, due));
      arrived = due;
    }
    play(queue, 1);
  }
  queue.end('a');
  play(queue, 20);
  assert.equal(queue.underruns, 0);
  assert.equal(queue.playedFrames, answer.length);
});

test('Two answers that arrive at once are played one after the other, each whole.', () => {
  const queue = new PlaybackQueue();
  const constant = (value) => new Int16Array(480).fill(value);
  for (let slice = 0; slice < 5; slice += 1) {
    queue.push('a', 0, constant(1000));
    queue.push('b', 0, constant(2000));
  }
  queue.end('b');
  queue.end('a');
  const played = [...play(queue, 38)].map((sample) => sample * 32768);
  assert.ok(played.slice(0, 2400).every((sample) => sample === 1000));
  assert.ok(played.slice(2400, 4800).every((sample) => sample === 2000));
  assert.deepEqual([queue.started, queue.underruns, queue.current], [2, 0, null]);
});

test('Of answers that wait one behind the other, each is cut where it was.', () => {
  const queue = new PlaybackQueue();
  for (const itemId of ['a', 'b', 'a', 'b']) queue.push(itemId, 0, tone(300, 1000));
  play(queue, 10);
  assert.deepEqual(
    queue.flush().map(({ itemId, playedFrames, receivedFrames }) => [itemId, playedFrames, receivedFrames]),
    [
      ['a', 1280, 2000],
      ['b', 0, 2000],
    ],
  );
});

test('An answer whose end nobody tells holds up the next for a second; what comes of it late is played behind.', () => {
  const queue = new PlaybackQueue();
  queue.push('a', 0, tone(300, 1280));
  queue.push('b', 0, tone(300, 24_000));
  play(queue, 10 + 187);
  assert.equal(queue.current.itemId, 'a');
  play(queue, 2);
  assert.equal(queue.current.itemId, 'b');
  queue.push('a', 0, tone(300, 600));
  queue.end('b');
  play(queue, 188);
  assert.equal(queue.current.itemId, 'a');
});

test('Sound that came late is caught up with in the pauses of the same answer, and words stay as they are.', () => {
  const queue = new PlaybackQueue();
  const second = () => Int16Array.from([...tone(300, 12_000), ...new Int16Array(12_000)]);
  const heard = [];
  for (let at = 0; at < 20; at += 1) {
    if (at !== 5) queue.push('a', 0, second());
    if (at === 6) queue.push('a', 0, second()); // a second that comes a second late
    heard.push(...play(queue, 187), ...play(queue, at % 2));
  }
  assert.ok(queue.behindFrames < 2400, `${queue.behindFrames} frames behind`);
  const loud = (samples) => samples.filter((sample) => sample !== 0).length;
  const said = Array.from({ length: 20 }, () => [...second()]).flat();
  const difference = loud(heard) - loud(said.slice(0, queue.playedFrames));
  assert.ok(Math.abs(difference) < 100, 'no word is passed over'); // what fades out is all that differs
});

test('Ten seconds of one answer without an underrun halve the depth, too.', () => {
  const queue = new PlaybackQueue();
  queue.push('a', 0, tone(300, 1000));
  play(queue, 10);
  assert.equal(queue.depthFrames, 2400);
  queue.push('a', 0, tone(300, 500_000));
  play(queue, 1880);
  assert.equal(queue.depthFrames, 1200);
});
