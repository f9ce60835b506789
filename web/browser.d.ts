// What browsers have and TypeScript's DOM library does not: the audio thread's globals, and newer methods.

interface AudioWorkletProcessor {
  readonly port: MessagePort;
}

declare var AudioWorkletProcessor: {
  prototype: AudioWorkletProcessor;
  new (): AudioWorkletProcessor;
};

declare function registerProcessor(
  name: string,
  processor: new (options: AudioWorkletNodeOptions) => AudioWorkletProcessor,
): void;

/** The rate of the audio thread, in frames per second. */
declare const sampleRate: number;

/** The context time of the block being rendered, in seconds. */
declare const currentTime: number;

interface AudioContext {
  /** Chromium only. */
  setSinkId?(sinkId: string): Promise<void>;
}

interface MediaTrackSettings {
  /** Seconds from the air to the page, where the browser tells. */
  latency?: number;
}
