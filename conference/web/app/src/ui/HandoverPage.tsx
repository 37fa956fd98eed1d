import { useEffect, useState } from 'react';
import { readHandover, redeemHandover } from '../signaling/handover';
import { isRoomName } from '../signaling/roomName';
import type { Directory } from '../state/directory';
import controls from './controls.module.css';
import styles from './Handover.module.css';
import { Card, Page } from './Page';
import { pathOfRoom, replacePath } from './path';
import { Problem } from './Problem';
import { useTexts } from './useTexts';
import { useTitle } from './useTitle';

function linkOfAddress(): ReturnType<typeof readHandover> {
  const link = readHandover(window.location.hash);
  return link && isRoomName(link.room) ? link : undefined;
}

/**
 * The other device: logs in with the token of the link and goes on to the room. It asks first, because programs that only look at a link
 * would use the token up, and because nobody shall be logged in by a link that somebody else made.
 */
export default function HandoverPage({ directory }: { readonly directory: Directory }) {
  const t = useTexts();
  const texts = t.pages.handover;
  const [link] = useState(linkOfAddress);
  const [state, setState] = useState<'asking' | 'going' | 'expired' | 'unreachable'>('asking');
  useTitle(texts.title);
  // Room and token stay neither in the history nor on the screen.
  useEffect(() => { window.history.replaceState(null, '', window.location.pathname); }, []);
  const go = async (): Promise<void> => {
    if (!link || state === 'going') return;
    setState('going');
    const result = await redeemHandover(link.token);
    if (result !== 'ok') {
      setState(result);
      return;
    }
    await directory.load();
    replacePath(pathOfRoom(link.room));
  };
  return (
    <Page directory={directory} narrow>
      <Card labelledBy="titel">
        <h1 id="titel">{texts.title}</h1>
        <div className={styles.body}>
          {!link && <Problem>{texts.broken}</Problem>}
          {link && state === 'expired' && <Problem>{texts.expired}</Problem>}
          {link && state !== 'expired' && (
            <>
              <p>{texts.text(link.room)}</p>
              <p className={controls.hint}>{texts.hint}</p>
              {state === 'unreachable' && <Problem>{texts.unreachable}</Problem>}
              <button type="button" className={controls.primary} aria-disabled={state === 'going'} onClick={() => { void go(); }}>
                {state === 'going' ? texts.going : texts.go}
              </button>
            </>
          )}
        </div>
      </Card>
    </Page>
  );
}
