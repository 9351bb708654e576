// The bell: two soft tones, made here; no sound file is needed.
import { signal } from "@preact/signals";

export const volume = signal(Number(localStorage.getItem("bell") ?? "0.6"));
let context: AudioContext | null = null;
let bell: { stop: () => void } | null = null;

export function ring(): void {
  if (bell || volume.value <= 0) return;
  context ??= new AudioContext();
  const room = context;
  void room.resume();
  const strike = () => {
    [0, 0.16].forEach((delay, index) => {
      const tone = room.createOscillator();
      const loudness = room.createGain();
      const at = room.currentTime + delay;
      tone.frequency.value = index ? 784 : 988;
      loudness.gain.setValueAtTime(0.0001, at);
      loudness.gain.exponentialRampToValueAtTime(0.22 * volume.value, at + 0.02);
      loudness.gain.exponentialRampToValueAtTime(0.0001, at + 0.7);
      tone.connect(loudness).connect(room.destination);
      tone.start(at);
      tone.stop(at + 0.75);
    });
  };
  strike();
  const timer = setInterval(strike, 1800);
  bell = { stop: () => clearInterval(timer) };
}

export function quiet(): void {
  bell?.stop();
  bell = null;
}

export function setVolume(value: number): void {
  volume.value = value;
  localStorage.setItem("bell", String(value));
}
