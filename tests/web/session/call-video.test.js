import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallVideo } from '../../../web/session/call-video.js';
import { FakeCall, FakeTrack } from '../fakes.js';

const WATCHING = { when: 'turn', intervalS: 5, side: 640, most: 60 };

/** Devices that give a track each time, or fail in a browser's way. */
class FakeDevices {
  asked = [];
  tracks = [];
  failure = '';

  async getUserMedia(wanted) {
    return this.#give('camera', wanted);
  }

  async getDisplayMedia(wanted) {
    return this.#give('screen', wanted);
  }

  #give(source, { video }) {
    this.asked.push([source, video]);
    if (this.failure !== '') throw new DOMException('no', this.failure);
    const track = new FakeTrack();
    this.tracks.push(track);
    return { getTracks: () => [track], getVideoTracks: () => [track] };
  }
}

/** Video in a call that watches, and what it told. */
function makeVideo(watching = WATCHING) {
  const devices = new FakeDevices();
  const video = new CallVideo(devices);
  const call = Object.assign(new FakeCall('', ''), { watching });
  const told = [];
  video.addEventListener('notice', ({ detail }) => told.push(detail));
  video.begin({ call });
  return { video, call, devices, told };
}

/** @param {string} id */
function picture(id) {
  return { type: 'conversation.item.added', item: { id, content: [{ type: 'input_image', image_url: `data:${id}` }] } };
}

test('A camera is opened as small as it is shown, and sent; a screen takes its place, and then nothing does.', async () => {
  const { video, call, devices } = makeVideo();
  await video.show('camera');
  const [[source, { width, height, frameRate }]] = devices.asked;
  assert.deepEqual([source, width.ideal, height.ideal, frameRate.ideal], ['camera', 640, 480, 5]);
  assert.deepEqual([video.source, call.shown, devices.tracks[0].contentHint], ['camera', [devices.tracks[0]], 'detail']);
  await video.show('screen');
  assert.deepEqual([video.source, devices.asked[1][1].width.max], ['screen', 640]);
  assert.deepEqual(devices.tracks.map(({ stopped }) => stopped), [true, false]);
  video.stop();
  assert.deepEqual([video.source, video.stream, call.shown], [null, null, [...devices.tracks, null]]);
  assert.ok(devices.tracks[1].stopped);
});

test('What is stopped in the browser, or unplugged, is off.', async () => {
  const { video, devices } = makeVideo();
  await video.show('screen');
  await video.show('screen');
  devices.tracks[0].onended(); // it was replaced
  assert.equal(video.source, 'screen');
  devices.tracks[1].onended();
  assert.equal(video.source, null);
});

test('A camera that cannot be opened is a sentence; a screen that the visitor did not choose is none.', async () => {
  const { video, devices, told } = makeVideo();
  for (const failure of ['NotAllowedError', 'NotFoundError', 'NotReadableError', 'OverconstrainedError']) {
    devices.failure = failure;
    await video.show('camera');
    await video.show('screen');
  }
  assert.deepEqual(told.map((words) => words.slice(0, 24)), [
    'This page may not use th', 'No camera was found. Con', 'The screen could not be ', 'The camera is in use by ',
    'The screen could not be ', 'The camera could not be ', 'The screen could not be ',
  ]);
  assert.equal(video.source, null);
});

test('What was asked for last counts, however late the visitor allows the first.', async () => {
  const { video, devices } = makeVideo();
  await Promise.all([video.show('camera'), video.show('screen')]);
  assert.deepEqual([video.source, devices.tracks.map(({ stopped }) => stopped)], ['screen', [true, false]]);
  const opening = video.show('camera');
  video.stop();
  await opening;
  assert.deepEqual([video.source, devices.tracks[2].stopped], [null, true]);
});

test('A camera outlives its call, unless nobody watches the next one.', async () => {
  const { video, devices, told } = makeVideo();
  await video.show('camera');
  video.apply(picture('pic_a_1'));
  video.lose();
  assert.deepEqual([video.watching, video.source], [null, 'camera']);
  const next = Object.assign(new FakeCall('', ''), { watching: WATCHING });
  video.begin({ call: next });
  assert.deepEqual([next.shown, video.shown, told], [[devices.tracks[0]], 0, []]);
  video.begin({ call: null });
  assert.deepEqual([video.source, devices.tracks[0].stopped, told.length], [null, true, 1]);
});

test('The relay’s pictures are counted, the last is kept, and what they took is the model’s own word.', () => {
  const { video } = makeVideo();
  for (const event of [picture('pic_a_1'), picture('item_7'), picture('pic_a_2'), { type: 'conversation.item.added' }])
    video.apply(event);
  assert.deepEqual([video.shown, video.latest, video.tokens], [2, 'data:pic_a_2', 0]);
  video.apply({ type: 'response.done', response: { usage: { input_token_details: { image_tokens: 850 } } } });
  video.apply({ type: 'response.done', response: {} });
  assert.deepEqual([video.tokens, video.refused], [850, false]);
  video.apply({ type: 'error', error: { event_id: 'relay_picture_3' } });
  assert.equal(video.refused, true);
});

test('A browser that shares no screens says so.', () => {
  assert.deepEqual([makeVideo().video.hasScreens, new CallVideo({}).hasScreens], [true, false]);
  assert.equal(new CallVideo(undefined).hasScreens, false);
});
