import { useState } from 'react';
import type { RoomInfo } from '../signaling/messages';
import { titleOf } from '../state/room';
import type { Session } from '../state/session';
import { ChangeCode } from './ChangeCode';
import controls from './controls.module.css';
import { CopyButton } from './CopyButton';
import { Icon } from './Icon';
import styles from './InvitePanel.module.css';
import { Panel } from './Panel';
import { pathOfRoom } from './path';
import { Projection } from './Projection';
import { QrCode } from './QrCode';
import room from './Room.module.css';
import { spacedCode } from './spacedCode';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

/** Link and code to pass on, to show and to print; for organisers. */
export function InvitePanel({ session, onClose }: { readonly session: Session; readonly onClose: () => void }) {
  const t = useTexts();
  const words = t.moderation.invite;
  const info = useReadable(session).room;
  const [projecting, setProjecting] = useState(false);
  if (!info) return null;
  const link = linkOf(info);
  return (
    <>
      <Panel title={t.invite.title} onClose={onClose}>
        <div className={room.panelBody} tabIndex={0} role="region" aria-label={t.invite.title}>
          <p className={controls.hint}>{t.invite.hint}</p>
          <Invitation info={info} />
          <div className={styles.single}>
            <CopyButton text={link} label={words.copyLink} />
            {(info.code ?? '') !== '' && <CopyButton text={spacedCode(info.code ?? '')} label={words.copyCode} />}
          </div>
          <div className={styles.qr}><QrCode text={link} label={words.qr(titleOf(info))} /></div>
          <div className={styles.single}>
            <button type="button" className={controls.secondary} onClick={() => { setProjecting(true); }}><Icon name="screen" size={20} />{words.project}</button>
          </div>
          <ChangeCode session={session} required={info.codeRequired} />
        </div>
      </Panel>
      {projecting && <Projection info={info} link={link} onClose={() => { setProjecting(false); }} />}
    </>
  );
}

const linkOf = (info: RoomInfo): string => `${window.location.origin}${pathOfRoom(info.name)}`;

/** The invitation itself, and the button that copies it as one text. */
export function Invitation({ info }: { readonly info: RoomInfo }) {
  const t = useTexts();
  const link = linkOf(info);
  const code = info.code ?? '';
  const title = titleOf(info);
  const text = code === '' ? t.invite.textWithoutCode(title, link) : t.invite.text(title, link, spacedCode(code));
  return (
    <>
      <dl className={styles.facts}>
        <div><dt>{t.invite.link}</dt><dd className={styles.link}>{link}</dd></div>
        <div><dt>{t.invite.code}</dt><dd className={styles.code} data-testid="room-code" aria-live="polite">{code === '' ? t.invite.noCode : spacedCode(code)}</dd></div>
      </dl>
      <CopyButton text={text} label={t.moderation.invite.all} className={controls.primary} />
    </>
  );
}
