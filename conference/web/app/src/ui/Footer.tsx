import { language } from '../i18n/language';
import styles from './Footer.module.css';
import { PageLink } from './PageLink';
import { documents, paths } from './path';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

/** At the foot of every screen outside a lesson: help, what the law asks for, and how to reach somebody. */
export function Footer() {
  const t = useTexts();
  const query = useReadable(language) === 'de' ? '' : '?lang=en';
  const { footer } = t.pages;
  return (
    <footer className={styles.footer}>
      <nav aria-label={footer.label}>
        <ul className={styles.links}>
          <li><a href={`${documents.help}${query}`}>{footer.help}</a></li>
          <li><PageLink to={paths.networkTest}>{footer.networkTest}</PageLink></li>
          <li><a href={`${documents.contact}${query}`}>{footer.contact}</a></li>
          <li><a href={`${documents.privacy}${query}`}>{footer.privacy}</a></li>
          <li><a href={`${documents.terms}${query}`}>{footer.terms}</a></li>
          <li><a href={`${documents.imprint}${query}`}>{footer.imprint}</a></li>
          <li><a href={`${documents.accessibility}${query}`}>{footer.accessibility}</a></li>
        </ul>
      </nav>
    </footer>
  );
}
