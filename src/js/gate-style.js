// @ts-check
/** How the gate looks: the page's colour scheme and system colours, and what a theme may set. */

export const style = `
:host {
  display: contents !important;
  --accent: var(--stepup-accent, #1a56db);
  --surface: var(--stepup-surface, Canvas);
  --text: var(--stepup-text, CanvasText);
  --muted: var(--stepup-muted, color-mix(in srgb, var(--text) 72%, var(--surface)));
  --border: var(--stepup-border, color-mix(in srgb, var(--text) 20%, var(--surface)));
  --danger: var(--stepup-danger, color-mix(in srgb, #d92d20 78%, var(--text)));
  --radius: var(--stepup-radius, .75em);
}
/* What the page's rules for every element have set, down to the letter spacing, ends here. */
.own { all: initial; display: contents; color-scheme: inherit; }
dialog {
  box-sizing: border-box; width: min(25em, 100vw - 2em); max-width: none;
  max-height: calc(100dvh - 2em); padding: 1.5em; overflow: auto;
  border: 1px solid var(--border); border-radius: calc(var(--radius) * 1.4);
  background: var(--surface); color: var(--text);
  font: max(1rem, 16px)/1.5 var(--stepup-font, system-ui, sans-serif);
  box-shadow: 0 .25em .75em rgb(0 0 0 / .1), 0 1.25em 3em rgb(0 0 0 / .22);
}
dialog[open] { animation: come .16s ease-out; }
dialog::backdrop { background: var(--stepup-backdrop, rgb(0 0 0 / .45)); }
@keyframes come { from { opacity: 0; transform: translateY(.5em); } }
h2 { margin: 0 0 .5em; font-size: 1.1875em; font-weight: 600; line-height: 1.35; outline: 0; }
p { margin: 0; overflow-wrap: anywhere; }
[hidden] { display: none !important; }
.reason { margin-block-end: 1em; white-space: pre-line; }
.origin {
  display: grid; padding: .625em .875em; line-height: 1.4;
  border: 1px solid var(--border); border-radius: var(--radius);
}
.label { color: var(--muted); font-size: .8125em; }
bdi { justify-self: start; font-size: .9375em; }
.message {
  display: flex; gap: .625em; align-items: baseline;
  color: var(--muted); font-size: .9375em; margin-block-start: .875em;
}
.message:empty { margin: 0; }
.mark { flex: none; inline-size: 1em; block-size: 1em; align-self: start; margin-block-start: .25em; }
.spinner {
  box-sizing: border-box; border: .15em solid var(--border); border-block-start-color: var(--accent);
  border-radius: 50%; animation: turn .9s linear infinite;
}
@keyframes turn { to { transform: rotate(1turn); } }
.failed .message { color: var(--danger); }
.alert {
  display: grid; place-items: center; border-radius: 50%; background: var(--danger);
  color: var(--surface); font-size: .8125em; font-weight: 700; line-height: 1;
  inline-size: 1.375em; block-size: 1.375em;
}
.alert::before { content: "!"; }
.choices { display: flex; gap: .5em; margin-block-start: 1.25em; }
.choices.many { flex-direction: column; }
.choices.many button { flex: none; }
button {
  flex: 1 1 0; box-sizing: border-box; min-height: 2.75em; padding: .5em 1em; margin: 0;
  border: 1px solid color-mix(in srgb, var(--text) 55%, var(--surface)); border-radius: var(--radius);
  background: transparent; color: inherit; font: inherit; font-weight: 500; line-height: 1.25;
  cursor: pointer;
}
button:hover { background: color-mix(in srgb, var(--text) 7%, transparent); }
button:active { background: color-mix(in srgb, var(--text) 12%, transparent); }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--stepup-on-accent, #fff); }
button.primary:hover { background: color-mix(in srgb, var(--accent) 90%, #000); }
button:focus-visible { outline: 3px solid color-mix(in srgb, var(--accent) 70%, var(--text)); outline-offset: 2px; }
@media (max-width: 30em) {
  .choices { flex-direction: column; }
  .choices button { flex: none; }
}
@media (prefers-reduced-motion: reduce) {
  dialog[open], .spinner { animation: none; }
}
@media (prefers-contrast: more) {
  :host { --muted: var(--text); --border: var(--text); }
  button { border-color: var(--text); border-width: 2px; }
}
@media (forced-colors: active) {
  button.primary { border: 3px solid ButtonText; }
  .spinner { forced-color-adjust: none; border-color: GrayText; border-block-start-color: CanvasText; }
}
`;
