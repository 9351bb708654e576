// An answer of the API as a component sees it: what was last told, and asking again.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { failed } from "../sayings";

export interface Answer<T> {
  value: T | null;
  /** It was refused; what was told before stays. */
  error: unknown;
  again: () => void;
}

/** Ask when `key` changes (null: nothing is asked); an answer that comes too late is dropped. */
export function useAnswer<T>(key: string | null, ask: () => Promise<T>, silent = false): Answer<T> {
  const [value, setValue] = useState<T | null>(null);
  const [error, setError] = useState<unknown>(null);
  const turn = useRef(0);
  const latest = useRef(ask);
  latest.current = ask;
  const again = useCallback(() => {
    const mine = ++turn.current;
    latest.current().then(
      (answer) => {
        if (mine !== turn.current) return;
        setValue(answer);
        setError(null);
      },
      (problem: unknown) => {
        if (mine !== turn.current) return;
        setError(problem);
        if (!silent) failed(problem);
      },
    );
  }, [silent]);
  useEffect(() => {
    setValue(null);
    setError(null);
    if (key !== null) again();
    return () => {
      turn.current++;
    };
  }, [key, again]);
  return { value, error, again };
}
