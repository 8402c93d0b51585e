/** What a program's BEL does: nothing, a flash of its pane, or a short sound. */

// One for a burst: `yes $'\a'` rings thousands of times a second.
const REST_MS = 250;
const TONE_HZ = 660;
const TONE_S = 0.12;
const LOUDNESS = 0.08;

export class Bell {
  #node;
  #preferences;
  #lastAt = -Infinity;

  /** `node` flashes: terminal.css says how. */
  constructor(node, preferences) {
    this.#node = node;
    this.#preferences = preferences;
  }

  ring() {
    const now = performance.now();
    if (now - this.#lastAt < REST_MS) return;
    this.#lastAt = now;
    const { bell } = this.#preferences.values;
    if (bell === "visual") this.#flash();
    else if (bell === "sound") sound();
  }

  #flash() {
    this.#node.classList.remove("is-ringing");
    void this.#node.offsetWidth;
    this.#node.classList.add("is-ringing");
  }
}

let audio = /** @type {AudioContext} */ (/** @type {unknown} */ (null));

function sound() {
  audio ??= new AudioContext();
  const tone = new OscillatorNode(audio, { frequency: TONE_HZ });
  const volume = new GainNode(audio, { gain: LOUDNESS });
  volume.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + TONE_S);
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + TONE_S);
}
