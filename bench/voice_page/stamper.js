/**
 * On the audio thread: says when sound begins and ends, with the wall clock's milliseconds, and hands over all
 * samples while it is told to record. Sound begins above the threshold after 100 ms of silence; it has ended when
 * a whole block is below.
 */
const QUIET_S = 0.1;

class Stamper extends AudioWorkletProcessor {
  #threshold;
  #recording = false;
  #sounding = false;
  #quietSince = 0;

  constructor({ processorOptions: { threshold } }) {
    super();
    this.#threshold = threshold;
    this.port.onmessage = ({ data }) => (this.#recording = data.record);
  }

  process([[samples]]) {
    if (samples === undefined) return true;
    if (this.#recording) this.port.postMessage({ samples: samples.slice() });
    const loud = samples.some((sample) => Math.abs(sample) > this.#threshold);
    const rested = currentTime - this.#quietSince >= QUIET_S;
    if (loud && !this.#sounding && rested) this.port.postMessage({ began: Date.now() });
    if (!loud && this.#sounding) this.port.postMessage({ ended: Date.now() });
    if (!loud && this.#sounding) this.#quietSince = currentTime;
    this.#sounding = loud;
    return true;
  }
}

registerProcessor('bench-stamper', Stamper);
