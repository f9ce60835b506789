// What TypeScript learns of `<realtime-voice>` beside its class: its name in HTML, and what its events carry.
import type { RealtimeEvent } from './protocol/codecs.js';
import type { Opinion, RealtimeVoice } from './realtime-voice.js';
import type { Problem } from './session/connector.js';
import type { Phase } from './session/phase.js';

export * from './realtime-voice.js';
export type { Phase, Problem, RealtimeEvent };

export interface RealtimeVoiceEventMap extends HTMLElementEventMap {
  statechange: CustomEvent<Phase>;
  realtimeevent: CustomEvent<RealtimeEvent>;
  problem: CustomEvent<Problem>;
  feedback: CustomEvent<Opinion>;
}

declare module './realtime-voice.js' {
  interface RealtimeVoice {
    addEventListener<Type extends keyof RealtimeVoiceEventMap>(
      type: Type,
      listener: (this: RealtimeVoice, event: RealtimeVoiceEventMap[Type]) => unknown,
      options?: boolean | AddEventListenerOptions,
    ): void;
    addEventListener(
      type: string,
      listener: EventListenerOrEventListenerObject,
      options?: boolean | AddEventListenerOptions,
    ): void;
    removeEventListener<Type extends keyof RealtimeVoiceEventMap>(
      type: Type,
      listener: (this: RealtimeVoice, event: RealtimeVoiceEventMap[Type]) => unknown,
      options?: boolean | EventListenerOptions,
    ): void;
    removeEventListener(
      type: string,
      listener: EventListenerOrEventListenerObject,
      options?: boolean | EventListenerOptions,
    ): void;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'realtime-voice': RealtimeVoice;
  }
}
