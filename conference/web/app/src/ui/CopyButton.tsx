import { useState } from 'react';
import controls from './controls.module.css';
import { Icon } from './Icon';
import { Problem } from './Problem';
import { useTexts } from './useTexts';

interface CopyButtonProps {
  readonly text: string;
  readonly label: string;
  /** The button's full name where several buttons say the same; it must begin with `label`'s words. */
  readonly fullLabel?: string;
  readonly className?: string | undefined;
}

/** Copies a text and says so. */
export function CopyButton({ text, label, fullLabel, className = controls.secondary }: CopyButtonProps) {
  const t = useTexts();
  const [copied, setCopied] = useState<{ readonly text: string; readonly well: boolean }>();
  // What was copied before the text changed is not what would be copied now.
  const current = copied?.text === text ? copied : undefined;
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied({ text, well: true });
    } catch {
      setCopied({ text, well: false });
    }
  };
  const { copied: done, copyFailed } = t.pages.myRooms;
  return (
    <>
      <button type="button" className={className} aria-label={current?.well ? undefined : fullLabel} onClick={() => { void copy(); }}>
        {current?.well && <Icon name="check" size={20} />}{current?.well ? done : label}
      </button>
      <span role="status" className="hidden">{current?.well ? done : ''}</span>
      {current?.well === false && <Problem>{copyFailed}</Problem>}
    </>
  );
}
