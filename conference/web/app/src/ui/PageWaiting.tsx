import type { Directory } from '../state/directory';
import controls from './controls.module.css';
import { Card, Page } from './Page';
import { Problem } from './Problem';
import { useTexts } from './useTexts';
import { useTitle } from './useTitle';

/** Stands in for a page that is being loaded. */
export function PageWaiting({ directory }: { readonly directory: Directory }) {
  const t = useTexts();
  return <Page directory={directory}><p role="status">{t.pages.loading}</p></Page>;
}

/** A page that could not be loaded. */
export function PageMissing({ directory }: { readonly directory: Directory }) {
  const t = useTexts();
  useTitle(t.pages.reload);
  return (
    <Page directory={directory} narrow>
      <Card labelledBy="titel">
        <h1 id="titel">{t.pages.reload}</h1>
        <br />
        <Problem>{t.pages.partMissing}</Problem>
        <br />
        <button type="button" className={controls.primary} onClick={() => { window.location.reload(); }}>{t.pages.reload}</button>
      </Card>
    </Page>
  );
}
