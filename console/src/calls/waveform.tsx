// A recording: its two sides drawn as loudness over time, played in place.
import { Pause, Play } from "lucide-preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { address, part } from "../api/client";
import { clock, t } from "../words";

const BARS = 320;

export interface Mark {
  /** Seconds from the beginning of the file. */
  at: number;
  word: string;
}

/** Loudest sample of each of `BARS` stretches, for each channel: 0 to 1. */
async function peaks(id: string): Promise<{ sides: number[][]; seconds: number }> {
  const answer = await fetch(address(`/recordings/${part(id)}`), { credentials: "same-origin" });
  if (!answer.ok) throw new Error(String(answer.status));
  const context = new OfflineAudioContext(1, 1, 8000);
  const sound = await context.decodeAudioData(await answer.arrayBuffer());
  const sides = Array.from({ length: Math.min(2, sound.numberOfChannels) }, (_, channel) => {
    const samples = sound.getChannelData(channel);
    const stretch = Math.max(1, Math.floor(samples.length / BARS));
    return Array.from({ length: BARS }, (_, bar) => {
      let loudest = 0;
      for (let at = bar * stretch; at < Math.min((bar + 1) * stretch, samples.length); at += 4)
        loudest = Math.max(loudest, Math.abs(samples[at] ?? 0));
      return loudest;
    });
  });
  return { sides, seconds: sound.duration };
}

export function Waveform({ id, title, marks = [] }: { id: string; title: string; marks?: readonly Mark[] }) {
  const player = useRef<HTMLAudioElement>(null);
  const [drawn, setDrawn] = useState<{ sides: number[][]; seconds: number } | null>(null);
  const [gone, setGone] = useState(false);
  const [at, setAt] = useState(0);
  const [playing, setPlaying] = useState(false);
  useEffect(() => {
    let current = true;
    peaks(id).then(
      (found) => current && setDrawn(found),
      () => current && setGone(true),
    );
    return () => {
      current = false;
    };
  }, [id]);
  if (gone) return <p class="soft">{t("recording.gone")}</p>;
  const seconds = drawn?.seconds ?? 0;
  const share = seconds ? at / seconds : 0;
  const seek = (place: number) => {
    if (player.current && seconds) player.current.currentTime = Math.max(0, Math.min(1, place)) * seconds;
  };
  return (
    <div class="wave">
      <audio ref={player} preload="none" src={address(`/recordings/${part(id)}`)}
        onTimeUpdate={(event) => setAt(event.currentTarget.currentTime)}
        onPlay={() => setPlaying(true)} onPause={() => setPlaying(false)} />
      <button class="button icon" type="button" aria-label={t(playing ? "recording.pause" : "recording.play", { title })}
        onClick={() => (playing ? player.current?.pause() : void player.current?.play())}>
        {playing ? <Pause size={18} aria-hidden="true" /> : <Play size={18} aria-hidden="true" />}
      </button>
      <div class="grow">
        <svg viewBox={`0 0 ${BARS} 80`} preserveAspectRatio="none" role="slider" tabIndex={0} aria-label={t("recording.place", { title })}
          aria-valuemin={0} aria-valuemax={Math.round(seconds)} aria-valuenow={Math.round(at)} aria-valuetext={clock(at)}
          onClick={(event) => {
            const box = event.currentTarget.getBoundingClientRect();
            seek((event.clientX - box.left) / box.width);
          }}
          onKeyDown={(event) => {
            const step = { ArrowRight: 5, ArrowLeft: -5 }[event.key];
            if (step && seconds) seek((at + step) / seconds);
          }}>
          {drawn?.sides.map((side, channel) =>
            side.map((loudness, bar) => {
              const high = Math.max(1, Math.sqrt(loudness) * 36);
              return (
                <rect key={`${channel}-${bar}`} x={bar} width={0.7} y={channel ? 42 : 38 - high} height={high}
                  class={`side-${channel}${bar / BARS < share ? " heard" : ""}`} />
              );
            }),
          )}
          {marks.map((mark) => (
            <line key={mark.at} x1={(mark.at / (seconds || 1)) * BARS} x2={(mark.at / (seconds || 1)) * BARS} y1={0} y2={80} class="mark">
              <title>{mark.word}</title>
            </line>
          ))}
        </svg>
        <div class="row small soft number">
          <span class="grow">{clock(at)}</span>
          <span>{clock(seconds)}</span>
        </div>
      </div>
    </div>
  );
}
