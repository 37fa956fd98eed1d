import type { ReactNode } from 'react';
import { browserFamily } from '../rtc/browserFamily';
import type { DeviceKind, DeviceProblem as Kind } from '../rtc/devices';
import type { LocalMedia } from '../rtc/localMedia';
import controls from './controls.module.css';
import styles from './DeviceProblem.module.css';
import { PermissionPicture } from './PermissionPicture';
import { Problem } from './Problem';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

const family = (): ReturnType<typeof browserFamily> => browserFamily(navigator.userAgent, navigator.maxTouchPoints);

interface HintProps {
  readonly kind: DeviceKind;
  readonly problem: Kind;
}

function Words({ kind, problem }: HintProps) {
  const { title, texts } = useTexts().media.problem[kind];
  return <><strong>{title}.</strong> {problem === 'denied' ? texts.denied[family()] : texts[problem]}</>;
}

const again = (media: LocalMedia, kind: DeviceKind): void => {
  void (kind === 'microphone' ? media.setMic(true) : media.setCamera(true));
};

/** Before joining: why a device could not be had, what to do, and where to click. */
export function DeviceProblems({ media }: { readonly media: LocalMedia }) {
  const t = useTexts();
  const { problem } = useReadable(media);
  return (
    <>
      {(['camera', 'microphone'] as const).map((kind) => {
        const what = problem[kind];
        return what && (
          <Problem key={kind}>
            <div className={styles.problem}>
              <p><Words kind={kind} problem={what} /> {t.media.problem.without}</p>
              {what === 'denied' && <PermissionPicture browser={family()} />}
              <button type="button" className={controls.secondary} onClick={() => { again(media, kind); }}>{t.media.problem.retry}</button>
            </div>
          </Problem>
        );
      })}
    </>
  );
}

/** In the lesson: the same in a banner, and what has happened to a device meanwhile. */
export function DeviceBanners({ media }: { readonly media: LocalMedia }) {
  const t = useTexts();
  const { problem, interrupted, replaced, mic, camera } = useReadable(media);
  const forget = <button type="button" onClick={() => { media.forgetProblems(); }}>{t.close}</button>;
  const on = { microphone: mic, camera };
  return (
    <>
      {(['microphone', 'camera'] as const).map((kind) => {
        const what = problem[kind];
        return what && (
          <Banner key={kind} alert picture={what === 'denied' && <PermissionPicture browser={family()} />} words={<Words kind={kind} problem={what} />}>
            <button type="button" onClick={() => { again(media, kind); }}>{t.media.problem.retry}</button>
            {forget}
          </Banner>
        );
      })}
      {problem.screen && <Banner alert words={<><strong>{t.media.problem.screen.title}.</strong> {t.media.problem.screen.text}</>}>{forget}</Banner>}
      {(['microphone', 'camera'] as const).map((kind) => interrupted[kind] && on[kind] && (
        <Banner key={kind} words={t.media.interrupted[kind]}>
          <button type="button" onClick={() => { void media.resume(kind); }}>{t.media.interrupted.resume}</button>
        </Banner>
      ))}
      {replaced && (
        <Banner words={t.media.replaced[replaced.kind](replaced.label === '' ? t.media.replaced.default : replaced.label)}>
          <button type="button" onClick={() => { media.forgetReplaced(); }}>{t.close}</button>
        </Banner>
      )}
    </>
  );
}

interface BannerProps {
  /** Read out at once. */
  readonly alert?: boolean;
  readonly picture?: ReactNode;
  readonly words: ReactNode;
  readonly children: ReactNode;
}

function Banner({ alert = false, picture, words, children }: BannerProps) {
  return (
    <div role={alert ? 'alert' : 'status'} className={styles.banner} data-testid="device-banner">
      {picture}
      <p className={styles.words}>{words}</p>
      <div className={styles.actions}>{children}</div>
    </div>
  );
}
