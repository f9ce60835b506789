/** How the transcript of `<realtime-voice>` looks: turns, who said them, what was not heard, and what is thought of them. */

export const TRANSCRIPT_STYLE = `
.log {
  display: grid;
  gap: 12px;
  max-height: 20rem;
  overflow-y: auto;
}

.turn {
  display: grid;
  justify-items: start;
}

.turn[data-role="user"] {
  justify-items: end;
}

.turn[data-role="notice"] {
  justify-items: center;
  font-size: 0.8125rem;
  color: var(--ink-soft);
}

.turn-who {
  font-size: 0.75rem;
  font-weight: 650;
  color: var(--model);
}

.turn[data-role="user"] .turn-who {
  color: var(--you);
}

.turn-text {
  max-width: 100%;
  white-space: pre-wrap;
  overflow-wrap: anywhere;
}

.turn[data-role="user"] .turn-text {
  padding: 6px 12px;
  border-radius: 14px 14px 4px 14px;
  background: var(--you-soft);
}

.turn-unheard,
.turn-problem,
.turn-cost {
  display: none;
}

.turn-foot {
  display: flex;
  gap: 4px;
}

.turn-opinion {
  min-width: 44px;
  padding: 0;
  border-color: transparent;
  color: var(--ink-soft);
}

.turn-opinion svg {
  width: 20px;
  height: 20px;
  fill: none;
  stroke: currentColor;
  stroke-width: 1.8;
  stroke-linejoin: round;
  vertical-align: middle;
}

.turn-opinion[aria-pressed="true"] svg {
  fill: var(--you-soft);
  stroke: var(--you);
}

.turn-mark {
  color: var(--ink-soft);
}

.turn[data-cut] .turn-unheard {
  text-decoration: line-through;
}

.turn-mark {
  margin-inline: 6px;
  font-size: 0.75rem;
}

.turn-images img {
  max-width: 100%;
  max-height: 10rem;
  border-radius: 10px;
}
`;
