/** The style of `<realtime-voice>`: constructed, so that no policy of the page it stands in forbids it. */
import { TRANSCRIPT_STYLE } from './element-transcript-style.js';

/**
 * Custom properties that a page may set on the element: `--realtime-voice-ground`, `-ink`, `-ink-soft`, `-line`,
 * `-you`, `-you-soft`, `-model`, `-on-model`, `-bad`, `-radius`.
 */
const STYLE = `
:host {
  --ground: var(--realtime-voice-ground, #fff);
  --ink: var(--realtime-voice-ink, #1d1b18);
  --ink-soft: var(--realtime-voice-ink-soft, #625b51);
  --line: var(--realtime-voice-line, #ddd6cb);
  --you: var(--realtime-voice-you, #0b6e66);
  --you-soft: var(--realtime-voice-you-soft, #dcece8);
  --model: var(--realtime-voice-model, #4f46c8);
  --on-model: var(--realtime-voice-on-model, #fff);
  --bad: var(--realtime-voice-bad, #b3261e);

  display: block;
  box-sizing: border-box;
  max-width: 32rem;
  padding: 16px;
  border: 1px solid var(--line);
  border-radius: var(--realtime-voice-radius, 20px);
  background: var(--ground);
  color: var(--ink);
  font:
    16px/1.5 system-ui,
    -apple-system,
    "Segoe UI",
    Roboto,
    "Noto Sans",
    sans-serif;
}

:host([placement]) {
  position: fixed;
  z-index: 2147483000;
  inset: auto 16px 16px auto;
  width: min(24rem, calc(100vw - 32px));
  max-height: calc(100dvh - 32px);
  overflow-y: auto;
  box-shadow: 0 12px 40px rgb(0 0 0 / 0.22);
}

:host([placement~="bottom-left"]) {
  inset: auto auto 16px 16px;
}

:host([placement~="top-right"]) {
  inset: 16px 16px auto auto;
}

:host([placement~="top-left"]) {
  inset: 16px auto auto 16px;
}

:host([placement]:not([open])) {
  width: auto;
  padding: 0;
  border: 0;
  border-radius: 999px;
  background: none;
}

@media (prefers-color-scheme: dark) {
  :host {
    --ground: var(--realtime-voice-ground, #1e1c1a);
    --ink: var(--realtime-voice-ink, #f2efe9);
    --ink-soft: var(--realtime-voice-ink-soft, #b5ada2);
    --line: var(--realtime-voice-line, #37332e);
    --you: var(--realtime-voice-you, #63d2c3);
    --you-soft: var(--realtime-voice-you-soft, #14332f);
    --model: var(--realtime-voice-model, #aaa3ff);
    --on-model: var(--realtime-voice-on-model, #141311);
    --bad: var(--realtime-voice-bad, #ff9a8d);
  }
}

:host([hidden]),
[hidden] {
  display: none !important;
}

* {
  box-sizing: border-box;
}

p {
  margin: 0;
}

.waves {
  position: relative;
  display: grid;
  place-items: center;
  height: 88px;
}

canvas {
  position: absolute;
  inset: 0;
  width: 100%;
  height: 100%;
  color: var(--ink-soft);
}

.panel {
  display: grid;
  grid-template-columns: minmax(0, 1fr);
  gap: 10px;
}

.head {
  display: flex;
  align-items: center;
  gap: 10px;
  font-weight: 650;
}

.head:not(:has(.close:not([hidden]))) {
  display: contents;
}

.close {
  margin-inline-start: auto;
}

button {
  min-width: 44px;
  min-height: 44px;
  padding: 0 14px;
  border: 1px solid var(--line);
  border-radius: 999px;
  background: transparent;
  color: var(--ink);
  font: inherit;
  font-weight: 600;
  cursor: pointer;
}

button:disabled {
  color: var(--ink-soft);
  cursor: default;
}

button[aria-pressed="true"] {
  border-color: var(--you);
  background: var(--you-soft);
}

.start,
.launcher {
  border: 2px solid transparent; /* seen where colours are forced */
  background: var(--model);
  color: var(--on-model);
  font-weight: 650;
}

.start {
  position: relative;
  min-width: 80px;
  height: 80px;
  padding: 0 8px;
  border-radius: 50%;
}

.start:disabled {
  background: var(--line);
  color: var(--ink);
}

.launcher {
  min-height: 56px;
  padding: 0 22px;
  box-shadow: 0 6px 24px rgb(0 0 0 / 0.22);
}

:host(:not([data-state="idle"], [data-state="error"])) .start {
  background: var(--ink);
  color: var(--ground);
}

:host(:not([data-state="idle"], [data-state="error"])) .launcher::before {
  content: "● ";
}

.controls {
  display: flex;
  flex-wrap: wrap;
  justify-content: center;
  gap: 8px;
}

input[type="range"] {
  flex: 1;
  min-width: 100px;
  height: 44px;
  accent-color: var(--model);
}

.write {
  display: flex;
  gap: 8px;
}

.write input {
  flex: 1;
  min-width: 0;
  min-height: 44px;
  padding: 0 14px;
  border: 1px solid var(--ink-soft);
  border-radius: 999px;
  background: var(--ground);
  color: var(--ink);
  font: inherit;
}

.write input::placeholder {
  color: var(--ink-soft);
  opacity: 1;
}

.consent {
  min-height: 44px;
  padding: 10px 12px;
  font-size: 0.875rem;
}

.consent input {
  width: 20px;
  height: 20px;
  margin: 0 8px 0 0;
  vertical-align: -4px;
  accent-color: var(--model);
}

.consent a {
  color: var(--model);
}

:focus-visible {
  outline: 3px solid var(--model);
  outline-offset: 3px;
}

.line {
  display: flex;
  justify-content: center;
  gap: 8px;
  font-weight: 600;
}

[part="clock"] {
  font-weight: 400;
  font-variant-numeric: tabular-nums;
  color: var(--ink-soft);
}

[part="problem"] {
  color: var(--bad);
  overflow-wrap: anywhere;
}
`;

/** A style sheet to adopt. */
export function makeElementStyle() {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE + TRANSCRIPT_STYLE);
  return sheet;
}
