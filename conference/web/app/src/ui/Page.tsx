import type { ReactNode } from 'react';
import { switchLanguage } from '../i18n/language';
import type { Directory } from '../state/directory';
import { classes } from './classes';
import controls from './controls.module.css';
import { Footer } from './Footer';
import { Logo } from './Logo';
import styles from './Page.module.css';
import { PageLink } from './PageLink';
import { paths } from './path';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

interface PageProps {
  readonly directory: Directory;
  readonly narrow?: boolean;
  readonly children: ReactNode;
}

/** The frame of every screen outside a room: whose site this is, the way home, the language. */
export function Page({ directory, narrow = false, children }: PageProps) {
  const t = useTexts();
  const { site } = useReadable(directory);
  const name = site === undefined || site === 'unreachable' ? t.product : site.name;
  return (
    <div className={styles.page}>
      <a className={styles.skip} href="#inhalt">{t.skip}</a>
      <header className={styles.header}>
        <PageLink className={styles.brand} to={paths.home}>
          <Logo />
          <span>
            <span className="hidden">{t.home}: </span>
            <strong>{name}</strong>
            <small>{t.subtitle}</small>
          </span>
        </PageLink>
        <button type="button" className={classes(controls.quiet, styles.language)} onClick={() => { void switchLanguage(); }} title={t.switchLanguage}>
          <span lang={t.switchTo === 'English' ? 'en' : 'de'}>{t.switchTo}</span>
        </button>
      </header>
      <main id="inhalt" tabIndex={-1} className={classes(styles.main, narrow && styles.narrow)}>{children}</main>
      <Footer />
    </div>
  );
}

/** A white card on the page. */
export function Card({ children, labelledBy }: { readonly children: ReactNode; readonly labelledBy?: string }) {
  return <section className={styles.card} aria-labelledby={labelledBy}>{children}</section>;
}
