/**
 * AudioWorklet processor of the speaker: PCM16 in by messages, sound out, and reports of what was played.
 *
 * Messages in: `{push: Int16Array, itemId, contentIndex}`, `{end: itemId}`, `{flush: id}`, `{stop: true}`.
 * Messages out: a report (see `Report` in `audio/speaker.js`) whenever an answer begins, playing stops, or
 * 50 ms have passed while playing; and `{flushed: id, cut: Position[]}` in answer to `flush`, whose silence
 * begins with the next block.
 */
import { SAMPLE_RATE } from '../audio/pcm.js';
import { PlaybackQueue } from '../audio/playback-queue.js';
import { Resampler } from '../audio/resampler.js';

const REPORT_INTERVAL_S = 0.05;

class PlaybackProcessor extends AudioWorkletProcessor {
  #running = true;
  #queue = new PlaybackQueue();
  #resampler = sampleRate === SAMPLE_RATE ? null : new Resampler(SAMPLE_RATE, sampleRate);
  #source = new Float32Array(2048);
  #nextReport = 0;
  #report = {
    itemId: '',
    contentIndex: 0,
    itemPlayedFrames: 0,
    started: 0,
    startedTime: 0,
    playing: false,
    receivedFrames: 0,
    playedFrames: 0,
    queuedFrames: 0,
    depthFrames: 0,
    underruns: 0,
    droppedFrames: 0,
  };

  constructor() {
    super();
    this.port.onmessage = ({ data }) => this.#receive(data);
  }

  /** @param {Float32Array[][]} _inputs @param {Float32Array[][]} outputs */
  process(_inputs, outputs) {
    if (outputs.length === 0 || outputs[0].length === 0) return this.#running;
    const channels = outputs[0];
    this.#render(channels[0]);
    for (let channel = 1; channel < channels.length; channel += 1) channels[channel].set(channels[0]);
    this.#reportIfDue();
    return this.#running;
  }

  /** @param {Float32Array} output */
  #render(output) {
    if (this.#resampler === null) {
      this.#queue.pull(output);
      return;
    }
    const frames = Math.min(this.#resampler.needed(output.length), this.#source.length);
    this.#queue.pull(this.#source, frames);
    this.#resampler.process(this.#source, frames, output);
  }

  #reportIfDue() {
    const began = this.#queue.started !== this.#report.started;
    const turned = this.#queue.playing !== this.#report.playing;
    const moved = (this.#queue.current?.itemId ?? '') !== this.#report.itemId;
    const due = this.#queue.playing && currentTime >= this.#nextReport;
    if (!began && !turned && !moved && !due) return;
    if (began) this.#report.startedTime = currentTime + this.#queue.startedOffset / SAMPLE_RATE;
    this.#fillReport();
    this.#nextReport = currentTime + REPORT_INTERVAL_S;
    this.port.postMessage(this.#report);
  }

  #fillReport() {
    const queue = this.#queue;
    const report = this.#report;
    const current = queue.current;
    report.itemId = current === null ? '' : current.itemId;
    report.contentIndex = current === null ? 0 : current.contentIndex;
    report.itemPlayedFrames = current === null ? 0 : current.playedFrames;
    report.started = queue.started;
    report.playing = queue.playing;
    report.receivedFrames = queue.receivedFrames;
    report.playedFrames = queue.playedFrames;
    report.queuedFrames = queue.queuedFrames;
    report.depthFrames = queue.depthFrames;
    report.underruns = queue.underruns;
    report.droppedFrames = queue.droppedFrames;
  }

  /** @param {any} message */
  #receive(message) {
    if (message.push) this.#queue.push(message.itemId, message.contentIndex, message.push);
    else if (message.end) this.#queue.end(message.end);
    else if (message.flush) this.port.postMessage({ flushed: message.flush, cut: this.#queue.flush() });
    else if (message.stop) this.#running = false;
  }
}

registerProcessor('realtime-playback', PlaybackProcessor);
